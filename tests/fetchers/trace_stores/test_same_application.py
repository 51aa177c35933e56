"""The same application, recorded in LangSmith's shape, Phoenix, MLflow and OTLP: the same runs."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import SCRIPT
from fetchers.langgraph.live import free_port
from fetchers.trace_stores.conftest import PROJECT
from fetchers.trace_stores.helpers import calls, fetch, outline
from fetchers.trace_stores.servers import Store, needs_stores, until

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.model.run import Run

pytestmark = needs_stores
ANSWER = "It is sunny and rainy."
CALLS = [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Oslo"})]
DOCUMENTS = [("Rome is sunny.", "a.txt", 1), ("Oslo is rainy.", "b.txt", None)]
STEPS = [
    "node look_up", "-retriever Library", "node agent", "-llm ChatOpenAI", "-chain after",
    "node tools", "-tool get_weather", "-tool get_weather", "node agent", "-llm ChatOpenAI",
    "-chain after",
]  # fmt: skip
KEPT: dict[str, dict[str, Any]] = {
    "langsmith": {"cost": False, "reasoning": 24, "example": False, "tool": "message"},
    "phoenix": {"cost": True, "reasoning": 24, "example": True, "tool": "text"},
    "mlflow": {"cost": True, "reasoning": None, "example": True, "tool": "text"},
    "otlp": {"cost": False, "reasoning": 24, "example": True, "tool": "text"},
}
"""What differs, as the table of the page on trace stores has it."""


def files(path: Path) -> list[Run]:
    options = AutoFetcher.Options.model_validate({"path": str(path)})
    return list(AutoFetcher(options, FetchContext("x", path.parent)).runs())


def langsmith(phoenix: Store, folder: Path) -> list[Run]:
    target = Store("langsmith", str(folder / "runs.jsonl"), phoenix.python, folder)
    target.record("app", "langgraph", LANGSMITH_TRACING="true")
    return files(folder / "runs.jsonl")


def otlp(phoenix: Store, folder: Path) -> list[Run]:
    """Sent to evalkit's own receiver."""
    port = free_port()
    receiver = subprocess.Popen(
        [SCRIPT, "-q", "receive", "--to", "traces", "--port", str(port)], cwd=folder
    )
    try:
        until(lambda: _listens(port), 60)
        Store("otlp", f"http://127.0.0.1:{port}", phoenix.python, folder).record("a", "langgraph")
    finally:
        receiver.send_signal(signal.SIGTERM)
        receiver.wait(30)
    return files(folder / "traces")


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module", params=KEPT)
def recorded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[Run]]:
    kind = request.param
    if kind == "mlflow":
        store = request.getfixturevalue("mlflow")
        runs = fetch("mlflow", url=store.url, experiment=PROJECT)
    else:
        store = request.getfixturevalue("phoenix")
        folder = tmp_path_factory.mktemp(kind)
        if kind == "phoenix":
            runs = fetch("phoenix", url=store.url, project=PROJECT)
        else:
            runs = {"langsmith": langsmith, "otlp": otlp}[kind](store, folder)
    mine = [run for run in runs if run.name == "weather"]
    return kind, sorted(mine, key=lambda run: str(run.started_at))


def test_what_is_the_same(recorded: tuple[str, list[Run]]) -> None:
    both, one, failed = recorded[1]
    assert [run.outcome for run in (both, one, failed)] == ["success", "success", "error"]
    asked = [run.inputs["messages"][0] for run in (both, one, failed)]
    assert [list(each) for each in asked] == [
        ["user", "Weather in Rome and Oslo?"], ["user", "Weather in Rome?"], ["user", "boom"],
    ]  # fmt: skip
    assert both.outputs["seen"] == ["a.txt", "b.txt"]
    assert failed.outputs is None or not failed.outputs
    assert outline(both) == STEPS
    assert outline(failed) == [*STEPS[:2], "node agent!", "-llm ChatOpenAI!"]
    assert [(each.role, each.text) for each in both.messages] == [
        ("user", "Weather in Rome and Oslo?"), ("assistant", ""), ("tool", "sunny"),
        ("tool", "rainy"), ("assistant", ANSWER),
    ]  # fmt: skip
    assert calls(both) == CALLS
    assert calls(failed) == []
    found = [(each.text, each.metadata["source"], each.metadata.get("page"))
             for each in both.documents]  # fmt: skip
    assert found == DOCUMENTS
    assert both.usage is not None
    counts = (both.usage.input_tokens, both.usage.output_tokens, both.usage.cache_read_tokens)
    assert counts == (240, 60, 200)
    assert "OpenAIInvalidRequestError" in str(failed.error)
    assert "boom is not allowed" in str(failed.error)
    assert [run.thread_id for run in (both, one, failed)] == ["chat-0", "chat-1", "chat-2"]
    assert [run.repetition for run in (both, one, failed)] == [0, 0, 0]


def test_what_is_not(recorded: tuple[str, list[Run]]) -> None:
    kind, (both, _, failed) = recorded
    kept = KEPT[kind]
    assert both.usage is not None
    assert (both.usage.total_cost is not None) == kept["cost"]
    assert both.usage.reasoning_tokens == kept["reasoning"]
    assert (both.example_id == "ex-0") == kept["example"]
    outputs = [step.outputs for step in both.find(kind="tool")]
    if kept["tool"] == "text":
        assert outputs == ["sunny", "rainy"]
    else:
        assert [each["output"]["content"] for each in outputs] == ["sunny", "rainy"]
    assert ("Traceback" in str(failed.error)) == (kind == "langsmith")
