"""The command line against a server that suffers, and a fetch that is killed."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fetchers.langgraph.proxy import Choose, harmful
from fetchers.langgraph.world import made_up

from evalkit.model.schema.written import run_to_record
from evalkit.store.results import read_results
from evalkit.store.store import Store

EVALKIT = [sys.executable, "-m", "evalkit"]


def project(folder: Path, url: str) -> Path:
    """Make a project with one experiment."""
    folder.mkdir(exist_ok=True)
    (folder / "evalkit.toml").write_text(
        f'[experiments.exp]\nfetcher = "langgraph"\nurl = "{url}"\nconcurrency = 2\n'
        'thread_metadata = { experiment = "exp" }\n'
    )
    return folder


def fetch(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*EVALKIT, "fetch", "exp", "--json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def stored(folder: Path) -> list[dict[str, Any]]:
    runs = read_results(Store(folder / ".evalkit").experiment("exp")).runs()
    found = [run_to_record(run) for run in runs]
    for record in found:
        record.pop("url")  # another port each time
    return sorted(found, key=lambda record: str(record["run_id"]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    with harmful(made_up(8, 2), lambda path, n: None) as (url, _):
        folder = project(tmp_path_factory.mktemp("calm"), url)
        done = fetch(folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["received"] == 16
    return stored(folder)


@pytest.mark.parametrize("after", [2, 12, 30])
def test_killed_and_fetched_again(
    after: int, tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    count = iter(range(1, 10_000))

    def choose(path: str, asked: int) -> None:
        if next(count) == after:
            reached.set()
            go_on.wait(30)  # hold the answer back until the client is dead

    with harmful(made_up(8, 2), choose) as (url, _):
        folder = project(tmp_path / "project", url)
        command = [*EVALKIT, "fetch", "exp"]
        client = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        assert reached.wait(60)
        client.send_signal(signal.SIGKILL)
        client.wait()
        go_on.set()
        done = fetch(folder)
    assert done.returncode == 0, done.stderr
    assert stored(folder) == undisturbed


def test_interrupted_leaves_state_to_go_on_from(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def choose(path: str, asked: int) -> None:
        if path.endswith("thread-0004/history"):
            reached.set()
            go_on.wait(30)

    with harmful(made_up(8, 2), choose) as (url, _):
        folder = project(tmp_path / "project", url)
        client = subprocess.Popen([*EVALKIT, "fetch", "exp"], cwd=folder, stderr=subprocess.PIPE)
        assert reached.wait(60)
        client.send_signal(signal.SIGINT)
        go_on.set()
        _, said = client.communicate(timeout=60)
        assert client.returncode == 130, said
        assert b"Traceback" not in said
        done = fetch(folder)
    assert done.returncode == 0, done.stderr
    assert stored(folder) == undisturbed


@pytest.mark.slow
def test_an_incomplete_fetch_exits_with_three_and_the_next_one_completes(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    broken = [True]
    choose: Choose = lambda p, n: "cut json" if broken and "0003/hist" in p else None  # noqa: E731
    with harmful(made_up(8, 2), choose) as (url, harm):
        folder = project(tmp_path / "project", url)
        done = fetch(folder)
        assert done.returncode == 3, done.stderr
        assert "fetched 14 of 16 runs" in done.stderr
        assert "no whole JSON" in done.stderr
        assert len(stored(folder)) == 14
        broken.clear()
        asked = harm.asked.total()
        done = fetch(folder)
        again = harm.asked.total() - asked
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unchanged"] == 14
    assert again < 40  # the lists, and the two runs that were missing
    assert stored(folder) == undisturbed


def test_the_doctor(tmp_path: Path) -> None:
    with harmful(made_up(3), lambda path, n: None) as (url, _):
        folder = project(tmp_path / "project", url)
        command = [*EVALKIT, "doctor", "exp"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "version 0.16.7" in said
    assert "threads with {'experiment': 'exp'}: 3" in said
    assert "runs that match: 3" in said


def test_the_doctor_when_nobody_is_there(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", "http://127.0.0.1:9")
    command = [*EVALKIT, "doctor", "exp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "cannot connect" in done.stdout + done.stderr
