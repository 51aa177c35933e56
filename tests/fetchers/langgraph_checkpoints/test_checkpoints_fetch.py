"""A database written by LangGraph's own checkpointer, read without LangGraph."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from fetchers.langgraph.helpers import outline

from evalkit.errors import (
    DatasetError,
    EvalkitError,
    ExperimentNotFound,
    IncompleteExperiment,
    SourceUnavailable,
)
from evalkit.fetchers.base import FetchContext, revision
from evalkit.fetchers.langgraph_checkpoints.fetcher import CheckpointsFetcher
from evalkit.model.run import Run

GRAPHS = Path(__file__).resolve().parents[1] / "langgraph" / "server" / "graphs.py"
pytestmark = [
    pytest.mark.langgraph,
    pytest.mark.skipif(
        find_spec("langgraph.checkpoint.sqlite") is None if find_spec("langgraph") else True,
        reason="langgraph-checkpoint-sqlite is not installed",
    ),
]


def human(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


async def _write(path: Path) -> None:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    from langgraph.types import Command

    spec = spec_from_file_location("langgraph_test_graphs", GRAPHS)
    assert spec is not None
    assert spec.loader is not None
    graphs = module_from_spec(spec)
    sys.modules[spec.name] = graphs  # the graphs' annotations are looked up there
    spec.loader.exec_module(graphs)
    async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:

        async def play(graph: str, thread: str, given: Any, **more: Any) -> None:
            compiled = getattr(graphs, graph)
            compiled.checkpointer = saver
            config = {
                "configurable": {"thread_id": thread},
                "metadata": {"experiment": "db", "example_id": thread},
                "recursion_limit": 6,
            }
            expected = Exception if thread in ("raise", "loop", "fan bad") else ()
            with suppress(expected):
                await compiled.ainvoke(given, config, **more)

        await play("chat", "chat", human("halve 4"))
        await play("chat", "chat", human("hello"))
        await play("nested", "nested", {"text": "go"})
        await play("nested", "asked", {"text": "ask dig"})
        await play("nested", "asked", Command(resume="yes"))
        await play("fan", "fan", {"numbers": [1, 2]})
        await play("fan", "fan bad", {"numbers": [1, -2]})
        await play("moody", "raise", {"mood": "raise"})
        await play("moody", "ask", {"mood": "ask"})
        await play("moody", "loop", {"mood": "loop"})
        await play("moody", "before", {"mood": "fine"}, interrupt_before=["judge"])
        await play("moody", "exit", {"mood": "fine"}, durability="exit")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "checkpoints.sqlite"
    asyncio.run(_write(path))
    return path


def make(path: Path, known: dict[str, str] | None = None, **options: Any) -> CheckpointsFetcher:
    context = FetchContext(experiment="db", base=path.parent, known=known or {})
    return CheckpointsFetcher({"path": path.name, **options}, context)


def drain(fetcher: CheckpointsFetcher) -> tuple[list[Run], EvalkitError | None]:
    arrived: list[Run] = []
    try:
        for run in fetcher.runs():
            arrived.append(run)
    except EvalkitError as error:
        return arrived, error
    return arrived, None


@pytest.fixture(scope="module")
def runs(database: Path) -> dict[Any, list[Run]]:
    found: dict[Any, list[Run]] = {}
    for run in make(database).runs():
        found.setdefault(run.thread_id, []).append(run)
    return found


CASES = {
    "chat": [
        ("success", ["reply", "-echo-1", "tools", "-halve", "reply", "-echo-1"]),
        ("success", ["reply", "-echo-1"]),
    ],
    "nested": [
        ("success", ["begin", "middle", "-walk", "-inner", "--dig", "--fill", "-rest", "end"])
    ],
    "asked": [
        ("success", ["begin", "middle", "-walk", "-inner", "--dig", "--fill", "-rest", "end"])
    ],
    "fan": [("success", ["square x2", "square x2", "add_up"])],
    "fan bad": [("error", ["square:cut_off x2", "square:error! x2"])],
    "raise": [("error", ["prepare", "work:error!"])],
    "ask": [("paused", ["prepare", "work", "judge:paused"])],
    "loop": [("cancelled", ["prepare", *["work"] * 5, "work:cut_off"])],
    "before": [("cancelled", ["prepare", "work", "judge:cut_off"])],
    "exit": [("success", [])],
}


@pytest.mark.parametrize("thread", CASES)
def test_runs_are_told_apart_and_their_end_inferred(
    runs: dict[Any, list[Run]], thread: str
) -> None:
    assert [(r.outcome, outline(r)) for r in runs[thread]] == CASES[thread]
    assert len(runs) == len(CASES)


def test_what_the_runs_did(runs: dict[Any, list[Run]]) -> None:
    first, second = runs["chat"]
    assert (first.inputs, second.inputs) == (human("halve 4"), human("hello"))
    assert [m.text for m in second.messages] == ["hello", "turn 2: hello"]
    (call,) = first.tool_calls
    assert (call.name, call.arguments, call.result) == ("halve", {"number": 4}, "2")
    assert second.usage is not None
    assert second.usage.output_tokens == 2
    assert first.example_id == "chat"
    assert first.latency is not None
    assert [s.inputs for s in runs["fan"][0].find(name="square")] == [{"number": 1}, {"number": 2}]
    assert runs["fan"][0].outputs["total"] == 5
    assert runs["fan bad"][0].error == "ArithmeticError('negative number')"
    assert [i["value"] for i in runs["ask"][0].interrupts] == [{"question": "go on?"}]
    assert runs["asked"][0].latency is None  # somebody was waited for in between
    assert "does not say why" in (runs["before"][0].error or "")
    assert (runs["exit"][0].outputs["verdict"], runs["exit"][0].steps_recorded) == (
        "done fine",
        False,
    )


def test_counts_say_what_was_inferred(database: Path) -> None:
    fetcher = make(database)
    count = len(list(fetcher.runs()))
    counts = fetcher.counts()
    assert (counts.expected, counts.received) == (count, count)
    assert "status" in counts.inferred
    assert any("unknown reason" in note for note in counts.notes)
    assert [line.ok for line in make(database).check()] == [True]


def test_choosing_and_fetching_again(database: Path) -> None:
    chosen = list(make(database, threads=["chat", "fan"]).runs())
    assert [r.thread_id for r in chosen] == ["chat", "chat", "fan"]
    (raised,) = make(database, metadata={"example_id": "raise"}).runs()
    assert raised.thread_id == "raise"
    known = {r.run_id: revision(r) for r in chosen}
    again = make(database, threads=["chat", "fan"], known=known)
    assert list(again.runs()) == []
    assert (again.counts().received, again.counts().unchanged) == (3, 3)
    with pytest.raises(ExperimentNotFound):
        list(make(database, metadata={"experiment": "typo"}).runs())


def copy_of(database: Path, folder: Path, *statements: str) -> Path:
    with sqlite3.connect(database) as source, sqlite3.connect(folder / "copy.sqlite") as target:
        source.backup(target)
        for statement in statements:
            target.execute(statement)
    source.close()
    target.close()
    return folder / "copy.sqlite"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE checkpoints SET type = 'pickle' WHERE thread_id = 'fan'", "never loads"),
        ("UPDATE writes SET type = 'pickle' WHERE thread_id = 'fan'", "never loads"),
        ("UPDATE checkpoints SET checkpoint = X'c1' WHERE thread_id = 'fan'", "be decoded"),
        ("UPDATE checkpoints SET metadata = X'7b' WHERE thread_id = 'fan'", "metadata"),
    ],
)
def test_a_thread_that_cannot_be_read_is_named_and_the_others_arrive(
    database: Path, tmp_path: Path, statement: str, said: str
) -> None:
    arrived, error = drain(make(copy_of(database, tmp_path, statement)))
    assert isinstance(error, IncompleteExperiment)
    assert "thread fan" in str(error)
    assert said in str(error)
    assert {r.thread_id for r in arrived} == CASES.keys() - {"fan"}


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("this is no database, but long enough to look at")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE checkpoints (something)")
    other.close()
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        list(make(tmp_path / "text.sqlite").runs())
    with pytest.raises(SourceUnavailable, match="holds no LangGraph checkpoints"):
        list(make(tmp_path / "other.sqlite").runs())
    with pytest.raises(DatasetError, match="no file"):
        list(make(tmp_path / "absent.sqlite").runs())
    assert not (tmp_path / "absent.sqlite").exists()


def test_langgraph_is_not_needed_to_read(database: Path) -> None:
    code = """
import json, sys
from pathlib import Path
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph_checkpoints.fetcher import CheckpointsFetcher

path = Path(sys.argv[1])
fetcher = CheckpointsFetcher({"path": path.name}, FetchContext(experiment="x", base=path.parent))
print(json.dumps([len(list(fetcher.runs())), [m for m in sys.modules if m.startswith("lang")]]))
"""
    command = [sys.executable, "-c", code, str(database)]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    assert json.loads(said) == [11, []]
