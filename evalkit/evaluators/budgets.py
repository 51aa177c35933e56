"""Budgets: ceilings on time, tokens, money and steps, of a run or of its steps by kind and name.

All are truth values; what was not recorded does not apply, it is not zero. A budget without a limit
does not apply either. Failed runs are judged by what they used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.model.usage import Usage
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, make_step, tool

SLOW = make_run(latency=12.0, tokens=(900, 200), cost=0.02, first_token=2.0)
ASKED = make_run(steps=[make_step("gpt-x", "llm", usage=Usage(total_tokens=40, total_cost=0.01))])
BUSY = make_run(steps=[tool("search"), tool("search"), make_step("gpt", "llm", latency=3.0)])


def within(used: float | None, limit: float | None, unit: str) -> Score:
    """Say whether `used` keeps to `limit`; the comment says how much was used."""
    if limit is None:
        return Score(comment="no limit is set in the option 'limit'")
    if used is None:
        return Score(comment="not recorded")
    return Score(score=used <= limit, comment=f"{used:.6g} of {limit:g} {unit}")


def outermost(run: Run, kind: str | None, name: str | None) -> list[Step]:
    """Return the steps of a kind and a name (a glob), without those inside another of them."""
    found = [s for s in run.find(kind=kind) if name is None or fnmatchcase(s.name, name)]
    ids = {step.step_id for step in found}
    return [step for step in found if not any(each.step_id in ids for each in step.ancestors)]


def total(steps: Sequence[Step], value: Callable[[Step], float | None]) -> float | None:
    """Return the sum over steps, or `None` when there are none or one did not record it."""
    values = [value(step) for step in steps]
    known = [each for each in values if each is not None]
    return sum(known) if known and len(known) == len(values) else None


@evaluator(
    version="1",
    cases=[
        case(run=SLOW, options={"limit": 15}, expect=True),
        case(run=SLOW, options={"limit": 10}, expect=False),
        case(run=BUSY, options={"limit": 2.5, "kind": "llm"}, expect=False),
        case(run=BUSY, options={"limit": 1, "kind": "retriever"}, expect=None),
        case(run=make_run(latency=None), options={"limit": 10}, expect=None),
        case(run=SLOW, expect=None),
    ],
)
def latency_budget(
    run: Run, *, limit: float | None = None, kind: str | None = None, name: str | None = None
) -> Score:
    """The run took at most `limit` seconds from start to end; or its steps of a kind and name did.

    Of steps the times are added up. True or False, higher is better.
    """
    if kind or name:
        used = total(outermost(run, kind, name), lambda step: step.latency)
        return within(used, limit, f"s in {name or kind} steps")
    return within(run.latency, limit, "s")


@evaluator(
    version="1",
    cases=[
        case(run=SLOW, options={"limit": 1.5}, expect=False),
        case(run=make_run(), options={"limit": 1}, expect=None),
    ],
)
def first_token_budget(run: Run, *, limit: float | None = None) -> Score:
    """The first token came within `limit` seconds. True or False, higher is better."""
    return within(run.time_to_first_token, limit, "s to the first token")


@evaluator(
    version="1",
    cases=[
        case(run=SLOW, options={"limit": 1100}, expect=True),
        case(run=SLOW, options={"limit": 100, "which": "output"}, expect=False),
        case(run=ASKED, options={"limit": 50, "name": "gpt*"}, expect=True),
        case(run=ASKED, options={"limit": 10, "kind": "llm"}, expect=False),
        case(run=make_run(), options={"limit": 1}, expect=None),
    ],
)
def token_budget(
    run: Run,
    *,
    limit: float | None = None,
    which: str = "total",
    kind: str | None = None,
    name: str | None = None,
) -> Score:
    """At most `limit` tokens, in all or in the steps of a kind and name.

    `which` is total, input, output, cache_read or reasoning. True or False, higher is better.
    """
    fields = [field for field in Usage.__dataclass_fields__ if field.endswith("_tokens")]
    if f"{which}_tokens" not in fields:
        raise ValueError(f"unknown tokens {which!r}. Known: {', '.join(f[:-7] for f in fields)}")
    used = _used(run, f"{which}_tokens", kind, name)
    return within(used, limit, f"{which} tokens")


def _used(run: Run, field: str, kind: str | None, name: str | None) -> float | None:
    if kind or name:
        return total(outermost(run, kind, name), lambda step: getattr(step.usage, field, None))
    used: float | None = getattr(run.usage, field, None)
    return used


@evaluator(
    version="1",
    cases=[
        case(run=SLOW, options={"limit": 0.01}, expect=False),
        case(run=SLOW, options={"limit": 0.05}, expect=True),
        case(run=ASKED, options={"limit": 0.005, "kind": "llm"}, expect=False),
        case(run=make_run(), options={"limit": 1}, expect=None),
    ],
)
def cost_budget(
    run: Run, *, limit: float | None = None, kind: str | None = None, name: str | None = None
) -> Score:
    """The run, or its steps of a kind and name, cost at most `limit` in the source's currency.

    True or False, higher is better.
    """
    return within(_used(run, "total_cost", kind, name), limit, "of the currency")


@evaluator(
    version="1",
    cases=[
        case(run=BUSY, options={"limit": 3}, expect=True),
        case(run=BUSY, options={"limit": 1, "kind": "tool"}, expect=False),
        case(run=BUSY, options={"limit": 1, "name": "g*"}, expect=True),
        case(run=make_run(steps_recorded=False), options={"limit": 1}, expect=None),
    ],
)
def step_budget(
    run: Run, *, limit: int | None = None, kind: str | None = None, name: str | None = None
) -> Score:
    """At most `limit` steps, all or those of a `kind` (llm, tool, ...) and a `name` (a glob).

    True or False, higher is better; a source that records no steps does not apply.
    """
    steps = [step for step in run.find(kind=kind) if name is None or fnmatchcase(step.name, name)]
    used = len(steps) if run.steps_recorded else None
    return within(used, limit, f"{name or kind or ''} steps".strip())


@evaluator(
    version="1",
    cases=[
        case(run=BUSY, step=BUSY.steps[2], options={"limit": 2, "kind": "llm"}, expect=False),
        case(run=BUSY, step=BUSY.steps[0], options={"limit": 2, "kind": "llm"}, expect=None),
        case(run=BUSY, step=BUSY.steps[0], options={"limit": 2}, expect=True),
    ],
)
def step_latency_budget(
    step: Step, *, limit: float | None = None, kind: str | None = None, name: str | None = None
) -> Score | None:
    """Each step (of a `kind` and a `name`) took at most `limit` seconds: one score a step.

    True or False, higher is better; other steps do not apply.
    """
    if (kind and step.kind != kind) or (name and not fnmatchcase(step.name, name)):
        return None
    return within(step.latency, limit, "s")
