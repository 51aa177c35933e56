"""No evaluator sees what another one did: whatever is changed in place stays with its call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.model.example import Example
from evalkit.model.experiment import Experiment
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.pipeline.memory import score_runs
from evalkit.scoring import engine
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator, evaluator
from evalkit.scoring.definition.proving import run_cases
from evalkit.scoring.side_by_side import judge_all
from evalkit.store.rescoring import open_scoring
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer

HEALTHY = {HealthCheck.too_slow, HealthCheck.function_scoped_fixture}


def run_of(number: int) -> Run:
    said = {"role": "assistant", "content": f"gate {number}"}
    steps = [
        Step(
            step_id=f"s{number}-{place}",
            kind=kind,
            name=kind,
            inputs={"q": ["lamp"]},
            outputs={"documents": [{"id": "d1", "page_content": "lamp"}]},
            metadata={"tags": ["warm"]},
        )
        for place, kind in enumerate(("tool", "retriever"))
    ]
    return Run(
        run_id=f"r{number}",
        example_id=f"e{number // 2}",
        repetition=number % 2,
        inputs={"words": ["asked", "twice"]},
        outputs={"answer": {"colours": ["red", "blue"]}, "messages": [said]},
        metadata={"where": ["hall"]},
        attachments={"plan": {"url": "http://127.0.0.1/plan"}},
        steps=steps,
    )


def example_of(number: int) -> Example:
    return Example(
        example_id=f"e{number}",
        inputs={"words": ["asked", "twice"]},
        reference_outputs={"colours": ["red", "blue"]},
        metadata={"level": ["low"]},
        attachments={"map": {"url": "http://127.0.0.1/map"}},
    )


RUNS = [run_of(number) for number in range(6)]
EXAMPLES = [example_of(number) for number in range(3)]
PLACES = (
    *("inputs", "outputs", "reference_outputs", "metadata", "attachments", "messages"),
    *("run.inputs", "run.outputs", "run.metadata", "run.extra", "run.messages", "run.tool_calls"),
    *("example.inputs", "example.reference_outputs", "example.metadata", "example.attachments"),
    *("steps.0.inputs", "steps.1.outputs", "steps.0.metadata", "run.steps.0.inputs"),
)
STEP_PLACES = ("step.inputs", "step.outputs", "step.metadata", "run.outputs", "example.inputs")


def leaves(value: Any) -> Iterator[Any]:
    """Yield everything that can be changed in a value, the innermost first."""
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from leaves(each)
    if isinstance(value, dict | list):
        yield value


def spoil(value: Any) -> None:
    """Change all of it in place."""
    for each in list(leaves(value)):
        if isinstance(each, dict):
            each["spoilt"] = 1
            each.pop(next(iter(each)))
        else:
            each.append("spoilt")
            each.pop(0)


def look(path: str, given: dict[str, Any]) -> Any:
    """Return what stands at `run.steps.0.inputs` and the like."""
    name, *rest = path.split(".")
    value = given[name]
    for each in rest:
        value = value[int(each)] if each.isdigit() else getattr(value, each)
    return value


def changing(name: str, path: str) -> Evaluator:
    """Return an evaluator that says what it sees at a place, and then spoils it."""
    asked = path.split(".")[0]
    scope: dict[str, Any] = {"look": look, "spoil": spoil, "shown": shown}
    asks = f"step, {asked}" if path in STEP_PLACES and asked != "step" else asked
    body = (
        f"def {name}({asks}):\n"
        f"    seen = look({path!r}, {{{asked!r}: {asked}}})\n"
        "    before = shown(seen)\n    spoil(seen)\n    return {'value': before}\n"
    )
    exec(body, scope)  # the parameters' names are what is tried
    return as_evaluator(scope[name], version="1")


def shown(value: Any) -> str:
    return repr(value)


def cells(results: Any) -> list[tuple[Any, ...]]:
    names = ["run_id", "step_id", "evaluator", "key", "outcome", "score", "value"]
    table = results.table("cells", names).to_pydict()
    return sorted(zip(*(map(str, table[name]) for name in names), strict=True))


def alone(evaluators: list[Evaluator]) -> list[tuple[Any, ...]]:
    """Return the cells of evaluators that were each scored run by run, by themselves."""
    found = []
    for each in evaluators:
        for run in RUNS:
            example = EXAMPLES[int((run.example_id or "e0")[1:])]
            found += cells(score_runs([run], [each], examples=[example]))
    return sorted(found)


@pytest.mark.parametrize("path", [*PLACES, *STEP_PLACES])
@pytest.mark.parametrize("workers", [0, 1])
def test_each_place_stays_as_it_was_recorded(path: str, workers: int) -> None:
    pair = [changing("first", path), changing("second", path)]
    told = score_runs(RUNS, pair, examples=EXAMPLES, workers=workers)
    seen = {(row[0], row[6]) for row in cells(told)}
    assert all("spoilt" not in value for _, value in seen)
    first, second = (
        {(r[0], r[1], r[6]) for r in cells(told) if r[2] == n} for n in ("first", "second")
    )
    assert first == second
    assert len(first) >= len(RUNS)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HEALTHY))
@given(
    paths=st.lists(st.sampled_from([*PLACES, *STEP_PLACES]), min_size=2, max_size=5),
    order=st.randoms(use_true_random=False),
    cached=st.integers(0, 4),
    workers=st.sampled_from([0, 1, 2]),
)
def test_cells_do_not_depend_on_company_order_cache_or_workers(
    paths: list[str], order: Any, cached: int, workers: int, tmp_path_factory: Any
) -> None:
    made = [changing(f"e{n}", path) for n, path in enumerate(paths)]
    folder: Path = tmp_path_factory.mktemp("own")
    stored = Store(folder).experiment("x")
    with open_writer(stored, source="memory") as writer:
        for run in RUNS:
            writer.add(run)
        writer.add_examples(EXAMPLES)
        writer.finish()
    order.shuffle(made)
    for some in (made[:cached], made):
        if some:
            with open_scoring(stored) as source:
                engine.score(source, some, workers=workers)
    assert cells(read_results(stored)) == alone(made)


def test_async_evaluators_and_tries_have_their_own_too() -> None:
    tries: list[str] = []

    async def slow(outputs: Any) -> Any:
        before = repr(outputs)
        spoil(outputs)
        await asyncio.sleep(0)
        return {"value": before}

    @evaluator(retries=1)
    def again(outputs: Any) -> bool:
        tries.append(repr(outputs))
        spoil(outputs)
        if len(tries) % 2:
            raise ValueError("once more")
        return "spoilt" not in tries[-1]

    told = cells(score_runs(RUNS[:2], [slow, again], examples=EXAMPLES))
    assert all("spoilt" not in row[6] for row in told)
    assert [row[5] for row in told if row[2] == "again"] == ["1.0", "1.0"]


def test_steps_find_their_neighbours_also_in_evaluators_that_wait() -> None:
    inner = Step(step_id="b", name="b", parent_id="a")
    run = Run(run_id="r", outputs={}, steps=[Step(step_id="a", name="a"), inner])

    async def depth(steps: Any) -> int:
        await asyncio.sleep(0)
        return int(steps[1].depth)

    def above(step: Any) -> int:
        return len(step.ancestors)

    told = cells(score_runs([run], [depth, above]))
    assert [(row[1], row[5]) for row in told] == [("None", "1.0"), ("a", "0.0"), ("b", "1.0")]


def test_evaluators_of_the_experiment_and_of_comparisons() -> None:
    def whole(runs: Any, examples: Any) -> Any:
        seen = [len(each.reference_outputs["colours"]) for each in examples if each]
        for run, each in zip(runs, examples, strict=True):
            seen.append(len(each.reference_outputs["colours"]))
            spoil(run.outputs)
            each.reference_outputs["colours"].pop()
        return {"value": seen}

    other = as_evaluator(whole, name="other")
    told = cells(score_runs(Experiment("x", RUNS, EXAMPLES), [as_evaluator(whole), other]))
    assert [row[6] for row in told] == ["[" + ",".join("2" * 12) + "]"] * 2

    @evaluator(scope="comparison")
    def better(runs: Any, reference_outputs: Any) -> Any:
        size = len(reference_outputs["colours"]) + len(runs[0].outputs)
        spoil(reference_outputs)
        spoil(runs[0].outputs)
        return [size, size]

    groups = [(EXAMPLES[0], {"a": [RUNS[0]], "b": [RUNS[1]]})]
    said = [each.scores for each in judge_all([better.__evalkit_evaluator__] * 2, groups)]
    assert said == [{"a": 4.0, "b": 4.0}] * 4
    assert RUNS[0].outputs["answer"] == {"colours": ["red", "blue"]}


def test_cases_and_options_and_returned_values_stay_as_they_were() -> None:
    log: list[int] = []
    shared = Run(run_id="c", outputs={"items": [1, 2]})

    @evaluator(cases=[case(run=shared, expect=2), case(run=shared, expect=2)])
    def counts(run: Any) -> int:
        run.outputs["items"].append(3)
        return len(run.outputs["items"]) - 1

    @evaluator
    def grows(run: Any, words: list[str] | None = None) -> Any:
        assert words is not None
        words.append("more")
        log.append(len(words))
        return {"value": log, "metadata": {"log": log}}

    assert all(each.passed for each in run_cases(counts.__evalkit_evaluator__))
    told = cells(score_runs(RUNS[:3], [as_evaluator(grows).with_options({"words": ["a"]})]))
    assert [row[6] for row in told] == ["[2]", "[2,2]", "[2,2,2]"]
