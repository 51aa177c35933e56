"""The same graphs on every server and in every database: what is fetched is what they did."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fetchers.langgraph.helpers import make_fetcher
from fetchers.langgraph.matrix import services
from fetchers.langgraph.matrix.known import INPUTS, KNOWN, WHOLE, Known

from evalkit.fetchers.base import CheckLine, FetchContext
from evalkit.fetchers.langgraph_checkpoints.fetcher import CheckpointsFetcher
from evalkit.model.run import Run

pytestmark = [pytest.mark.langgraph, pytest.mark.services]
SERVERS = ("python server", "javascript server", "aegra")
DATABASES = ("sqlite", "postgresql", "mariadb", "javascript sqlite", "javascript postgresql")
CANNOT = {("aegra", "functional"): "aegra 0.11 fails on a run whose output is no object"}
"""What a source cannot show at all."""
OTHERWISE: dict[tuple[str, str], dict[str, Any]] = {
    # The server does not say that a node's own code called a graph.
    ("javascript server", "caller"): {"nodes": ["calls"]},
}


class World:
    """The sources, each made when a test first wants it and kept until the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = ExitStack()
        self.options: dict[str, dict[str, Any]] = {}
        self.found: dict[str, dict[str, list[Run]]] = {}
        self._postgres: str | None = None

    def postgres(self) -> str:
        if self._postgres is None:
            self._postgres = self.stack.enter_context(services.postgres())
        return self._postgres

    def fetcher(self, source: str) -> Any:
        if source not in self.options:
            make = self._server if source in SERVERS else self._database
            self.options[source] = make(source)
        if source in SERVERS:
            return make_fetcher(thread_metadata={"experiment": "matrix"}, **self.options[source])
        context = FetchContext(experiment="matrix", base=self.folder)
        return CheckpointsFetcher(self.options[source], context)

    def runs(self, source: str) -> dict[str, list[Run]]:
        if source not in self.found:
            fetcher = self.fetcher(source)
            by_name: dict[str, list[Run]] = {}
            for run in fetcher.runs():
                key = run.example_id or run.thread_id or ""
                by_name.setdefault(key, []).append(run)
            for runs in by_name.values():
                runs.sort(key=lambda run: str(run.created_at))
            counts = fetcher.counts()
            assert counts.problems == []
            assert counts.received == counts.expected == sum(map(len, by_name.values()))
            self.found[source] = by_name
        return self.found[source]

    def _server(self, source: str) -> dict[str, Any]:
        started = {
            "python server": services.python_server,
            "javascript server": services.javascript_server,
            "aegra": lambda: services.aegra_server(
                services.create_database(self.postgres(), "aegra")
            ),
        }
        url = self.stack.enter_context(started[source]())
        services.play(url, [name for name in INPUTS if (source, name) not in CANNOT])
        return {"url": url}

    def _database(self, source: str) -> dict[str, Any]:
        if source.endswith("sqlite"):
            path = self.folder / f"{source}.sqlite"
            self._save(source, str(path))
            return {"path": path.name}
        if source == "mariadb":
            url = self.stack.enter_context(services.mariadb())
            from langgraph.checkpoint.mysql.pymysql import PyMySQLSaver

            with PyMySQLSaver.from_conn_string(url) as saver:
                saver.setup()
                services.save(saver)
            return {"url": url}
        url = services.create_database(self.postgres(), source.replace(" ", "_"))
        self._save(source, url)
        return {"url": url}

    def _save(self, source: str, place: str) -> None:
        if source.startswith("javascript"):
            kind = "sqlite" if source.endswith("sqlite") else "postgres"
            services.save_in_javascript(kind, place)
        elif source == "sqlite":
            from langgraph.checkpoint.sqlite import SqliteSaver

            with SqliteSaver.from_conn_string(place) as saver:
                services.save(saver)
        else:
            from langgraph.checkpoint.postgres import PostgresSaver

            with PostgresSaver.from_conn_string(place) as saver:
                saver.setup()
                services.save(saver)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("matrix"))
    with made.stack:
        yield made


@pytest.mark.parametrize("graph", INPUTS)
@pytest.mark.parametrize("source", SERVERS)
def test_a_server_tells_what_the_graph_did(world: World, source: str, graph: str) -> None:
    if reason := CANNOT.get((source, graph)):
        pytest.skip(reason)
    known = KNOWN[graph]
    if source == "aegra" and graph == "twice":  # it keeps each question on its run
        known = [replace(known[0], asked=[{"q": "one"}]), *known[1:]]
    found = world.runs(source)[graph]
    assert len(found) == len(known)
    assert found[0].inputs == INPUTS[graph]
    for run, one in zip(found, known, strict=True):
        compare(run, replace(one, **OTHERWISE.get((source, graph), {})))


@pytest.mark.parametrize("graph", INPUTS)
@pytest.mark.parametrize("source", DATABASES)
def test_a_database_tells_what_the_graph_did(world: World, source: str, graph: str) -> None:
    known = KNOWN[graph][-1]
    (run,) = world.runs(source)[graph]
    assert run.inputs == INPUTS[graph]
    compare(run, replace(known, nodes=WHOLE.get(graph, known.nodes)))


def compare(run: Run, known: Known) -> None:
    nodes = ["-" * s.depth + s.name + "!" * bool(s.error) for s in run.find(kind="node")]
    assert (run.outcome, nodes, run.steps_recorded) == (known.outcome, known.nodes, True)
    if known.outputs is not None:
        assert run.outputs == known.outputs
    if known.messages:
        assert [(m.role, m.text) for m in run.messages] == known.messages
    assert [(c.name, c.arguments, c.result) for c in run.tool_calls] == known.calls
    assert (run.usage.total_tokens if run.usage else None) == known.tokens
    assert [item["value"] for item in run.interrupts] == known.asked
    assert known.error is None or known.error in str(run.error)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("python server", ["LangGraph server (Python), version"]),
        ("javascript server", ["LangGraph server (JavaScript), version"]),
        ("aegra", ["Aegra, version", "cannot count threads", "cannot filter a history"]),
        ("sqlite", ["14 threads"]),
        ("postgresql", ["14 threads"]),
        ("mariadb", ["14 threads"]),
    ],
)
def test_doctor_says_what_a_source_is(world: World, source: str, said: list[str]) -> None:
    lines: list[CheckLine] = list(world.fetcher(source).check())
    text = "\n".join(line.text for line in lines)
    assert all(line.ok is not False for line in lines), text
    assert all(part in text for part in said), text
    assert services.PASSWORD not in text
