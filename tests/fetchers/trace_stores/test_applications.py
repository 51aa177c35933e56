"""Real applications, recorded by real tracers in real servers, fetched over the network."""

from pathlib import Path

import pytest
from fetchers.trace_stores.conftest import PROJECT, TRACES
from fetchers.trace_stores.helpers import calls, fetch, known, make, outline
from fetchers.trace_stores.servers import Store, needs_stores, until

from evalkit.model.run import Run

pytestmark = needs_stores
AGENT = [
    "node look_up",
    "-retriever Library",
    "node agent",
    "-llm ChatOpenAI",
    "-chain after",
    "node tools",
    "-tool get_weather",
    "-tool get_weather",
    "node agent",
    "-llm ChatOpenAI",
    "-chain after",
]
BOTH = [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Oslo"})]
STORES = ("phoenix", "mlflow")


def of_app(store: Store) -> list[Run]:
    if store.kind == "phoenix":
        return fetch("phoenix", url=store.url, project=PROJECT)
    return fetch("mlflow", url=store.url, experiment=PROJECT)


@pytest.fixture(scope="module", params=STORES)
def app(request: pytest.FixtureRequest) -> tuple[Store, list[Run]]:
    store = request.getfixturevalue(request.param)
    return store, of_app(store)


def test_langgraph(app: tuple[Store, list[Run]]) -> None:
    both, one, failed = (run for run in app[1] if run.name == "weather")
    assert (both.outcome, one.outcome, failed.outcome) == ("success", "success", "error")
    assert outline(both) == AGENT
    assert calls(both) == BOTH
    assert [step.outputs for step in both.find(kind="tool")] == ["sunny", "rainy"]
    assert [document.text for document in both.documents] == ["Rome is sunny.", "Oslo is rainy."]
    assert both.messages[-1].text == "It is sunny and rainy."
    assert both.usage is not None
    assert (both.usage.input_tokens, both.usage.output_tokens) == (240, 60)
    # gpt-4o-mini: 0.15 and 0.6 dollars a million, cached input half; 100 of 120 are cached
    assert both.usage.total_cost == pytest.approx(2 * (20 * 0.15 + 100 * 0.075 + 30 * 0.6) / 1e6)
    assert both.example_id == "ex-0"
    assert both.thread_id == "chat-0"
    assert failed.error is not None
    assert "boom is not allowed" in failed.error
    assert "Traceback" not in failed.error
    assert [step.name for step in failed.steps if step.error] == ["agent", "ChatOpenAI"]


def test_openai(app: tuple[Store, list[Run]]) -> None:
    names = ("ChatCompletion", "Completions")
    plain, stream, refused = (run for run in app[1] if run.name in names)
    assert plain.time_to_first_token is None
    assert stream.time_to_first_token is not None
    assert 0 < stream.time_to_first_token <= stream.latency  # type: ignore[operator]
    for run in (plain, stream):
        assert run.messages[-1].text == "You said: Say hello"
        assert run.usage is not None
        assert run.usage.total_tokens == 150
    assert (refused.outcome, refused.outputs) == ("error", None)


def test_agents(app: tuple[Store, list[Run]]) -> None:
    (run,) = (r for r in app[1] if r.name in ("Agent workflow", "AgentRunner.run"))
    assert calls(run) == BOTH
    assert run.usage is not None
    assert run.usage.total_tokens == 300
    assert "It is sunny and rainy." in str(run.outputs)


def test_pydantic(app: tuple[Store, list[Run]]) -> None:
    first, second = (r for r in app[1] if r.name in ("forecaster", "Agent.run_sync"))
    assert (first.repetition, second.repetition) == (0, 1)
    assert first.example_id == second.example_id
    assert calls(first) == [("get_weather", {"city": "Oslo"})]
    assert "rainy" not in str(first.inputs)


def test_a_second_fetch_brings_nothing(app: tuple[Store, list[Run]]) -> None:
    store, runs = app
    named = {"project": PROJECT} if store.kind == "phoenix" else {"experiment": PROJECT}
    again = make(store.kind, url=store.url, known=known(runs), **named)
    assert list(again.runs()) == []
    counts = again.counts()
    assert (counts.expected, counts.received, counts.unchanged) == (TRACES, TRACES, TRACES)
    assert counts.problems == []


@pytest.mark.parametrize("kind", STORES)
def test_a_late_span_changes_its_run(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store: Store = request.getfixturevalue(kind)
    late, project = tmp_path / "late", f"late {tmp_path}"
    named = {"project": project}
    if kind == "mlflow":
        import httpx

        made = httpx.post(f"{store.url}/api/2.0/mlflow/experiments/create", json={"name": project})
        project = made.json()["experiment_id"]
        named = {"experiment": project}
    with store.start(project, "late", LATE=str(late)) as player:
        assert player.stdout is not None
        assert player.stdout.readline() == "root sent\n"
        until(lambda: _count(kind, store, named) == 1)
        (before,) = fetch(kind, url=store.url, **named)
        assert (before.outcome, outline(before)) == ("success", [])
        late.touch()
        assert player.wait(60) == 0
    until(lambda: fetch(kind, url=store.url, known=known([before]), **named) != [])
    (after,) = fetch(kind, url=store.url, known=known([before]), **named)
    assert outline(after) == ["tool afterthought"]
    assert after.run_id == before.run_id


def _count(kind: str, store: Store, named: dict[str, str]) -> int:
    from evalkit.errors import EvalkitError

    try:
        return len(fetch(kind, url=store.url, **named))
    except EvalkitError:
        return 0


def test_an_experiment_of_phoenix(phoenix: Store) -> None:
    fetcher = make("phoenix", url=phoenix.url, experiment="nightly")
    runs = list(fetcher.runs())
    assert len(runs) == 6
    assert [run.outcome for run in runs].count("error") == 2
    asked = {example.example_id: example for example in fetcher.examples()}
    rome = [run for run in runs if run.inputs == {"question": "Weather in Rome?"}]
    assert [run.repetition for run in rome] == [1, 2]
    assert rome[0].outputs == {"answer": "It is sunny."}
    assert outline(rome[0])[:3] == ["chain weather", "-node look_up", "--retriever Library"]
    assert rome[0].usage is not None
    assert rome[0].usage.input_tokens == 240
    example = asked[str(rome[0].example_id)]
    assert (example.reference_outputs, example.metadata) == ({"answer": "sunny"}, {"lang": "it"})
    said = {item.key: item for item in rome[0].feedback if item.key != "crash"}
    assert (said["right"].score, said["tone"].value) == (1.0, "calm")
    assert said["right"].metadata["annotator_kind"] == "CODE"
    (crash,) = (item for run in runs for item in run.feedback if item.key == "crash")
    assert (crash.outcome, crash.score, crash.error_type) == ("evaluator_error", None, "ValueError")
    failed = [run for run in runs if run.outcome == "error"]
    assert all("boom is not allowed" in str(run.error) for run in failed)
    assert fetcher.counts().expected == 6


def test_mlflow_without_its_server(mlflow: Store) -> None:
    served = fetch("mlflow", url=mlflow.url, experiment=PROJECT)
    place = f"sqlite:///{mlflow.folder}/mlflow.db"
    read = fetch("mlflow", url=place, experiment=PROJECT)
    assert [run.run_id for run in read] == [run.run_id for run in served]
    for one, other in zip(read, served, strict=True):
        assert one.url is None
        assert (one.inputs, one.outputs, one.usage) == (other.inputs, other.outputs, other.usage)
        assert outline(one) == outline(other)
        assert (one.started_at, one.ended_at) == (other.started_at, other.ended_at)
        assert dict(one.metadata or {}) == dict(other.metadata or {})
