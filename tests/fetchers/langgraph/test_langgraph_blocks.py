"""The blocks of the guide, typed as printed: doctor, fetch and run on a server and in databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import evalkit
from fetchers.langgraph.live import Application, needs_server
from fetchers.langgraph.matrix import services
from fetchers.langgraph.test_langgraph_guide import TEXT

pytestmark = [*needs_server, pytest.mark.services]
EVALUATOR = '''
from evalkit import evaluator

@evaluator
def noted(outputs) -> bool:
    """The run noted something."""
    return bool(outputs)
'''


def block(name: str) -> str:
    found = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    return next(text for text in found if f"[experiments.{name}]" in text)


def project(folder: Path, config: str) -> Path:
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "noted.py").write_text(EVALUATOR)
    (folder / "datasets").mkdir()
    (folder / "datasets" / "support.jsonl").write_text('{"example_id": "q1", "inputs": {}}\n')
    (folder / "evalkit.toml").write_text(config)
    return folder


def all_three(folder: Path, name: str, runs: int) -> str:
    """Run the three verbs and return what the doctor said."""
    said = evalkit("doctor", name, cwd=folder)
    assert said.code == 0, said.out + said.err
    assert evalkit("fetch", name, cwd=folder).code == 0
    done = evalkit("run", name, cwd=folder)
    assert done.code == 0, done.out + done.err
    assert f"n={runs}" in done.out or f"{runs} runs" in done.out, done.out
    return said.out + said.err


def test_a_server(server: str, app: Application, tmp_path: Path) -> None:
    for number in range(2):
        thread = app.thread("nightly", example_id=f"q{number}")
        app.play(thread, "moody", {"mood": "fine"}, metadata={"variant": "b"})
    config = block("nightly").replace("http://127.0.0.1:2024", server)
    said = all_three(project(tmp_path, config), "nightly", 2)
    (shown,) = re.findall(r"```console\n\$ evalkit doctor nightly\n(.*?)```", TEXT, re.DOTALL)
    for line in shown.splitlines():
        pattern = ".*".join(map(re.escape, " ".join(line.split()).split("...")))
        assert re.search(pattern, " ".join(said.split())), (line, said)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with services.postgres() as server:
        yield services.create_database(server, "blocks")


def test_a_file(tmp_path: Path) -> None:
    from langgraph.checkpoint.sqlite import SqliteSaver

    folder = project(tmp_path, block("local").replace("nightly", "matrix"))
    with SqliteSaver.from_conn_string(str(folder / "checkpoints.sqlite")) as saver:
        services.save(saver)
    assert "14 threads" in all_three(folder, "local", 14)


def test_a_postgresql_database(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langgraph.checkpoint.postgres import PostgresSaver

    with PostgresSaver.from_conn_string(address) as saver:
        saver.setup()
        services.save(saver)
    monkeypatch.setenv("CHECKPOINTS_URL", address)
    folder = project(tmp_path, block("shared").replace("nightly", "matrix"))
    assert "14 threads" in all_three(folder, "shared", 14)
    (folder / "evalkit.toml").write_text(
        (folder / "evalkit.toml").read_text().replace("$CHECKPOINTS_URL", address)
    )
    done = evalkit("fetch", "shared", "--json", cwd=folder)
    assert done.code == 0, done.err
    stored = b"".join(p.read_bytes() for p in (folder / ".evalkit").rglob("*.json"))
    for told in (done.out, done.err, stored.decode()):
        assert "secret" not in told
    wrong = address.replace("a-secret", "another")
    (folder / "evalkit.toml").write_text(
        f'[experiments.w]\nfetcher = "langgraph-checkpoints"\nurl = "{wrong}"\n'
    )
    for verb in ("fetch", "doctor"):
        ended = evalkit(verb, "w", cwd=folder)
        assert ended.code == 3, ended.out
        assert "refuses the user or the password" in ended.out + ended.err
        assert "another" not in ended.out + ended.err
    assert not list((folder / ".evalkit").glob("w/**/*.parquet"))
