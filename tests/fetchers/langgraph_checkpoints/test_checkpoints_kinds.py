"""Checkpoints of every kind, in files and in PostgreSQL, plain and encrypted: what graphs did."""

import sqlite3
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fetchers.langgraph.matrix import services

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph_checkpoints.fetcher import CheckpointsFetcher
from evalkit.model.run import Run

pytestmark = [
    pytest.mark.langgraph,
    pytest.mark.skipif(
        find_spec("langgraph.checkpoint.sqlite") is None if find_spec("langgraph") else True,
        reason="langgraph-checkpoint-sqlite is not installed",
    ),
]
KEY = "0123456789abcdef"
SOURCES = ("sqlite", "encrypted", "postgresql")


def kinds() -> Any:
    """Import the kinds only where LangGraph is installed."""
    from fetchers.langgraph_checkpoints import kinds as found

    return found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with services.postgres() as address:
        yield address


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"folder": tmp_path_factory.mktemp("kinds")}


def options(source: str, made: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the options of a source, written when it is first wanted."""
    if source not in made:
        made[source] = write(source, made["folder"], request)
    return dict(made[source])


def write(source: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    if source == "postgresql":
        from langgraph.checkpoint.postgres import PostgresSaver

        url = services.create_database(request.getfixturevalue("server"), "kinds")
        with PostgresSaver.from_conn_string(url) as saver:
            saver.setup()
            kinds().play(saver)
        return {"url": url}
    from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
    from langgraph.checkpoint.sqlite import SqliteSaver

    key = KEY.encode() if source == "encrypted" else None
    serde = EncryptedSerializer.from_pycryptodome_aes(key=key) if key else None
    path = folder / f"{source}.sqlite"
    with sqlite3.connect(path, check_same_thread=False) as db:
        kinds().play(SqliteSaver(db, serde=serde) if serde else SqliteSaver(db))
    db.close()
    return {"path": path.name}


def fetcher(folder: Path, **more: Any) -> CheckpointsFetcher:
    return CheckpointsFetcher(more, FetchContext(experiment="kinds", base=folder))


def nodes(run: Run) -> list[str]:
    return ["-" * step.depth + step.name for step in run.find(kind="node")]


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_in_every_database(
    source: str,
    made: dict[str, Any],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGGRAPH_AES_KEY", KEY)
    found: dict[Any, list[Run]] = {}
    for run in fetcher(made["folder"], **options(source, made, request)).runs():
        found.setdefault(run.thread_id, []).append(run)
    for thread, known in kinds().KINDS.items():
        told = [(r.outcome, r.inputs, r.outputs, nodes(r)) for r in found[thread][: len(known)]]
        assert told == known, thread
    assert all(run.steps_recorded for runs in found.values() for run in runs)
    assert len(found) == len(kinds().KINDS)
    second = found["own checkpointer"][1]
    assert nodes(second) == ["first", "inner", "-leaf", "-leaf2", "last"]
    assert [run.example_id for run in found["branched"]] == ["branched", "branch"]
    (paused,) = found["calls open"]
    assert [item["value"] for item in paused.interrupts] == [{"q": "sure?"}]
    done = [s.outputs for s in found["calls"][0].steps if s.depth == 1]
    assert done == ["A", "sure? yes"]


def test_an_encrypted_file_without_its_key_is_named(
    made: dict[str, Any], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = options("encrypted", made, request)
    for key, said in {
        "": "is encrypted. Set LANGGRAPH_AES_KEY",
        "x" * 16: "is not the key",
    }.items():
        monkeypatch.setenv("LANGGRAPH_AES_KEY", key)
        with pytest.raises(EvalkitError, match=said) as caught:
            list(fetcher(made["folder"], **given).runs())
        assert caught.value.exit_code == 3
        assert KEY not in str(caught.value)


def test_postgresql_says_what_is_wrong_and_never_the_password(server: str, tmp_path: Path) -> None:
    url = services.create_database(server, "other")
    wrong = url.replace("a-secret", "another-secret")
    port = url.rpartition(":")[2]
    for place, said in {
        wrong: "refuses the user or the password",
        url: "holds no LangGraph checkpoints",
        url.replace(port, "1/other"): "cannot be read",
        url.replace("a-secret%3Awith%2Fsigns", "a-secret:with/signs"): "is no address",
    }.items():
        with pytest.raises(EvalkitError, match=said) as caught:
            list(fetcher(tmp_path, url=place).runs())
        assert "secret" not in str(caught.value)
        assert "signs" not in str(caught.value)
        assert str(caught.value).count("\n") == 0


def test_mariadb_says_what_is_wrong_and_never_the_password(tmp_path: Path) -> None:
    with services.mariadb() as url:
        for place, said in {
            url.replace("a-secret", "another-secret"): "refuses the user or the password",
            url: "holds no LangGraph checkpoints",
            url.replace("/ck", "/nothing"): "refuses the user|cannot be read",
            url.replace("/ck", ""): "is no address",
        }.items():
            with pytest.raises(EvalkitError, match=said) as caught:
                list(fetcher(tmp_path, url=place).runs())
            assert "secret" not in str(caught.value)


def test_an_address_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKPOINTS_URL", "redis://u:secret@h/0")
    with pytest.raises(EvalkitError, match="no reader for redis://") as caught:
        list(fetcher(tmp_path, url="$CHECKPOINTS_URL").runs())
    assert "secret" not in str(caught.value)
    monkeypatch.delenv("CHECKPOINTS_URL")
    with pytest.raises(EvalkitError, match="CHECKPOINTS_URL is not set"):
        list(fetcher(tmp_path, url="$CHECKPOINTS_URL").runs())
    with pytest.raises(EvalkitError, match="neither `path` nor `url`"):
        list(fetcher(tmp_path).runs())
