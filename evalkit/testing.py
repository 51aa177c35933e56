"""Builders for people who test evaluators: a run, a step, an example, an experiment in one line.

```python
run = make_run(
    outputs={"answer": "Paris"},
    steps=[tool("search", {"q": "capital of France"}, "Paris"), retrieval("Paris is ...")],
)
assert polite(outputs=run.outputs) is True
```

Everything has a default, ids and times are the same on every call with the same arguments, and what
is made is the same `Run` that evaluators are given when they score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import STEP_FIELDS, Step
from evalkit.model.usage import Usage

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP_SECONDS = 0.1


def make_run(
    *,
    run_id: str = "run-1",
    inputs: Any = None,
    outputs: Any = None,
    error: str | None = None,
    steps: Iterable[Step] = (),
    messages: Sequence[Mapping[str, Any]] | None = None,
    latency: float | None = 1.0,
    first_token: float | None = None,
    tokens: tuple[int, int] | None = None,
    cost: float | None = None,
    **fields: Any,
) -> Run:
    """Make a run that succeeded, or that failed when there is an `error`.

    `messages` are put into the outputs under that name. `latency` and `first_token` are seconds
    from the start, `tokens` is (input, output). Any other field of `Run` may be given by its name.
    """
    if messages is not None:
        outputs = {**(outputs or {}), "messages": list(messages)}
    fields.setdefault("status", "error" if error else "success")
    fields.setdefault("started_at", START if latency is not None else None)
    fields.setdefault("created_at", START)
    fields.setdefault("usage", _usage(tokens, cost))
    if latency is not None:
        fields.setdefault("ended_at", START + timedelta(seconds=latency))
    if first_token is not None:
        fields.setdefault("first_token_at", START + timedelta(seconds=first_token))
    return Run(
        run_id=run_id, inputs=inputs, outputs=outputs, error=error, steps=_numbered(steps), **fields
    )


def _usage(tokens: tuple[int, int] | None, cost: float | None) -> Usage | None:
    if tokens is None and cost is None:
        return None
    given, taken = tokens or (None, None)
    total = None if given is None or taken is None else given + taken
    return Usage(input_tokens=given, output_tokens=taken, total_tokens=total, total_cost=cost)


def _numbered(steps: Iterable[Step]) -> list[Step]:
    """Give steps without an id `step-1`, `step-2` ... and those without times their turn."""
    numbered = []
    for position, step in enumerate(steps):
        values = {name: getattr(step, name) for name in STEP_FIELDS}
        values["step_id"] = step.step_id or f"step-{position + 1}"
        if step.started_at is None and step.duration_s is None:
            values["started_at"] = START + timedelta(seconds=STEP_SECONDS * position)
            values["ended_at"] = values["started_at"] + timedelta(seconds=STEP_SECONDS)
        numbered.append(Step(**values))
    return numbered


def make_step(
    name: str,
    kind: str = "tool",
    *,
    inputs: Any = None,
    outputs: Any = None,
    error: str | None = None,
    latency: float | None = None,
    inside: str | None = None,
    **fields: Any,
) -> Step:
    """Make a step of any kind; `inside` is the id of the step around it, `latency` its seconds.

    Without `step_id` it gets its number in the run it is put into.
    """
    fields.setdefault("step_id", "")
    fields.setdefault("parent_id", inside)
    fields.setdefault("duration_s", latency)
    return Step(name=name, kind=kind, inputs=inputs, outputs=outputs, error=error, **fields)


def tool(
    name: str,
    arguments: Mapping[str, Any] | None = None,
    result: Any = None,
    *,
    error: str | None = None,
    **fields: Any,
) -> Step:
    """Make the step of one tool call."""
    return make_step(
        name, "tool", inputs=dict(arguments or {}), outputs=result, error=error, **fields
    )


def retrieval(*documents: Any, query: str = "", name: str = "retrieve", **fields: Any) -> Step:
    """Make a retriever step; a document is a text or a table with `id` and `page_content`."""
    found = [{"page_content": d} if isinstance(d, str) else d for d in documents]
    return make_step(
        name, "retriever", inputs={"query": query}, outputs={"documents": found}, **fields
    )


def node(name: str, **fields: Any) -> Step:
    """Make the visit of a graph's node."""
    return make_step(name, "node", **fields)


def make_example(
    reference_outputs: Any = None,
    *,
    example_id: str = "example-1",
    inputs: Any = None,
    **fields: Any,
) -> Example:
    """Make a dataset row."""
    return Example(
        example_id=example_id, inputs=inputs, reference_outputs=reference_outputs, **fields
    )


@dataclass(frozen=True, slots=True)
class MadeExperiment:
    """Parallel lists, as an evaluator of the scope `experiment` is given them."""

    runs: list[Run]
    examples: list[Example]

    @property
    def outputs(self) -> list[Any]:
        """The outputs of the runs."""
        return [run.outputs for run in self.runs]

    @property
    def inputs(self) -> list[Any]:
        """The inputs of the examples."""
        return [example.inputs for example in self.examples]

    @property
    def reference_outputs(self) -> list[Any]:
        """The reference outputs of the examples."""
        return [example.reference_outputs for example in self.examples]


def make_experiment(
    rows: Iterable[tuple[Any, Any]], *, repetitions: int = 1, inputs: Any = None
) -> MadeExperiment:
    """Make an experiment from (outputs, reference outputs), each row run `repetitions` times."""
    runs, examples = [], []
    for row, (outputs, reference) in enumerate(rows, start=1):
        example = make_example(reference, example_id=f"example-{row}", inputs=inputs)
        for repetition in range(repetitions):
            runs.append(
                make_run(
                    run_id=f"run-{row}-{repetition + 1}",
                    example_id=example.example_id,
                    repetition=repetition,
                    inputs=inputs,
                    outputs=outputs,
                )
            )
            examples.append(example)
    return MadeExperiment(runs, examples)
