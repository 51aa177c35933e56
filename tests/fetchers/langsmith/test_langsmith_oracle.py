"""evalkit sees on a server what the real SDK sees there, on every backend."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from fetchers.langsmith_server.fixtures import BACKENDS, experiment_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.recorded import recorded_world
from fetchers.langsmith_server.world import World
from shared import SHARED

from evalkit.model.run import Run
from evalkit.model.step import Step

pytestmark = pytest.mark.filterwarnings("ignore")
SAMPLES = SHARED / "reference" / "langsmith-samples"
RAG = SAMPLES / "rag-evaluate.ingest.json"
GRAPH = SAMPLES / "langgraph-trace.ingest.json"


def worlds() -> list[Any]:
    absent = pytest.mark.skipif(not RAG.is_file(), reason="the recorded samples are not here")
    return [
        pytest.param(lambda: recorded_world(RAG), id="rag", marks=absent),
        pytest.param(lambda: recorded_world(GRAPH), id="graph", marks=absent),
        pytest.param(lambda: generated_world(60, examples=30), id="generated"),
    ]


def utc(time: datetime | None) -> datetime | None:
    """The SDK leaves v1's naive times naive."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def as_the_sdk_sees(run: Any) -> dict[str, Any]:
    return {
        "id": str(run.id), "name": run.name, "type": run.run_type, "inputs": run.inputs,
        "outputs": run.outputs, "error": run.error, "tags": list(run.tags or []),
        "start": utc(run.start_time), "end": utc(run.end_time),
        "metadata": dict(run.metadata),
        "children": [as_the_sdk_sees(child) for child in run.child_runs or []],
    }  # fmt: skip


def as_evalkit_sees(run: Run | Step) -> dict[str, Any]:
    metadata = {k: v for k, v in (run.metadata or {}).items() if k != "ls_run_type"}
    return {
        "id": run.id, "name": run.name, "type": run.run_type, "inputs": run.inputs,
        "outputs": run.outputs, "error": run.error, "tags": list(run.tags),
        "start": run.start_time, "end": run.end_time, "metadata": metadata,
        "children": [as_evalkit_sees(child) for child in run.child_runs],
    }  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("world", worlds())
def test_both_see_the_same(
    serve: Any, sdk: Any, open_fetcher: Any, world: Any, backend: str
) -> None:
    from langsmith.evaluation import _runner

    server = serve(world(), backend)
    client = sdk(server)
    project = client.read_project(project_name=experiment_of(server.world), include_stats=True)
    theirs = _runner._load_traces_for_experiment(project, client, load_nested=True)
    examples = list(
        client.list_examples(
            dataset_id=project.reference_dataset_id, as_of=project.metadata["dataset_version"]
        )
    )
    fetcher = open_fetcher(server)
    ours = list(fetcher.runs())

    assert {run.run_id: as_evalkit_sees(run) for run in ours} == {
        str(run.id): as_the_sdk_sees(run) for run in theirs
    }
    assert {run.run_id: run.example_id for run in ours} == {
        str(run.id): str(run.reference_example_id) for run in theirs
    }
    assert {e.id: (e.inputs, e.outputs, e.metadata) for e in fetcher.examples()} == {
        str(e.id): (e.inputs, e.outputs, e.metadata) for e in examples
    }
    counts = fetcher.counts()
    assert (counts.expected, counts.received) == (project.run_count, len(theirs))
    assert server.faults.unknown == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_tokens_and_costs_are_the_servers(
    serve: Any, sdk: Any, open_fetcher: Any, backend: str
) -> None:
    """v1 roots carry their trace's totals, v2 ones do not: evalkit says the same on both."""
    server = serve(generated_world(40), backend)
    project = sdk(server).read_project(project_name=experiment_of(server.world), include_stats=True)
    runs = list(open_fetcher(server).runs())
    assert sum(run.total_tokens or 0 for run in runs) == project.total_tokens
    assert sum(run.total_cost or 0 for run in runs) == pytest.approx(float(project.total_cost))
    for run in runs:
        assert sum(step.total_tokens or 0 for step in run.steps) == run.total_tokens
        assert sum(step.total_cost or 0 for step in run.steps) == pytest.approx(run.total_cost)
        assert run.usage is not None
        assert run.time_to_first_token is not None


@pytest.mark.parametrize("backend", BACKENDS)
def test_feedback_the_sdk_wrote_is_read_back(
    serve: Any, sdk: Any, open_fetcher: Any, backend: str
) -> None:
    server = serve(generated_world(5), backend)
    client = sdk(server)
    session = next(iter(server.world.sessions.values()))
    roots = server.world.roots(session["id"])
    below = server.world.children[roots[0]["id"]][0]
    one, two = ({"trace_id": r["id"], "session_id": session["id"]} for r in roots[:2])
    client.create_feedback(roots[0]["id"], "liked", score=True, comment="good", **one)
    client.create_feedback(roots[1]["id"], "colour", value="red", **two)
    client.create_feedback(below, "step", score=0.25, **one)
    client.flush()
    theirs = {
        (str(f.run_id), f.key): (f.score, f.value, f.comment)
        for f in client.list_feedback(run_ids=[roots[0]["id"], roots[1]["id"], below])
    }
    ours = {
        (f.step_id or f.run_id, f.key): (f.score, f.value, f.comment)
        for run in open_fetcher(server).runs()
        for f in run.feedback
    }
    assert ours == theirs
    assert len(ours) == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_experiment_the_sdk_made_itself(
    serve: Any, sdk: Any, open_fetcher: Any, backend: str
) -> None:
    """`evaluate` runs an application and posts traces and scores; evalkit reads all of it."""
    import langsmith
    from langsmith.schemas import Example

    world = World()
    dataset = world.add_dataset("made here")
    rows = [
        world.put_example({"id": str(uuid.uuid4()), "dataset_id": dataset["id"],
                           "inputs": {"q": n}, "outputs": {"double": 2 * n}})
        for n in range(4)
    ]  # fmt: skip
    server = serve(world, backend)
    client = sdk(server)

    @langsmith.traceable(run_type="tool")
    def double(n: int) -> int:
        return 2 * n

    def app(inputs: dict[str, int]) -> dict[str, int]:
        if inputs["q"] == 3:
            raise ValueError("three is too much")
        return {"double": double(inputs["q"], langsmith_extra={"client": client})}

    def right(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> bool:
        return (outputs or {}).get("double") == reference_outputs["double"]

    results = langsmith.evaluate(
        app, data=[Example(**row) for row in rows], evaluators=[right], client=client,
        experiment_prefix="made", num_repetitions=2, max_concurrency=0,
    )  # fmt: skip
    client.flush()
    fetcher = open_fetcher(server, experiment=results.experiment_name)
    runs = list(fetcher.runs())
    assert sorted(
        (run.inputs["inputs"]["q"] if "inputs" in run.inputs else run.inputs["q"], run.repetition)
        for run in runs
    ) == [(q, n) for q in range(4) for n in (0, 1)]
    assert [run.outcome for run in runs].count("error") == 2
    assert {run.error_type for run in runs if run.error} == {"ValueError"}
    assert sum(len(run.tool_calls) for run in runs) == 6
    assert {f.key: f.source for run in runs for f in run.feedback} == {"right": "recorded"}
    assert sum(bool(f.score) for run in runs for f in run.feedback) == 6
    assert {e.reference_outputs["double"] for e in fetcher.examples()} == {0, 2, 4, 6}
    assert fetcher.counts().problems == []
