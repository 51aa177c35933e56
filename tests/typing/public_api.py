"""What editors and type checkers know of the public API; checked by mypy, never run."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_type

from evalkit import (
    Comparison,
    Evaluator,
    Example,
    Experiment,
    Feedback,
    Results,
    Run,
    Score,
    Step,
    Summary,
    as_evaluator,
    case,
    compare,
    evaluator,
    score_runs,
    summarise,
)
from evalkit.evaluators.judge.judge import judge
from evalkit.evaluators.text import exact_match
from evalkit.evaluators.trajectory.score import trajectory_match
from evalkit.model.document import Document
from evalkit.model.messages.message import Message, ToolCall
from evalkit.testing import make_example, make_experiment, make_run, make_step, retrieval, tool


@evaluator
def plain(outputs: dict[str, Any]) -> bool:
    return bool(outputs)


@evaluator(version="2", direction="lower", range=(0, 1), timeout=5.0, cases=[case(expect=True)])
def settled(run: Run, *, limit: int = 3) -> Score:
    return Score(score=len(run.tool_calls) <= limit)


@evaluator(scope="experiment")
async def asynchronous(runs: list[Run], examples: list[Example]) -> float | None:
    return None


# A marked function keeps its own type: it can be called and tested as the function it is.
assert_type(plain({}), bool)
assert_type(settled(make_run(), limit=2), Score)
assert_type(as_evaluator(plain), Evaluator)
assert_type(as_evaluator(lambda outputs: True, name="x"), Evaluator)

run = make_run(outputs={"answer": "a"}, steps=[tool("f"), retrieval("d"), make_step("m", "llm")])
assert_type(run, Run)
assert_type(run.run_id, str)
assert_type(run.latency, float | None)
assert_type(run.steps, tuple[Step, ...])
assert_type(run.messages, list[Message])
assert_type(run.tool_calls, list[ToolCall])
assert_type(run.documents, list[Document])
assert_type(run.find(kind="tool", name="search", where=lambda step: step.error is None), list[Step])
assert_type(run.trajectory[0], str)
assert_type(run.steps[0].latency, float | None)
assert_type(run.feedback, tuple[Feedback, ...])
assert_type(make_example({"a": 1}), Example)
assert_type(make_experiment([({}, {})]).runs, list[Run])

score = Score(score=True, comment="why")
assert_type(score.comment, str | None)
assert_type(exact_match({"a": 1}, {"a": 1}), Score)
assert_type(trajectory_match(run, {}, expected=["f"]), Score)

results = score_runs(Experiment("nightly", [run]), [plain, settled], examples=[])
assert_type(results, Results)
assert_type(results.runs(), Iterator[Run])
assert_type(results.examples(), Mapping[str, Example])
summary = summarise(results, slices=["metadata.topic"])
assert_type(summary, Summary)
assert_type(summary.scores["plain"].mean, float | None)
assert_type(compare([results, results]), Comparison)

helpful = judge("helpful", model="m", prompt="{{ outputs }}", price=[1.0, 2.0], scale=[1, 5])
as_evaluator(helpful)
