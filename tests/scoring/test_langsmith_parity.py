"""Evaluators written for LangSmith give here the scores they give there, unmodified."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fetchers.langsmith_server.fixtures import BACKENDS, experiment_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.oracle import fetched, our_cells, ours, plain, their_cells, theirs
from fetchers.langsmith_server.recorded import recorded_world
from fetchers.langsmith_server.serve import LangSmithServer
from fetchers.langsmith_server.world import World
from shared import SHARED

from evalkit import as_evaluator
from evalkit.errors import EvaluatorSignatureError

langsmith = pytest.importorskip("langsmith", reason="the LangSmith SDK is the oracle here")
from langsmith.evaluation import EvaluationResult, EvaluationResults, RunEvaluator  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
SAMPLES = SHARED / "reference" / "langsmith-samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are absent")


# Row evaluators: every form of argument and return that LangSmith documents.


def run_and_example(run, example):
    """The old form, with the documented names."""
    right = (run.outputs or {}).get("answer") == example.outputs["answer"]
    return {"key": "old", "score": int(right)}


def other_names(r, e):
    """The old form under any names: passed by position."""
    return {"key": "other_names", "score": len(str(r.inputs)) + len(e.outputs)}


def a_bool(outputs, reference_outputs) -> bool:
    return (outputs or {}).get("answer") == reference_outputs.get("answer")


def an_int(inputs) -> int:
    return len(str(inputs))


def a_float(*, reference_outputs, outputs) -> float:
    return len(str(outputs)) / (1 + len(str(reference_outputs)))


def a_text(outputs):
    return "empty" if not outputs or outputs.get("output", 1) is None else "full"


def with_default(outputs, threshold=20):
    return len(str(outputs)) > threshold


def a_value(run) -> dict:
    return {"key": "kind", "value": run.run_type}


def score_and_comment(run, reference_outputs):
    return {"score": 0.5, "comment": f"{run.name}: {sorted(reference_outputs)}"}


def several(run, example):
    return {"results": [{"key": "children", "score": len(run.child_runs)},
                        {"key": "tags", "value": ",".join(run.tags or []) or "none"}]}  # fmt: skip


def a_list(outputs):
    return [{"key": "l1", "score": 1}, {"key": "l2", "score": 0.25, "comment": "c"}]


def nothing(outputs):
    return {"results": []}


def an_object(run, example):
    return EvaluationResult(key="object", score=0.125, comment="as an object")


def objects(run, example):
    return EvaluationResults(
        results=[EvaluationResult(key="o1", score=True), EvaluationResult(key="o2", value="b")]
    )


async def awaited(outputs, inputs):
    return {"key": "awaited", "score": len(str(inputs))}


def latency(run):
    return round((run.end_time - run.start_time).total_seconds(), 6)


def retrieved(run):
    """The guide on intermediate steps: find the retriever anywhere in the tree."""
    pending, found = list(run.child_runs), []
    while pending:
        step = pending.pop(0)
        pending.extend(step.child_runs or [])
        if step.run_type == "retriever":
            outputs = step.outputs or {}
            documents = outputs.get("documents", outputs.get("output")) or []
            found.extend(document["page_content"] for document in documents)
    return {"key": "retrieved", "score": len("".join(found))}


def step_names(run):
    def names(step) -> list:
        return [step.name, [names(child) for child in step.child_runs or []]]

    return {"key": "tree", "value": str(names(run))}


def fails_sometimes(run, example):
    return {"key": "fragile", "score": run.outputs["answer"] and 1}


class Graded(RunEvaluator):
    """A class with `evaluate_run`."""

    def evaluate_run(self, run, example=None, evaluator_run_id=None):
        return EvaluationResult(key="graded", score=len(run.inputs))


class Counts:
    """An object that can be called."""

    def __call__(self, outputs, reference_outputs):
        return {"key": "callable", "score": len(reference_outputs)}


def partial_of(outputs, reference_outputs, *, weight):
    return {"key": "partial", "score": weight * len(str(outputs))}


ROW: list[Any] = [
    run_and_example, other_names, a_bool, an_int, a_float, a_text, with_default, a_value,
    score_and_comment, several, a_list, nothing, an_object, objects, awaited, latency, retrieved,
    step_names, fails_sometimes, Graded(), Counts(), functools.partial(partial_of, weight=0.5),
]  # fmt: skip


# Summary evaluators.


def share(outputs, reference_outputs):
    pairs = zip(outputs, reference_outputs, strict=True)
    return sum((o or {}).get("answer") == r.get("answer") for o, r in pairs) / len(outputs)


def how_many(runs, examples):
    return {"key": "how_many", "score": len(runs) + len(examples)}


def verdict(outputs):
    return "many" if len(outputs) > 10 else "few"


def reasoned(inputs):
    return {"key": "reasoned", "score": 1, "reasoning": "because"}


def both(runs):
    return [{"key": "b1", "score": len(runs)}, {"key": "b2", "score": 0.5}]


SUMMARY: list[Any] = [share, how_many, verdict, reasoned, both]


def worlds() -> list[Any]:
    return [
        pytest.param(lambda: recorded_world(SAMPLES / "rag-evaluate.ingest.json"), id="rag",
                     marks=needs_samples),
        pytest.param(lambda: recorded_world(SAMPLES / "langgraph-trace.ingest.json"), id="graph",
                     marks=needs_samples),
        pytest.param(lambda: generated_world(60, examples=30), id="generated"),
        pytest.param(lambda: generated_world(1000), id="generated-1000", marks=pytest.mark.slow),
    ]  # fmt: skip


@pytest.fixture
def serve() -> Iterator[Callable[[World, str], LangSmithServer]]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda world, backend: stack.enter_context(LangSmithServer(world, backend))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("world", worlds())
def test_the_same_scores(serve: Any, world: Any, backend: str) -> None:
    server = serve(world(), backend)
    reference = theirs(server, evaluators=ROW, summary_evaluators=SUMMARY)
    results = ours(server, [*ROW, *(summary(each) for each in SUMMARY)])

    expected, found = their_cells(reference), our_cells(results)
    assert {key for _, key in found} == {key for _, key in expected}
    assert found == expected
    assert len(expected) > 20 * len(list(reference)) - 20

    whole = {
        each.key: (plain(each.score), each.value, each.comment)
        for each in reference._summary_results["results"]
    }
    assert {
        each.key: (plain(each.score), each.value, each.comment)
        for each in results.feedback()
        if each.run_id is None
    } == whole
    assert len(whole) == 6


def summary(function: Any) -> Any:
    """In a project the decorator says it; LangSmith is told by the argument it is passed in."""
    return as_evaluator(function, scope="experiment")


@pytest.mark.parametrize("backend", BACKENDS)
def test_openevals_and_agentevals(serve: Any, backend: str) -> None:
    exact = pytest.importorskip("openevals.exact").exact_match
    make = pytest.importorskip("agentevals.trajectory.match").create_trajectory_match_evaluator
    world = generated_world(40)
    for root in world.roots(next(iter(world.sessions))):
        example = world.example(root["reference_example_id"])
        assert example is not None
        example["outputs"] = messages(example["outputs"]["trajectory"])
        if root["status"] == "success":
            path = [s["name"] for s in world.runs.values()
                    if s["trace_id"] == root["id"] and s["run_type"] == "tool"]  # fmt: skip
            root["outputs"] = messages(path)
        else:
            root["outputs"] = messages([])
    server = serve(world, backend)
    strict = make(trajectory_match_mode="strict")
    subset = make(trajectory_match_mode="superset", tool_args_match_mode="ignore")
    reference = their_cells(theirs(server, evaluators=[exact, strict, subset]))
    found = our_cells(ours(server, [exact, strict, subset]))
    scores = {place: said[0] for place, said in reference.items()}
    assert {place: said[0] for place, said in found.items()} == scores
    assert len(scores) == 120
    assert set(scores.values()) >= {True, False}


def messages(tools: list[str]) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": "go"},
            *({"role": "assistant", "content": "", "tool_calls": [
                {"id": str(n), "type": "function", "function": {"name": name, "arguments": "{}"}}
            ]} for n, name in enumerate(tools)),
            {"role": "assistant", "content": "done"},
        ]
    }  # fmt: skip


def test_comparisons(serve: Any) -> None:
    """A comparative evaluator, over two experiments on the same dataset."""
    world = generated_world(20)
    first = next(iter(world.sessions.values()))
    other = generated_world(20, seed=8, name="agent-other")
    second = world.add_session({**next(iter(other.sessions.values())),
                                "reference_dataset_id": first["reference_dataset_id"]})  # fmt: skip
    answered = [root["reference_example_id"] for root in world.roots(first["id"])]
    records = [dict(run) for run in other.by_session[second["id"]]]
    roots = [run for run in records if run["parent_run_id"] is None]
    for root, example_id in zip(roots, answered, strict=True):
        root["reference_example_id"] = example_id
    world.by_session[second["id"]] = []
    world.add_runs(records, second["id"])

    def longer(outputs, reference_outputs):
        lengths = [len(str((each or {}).get("answer"))) for each in outputs]
        return [int(length == max(lengths)) for length in lengths]

    server = serve(world, "v2")
    client = langsmith.Client(api_url=server.url, api_key="lsv2_pt_k")
    reference = langsmith.evaluate(
        (first["name"], second["name"]), evaluators=[longer], client=client, max_concurrency=0
    )
    client.flush()
    expected = {}
    for row in reference:
        scores = row["evaluation_results"]["feedback.longer"].scores
        expected |= {str(run_id): score for run_id, score in scores.items()}
    judge = as_evaluator(longer, scope="comparison")
    sides = []
    for session in (first, second):
        runs, examples = fetched(server, session["name"])
        sides.append({run.example_id: run for run in runs})
    known = {example.example_id: example for example in examples}
    found = {}
    for example_id, run in sides[0].items():
        pair = [run, sides[1][example_id]]
        said = judge.invoke(pair, known[str(example_id)])
        found |= {each.run_id: score for each, score in zip(pair, said, strict=True)}
    assert found == expected
    assert len(found) == 40


# Where LangSmith sets a trap, evalkit does the safe thing and says so.


def misspelt(output, reference_outputs):
    return output == reference_outputs


def half_known(outputs, foo):
    return outputs


def asks_for_nothing():
    return 1


@pytest.mark.parametrize("trap", [misspelt, half_known, asks_for_nothing])
def test_signatures_that_langsmith_would_call_wrongly(trap: Any) -> None:
    with pytest.raises(EvaluatorSignatureError) as caught:
        as_evaluator(trap)
    assert trap.__name__ in str(caught.value)


def test_a_missing_example_costs_nothing_else(serve: Any) -> None:
    """LangSmith's evaluation of an existing experiment ends with a KeyError."""
    world = generated_world(5)
    gone = world.roots(next(iter(world.sessions)))[0]["reference_example_id"]
    del world.history[gone]
    server = serve(world, "v2")
    with pytest.raises(KeyError):
        theirs(server, evaluators=[a_bool])
    results = ours(server, [a_bool])
    assert len(our_cells(results)) == 5


def test_steps_are_there_without_asking(serve: Any) -> None:
    """`child_runs` is None there unless `load_nested` is passed."""
    server = serve(generated_world(3), "v2")
    client = langsmith.Client(api_url=server.url, api_key="lsv2_pt_k")
    found = langsmith.evaluate(experiment_of(server.world), evaluators=[children], client=client)
    assert {c for row in found for c in [row["run"].child_runs]} == {None}
    client.flush()
    assert all(said[0] > 3 for said in our_cells(ours(server, [children])).values())


def children(run):
    return len(run.child_runs or [])


def test_a_nan_is_an_error_not_a_score(serve: Any) -> None:
    def nan(outputs):
        return float("nan")

    server = serve(generated_world(2), "v2")
    assert set(our_cells(ours(server, [nan])).values()) == {"error"}
