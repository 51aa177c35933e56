"""Following: polls score what is new, windows move, somebody is told once, and nothing is lost."""

import json
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import pytest
from command_line import SCRIPT, evalkit

from evalkit.cli.call.options import SPAN
from evalkit.errors import SourceUnavailable
from evalkit.fetchers.http.telling import post_document
from evalkit.model.results import Results
from evalkit.pipeline.continuous.following import Follower, shown_span
from evalkit.pipeline.stored import results
from evalkit.project.config import load
from evalkit.store.windowed import WindowedResults

OWN = """
from evalkit import evaluator

@evaluator
def right(outputs) -> bool:
    with open("calls.txt", "a") as file:
        file.write(outputs["id"] + "\\n")
    return outputs["right"]
"""
TOML = """
gates = ["right >= 0.5"]
[score]
workers = 0
[experiments.live]
fetcher = "evalkit"
path = "runs"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "own.py").write_text(OWN)
    (tmp_path / "evalkit.toml").write_text(TOML)
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    return load(tmp_path)


def add(name, *numbers, right=True, ago=0.0, text="a", folder=Path("runs")):
    """Write a file with finished runs that began so many hours ago."""
    began = datetime.now(UTC) - timedelta(hours=ago)
    lines = [
        {
            "run_id": f"r{n}", "example_id": f"e{n}", "started_at": began.isoformat(),
            "ended_at": (began + timedelta(seconds=1)).isoformat(), "status": "success",
            "outputs": {"id": f"r{n}", "right": right, "text": text},
        }
        for n in numbers
    ]  # fmt: skip
    examples = [{"kind": "example", "example_id": f"e{n}"} for n in numbers]
    lines = examples + lines
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def calls():
    return Path("calls.txt").read_text().split() if Path("calls.txt").exists() else []


def test_only_what_is_new_or_changed_is_scored(project):
    follower = Follower(project, "live")
    add("a", 1, 2)
    first, second = follower.poll(), follower.poll()
    assert (first.new, first.scored, first.state, first.changed) == (2, 2, "passed", True)
    assert (second.new, second.scored, second.state, second.changed) == (0, 0, "passed", False)
    add("b", 3)
    assert follower.poll().scored == 1
    add("a", 1, 2, text="late")  # both have changed since: each is scored once more
    assert [follower.poll().scored for _ in range(3)] == [2, 0, 0]
    assert sorted(calls()) == ["r1", "r1", "r2", "r2", "r3"]
    page = project.reports_folder / "live" / "report.html"
    assert page.stat().st_size > 10_000
    (history,) = (project.reports_folder / "live" / "history").iterdir()
    assert json.loads(history.read_text())["scores"]["right"]["n"] == 3


def test_rules_are_held_against_a_window_that_moves(project):
    add("old", *range(20), right=False, ago=30)
    add("new", 100, 101)
    follower = Follower(project, "live", window=timedelta(hours=24))
    poll = follower.poll()
    assert (poll.runs, poll.window_runs, poll.window, poll.state) == (22, 2, "24h", "passed")
    assert "2 runs since" in poll.gates[0]["why"]
    saved = json.loads((project.reports_folder / "live" / "summary.json").read_text())
    assert any("Gates: held against the 2 runs" in note for note in saved["quality"]["notes"])
    assert Follower(project, "live").poll().state == "missed"
    follower.window = timedelta(hours=40)
    follower._moves_at = datetime.now(UTC)
    assert (follower.poll().state, follower.poll().window_runs) == ("missed", 22)


def test_a_window_without_runs_decides_nothing(project):
    add("old", 1, right=False, ago=30)
    told = []
    follower = Follower(project, "live", window=timedelta(hours=24), tell=told.append)
    for _ in range(2):
        poll = follower.poll()
        assert (poll.state, poll.problem) == ("unknown", "no run began in the last 24h")
    assert told == []


def test_a_window_holds_what_its_runs_hold(project):
    add("old", *range(5), right=False, ago=30)
    add("new", *range(5, 8))
    Follower(project, "live").poll()
    whole = results(project, "live")
    since = datetime.now(UTC) - timedelta(hours=1)
    part = Results(WindowedResults(whole, since))
    ids = {"r5", "r6", "r7"}
    assert {run.run_id for run in part.runs()} == ids
    for table in ("runs", "cells"):
        assert set(part.table(table, ["run_id"]).column(0).to_pylist()) == ids
    places = part.table("cells", ["run_place", "run_id"]).to_pylist()
    order = part.table("runs", ["run_id"]).column(0).to_pylist()
    assert all(order[each["run_place"]] == each["run_id"] for each in places)
    assert set(part.examples()) == {"e5", "e6", "e7"}
    assert part.run("r6").run_id == "r6"
    with pytest.raises(KeyError):
        part.run("r1")


def test_somebody_is_told_once_and_again_when_it_is_over(project):
    told, broken = [], [True]

    def tell(document):
        if broken:
            broken.pop()
            raise SourceUnavailable("nobody listens")
        told.append((document["state"], document["text"]))

    add("a", 1)
    Follower(project, "live", tell=tell).poll()
    add("b", 2, 3, right=False)
    untold = Follower(project, "live", tell=tell).poll()
    assert (untold.told, untold.untold) == (None, "nobody listens")
    for _ in range(2):  # a new process each time: what was told is on the disk
        follower = Follower(project, "live", tell=tell)
        assert [follower.poll().told for _ in range(2)] == ["missed"] * 2
    add("c", *range(10, 20))
    Follower(project, "live", tell=tell).poll()
    assert told == [
        ("missed", "live: missed: right >= 0.5."),
        ("passed", "live: all gates hold again."),
    ]


def test_an_outage_is_said_and_nothing_is_forgotten(project):
    add("a", 1, 2, right=False)
    told = []
    follower = Follower(project, "live", tell=lambda each: told.append(each["state"]))
    assert follower.poll().state == "missed"
    shutil.move("runs", "away")
    down = [follower.poll() for _ in range(2)]
    assert [each.state for each in down] == ["unknown"] * 2
    assert down[0].down_since == down[1].down_since
    assert "no file matches" in down[1].problem
    assert (down[1].runs, int(down[1].exit_code)) == (2, 3)
    shutil.move("away", "runs")
    back = follower.poll()
    assert (back.state, back.scored, back.down_since) == ("missed", 0, None)
    assert told == ["missed"]


def test_a_broken_file_costs_no_run_of_the_others(project):
    add("a", 1)
    follower = Follower(project, "live")
    follower.poll()
    add("b", 2)
    Path("runs/c.jsonl").write_text('{"run_id": "r9", "outp')
    for _ in range(2):
        poll = follower.poll()
        assert (poll.runs, poll.state) == (2, "unknown")
        assert "c.jsonl:1" in poll.problem
    assert calls() == ["r1", "r2"]
    assert Follower(project, "live", allow_incomplete=True).poll().state == "passed"


class Hook:
    """A webhook that keeps what it gets."""

    def __init__(self, status=200):
        self.got = got = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/s3cret"

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


def test_the_command_calls_a_webhook_and_a_command(project, tmp_path):
    add("a", 1, right=False)
    with Hook() as hook:
        line = "cat > told.json; echo $EVALKIT_STATE >> states.txt"
        ended = evalkit(
            *("follow", "live", "--every", "0.2s", "--polls", "2", "--json", "--on-miss", line),
            cwd=tmp_path, EVALKIT_WEBHOOK=hook.url,
        )  # fmt: skip
    polls = [json.loads(each) for each in ended.out.splitlines()]
    assert (ended.code, [each["polls"] for each in polls]) == (1, [1, 2])
    assert [each["state"] for each in hook.got] == ["missed"]
    assert json.loads(Path("told.json").read_text())["text"] == hook.got[0]["text"]
    assert Path("states.txt").read_text() == "missed\n"
    assert json.loads((tmp_path / "reports/live/follow.json").read_text()) == polls[-1]


def test_a_webhook_that_fails_does_not_say_its_address():
    with Hook(500) as hook, pytest.raises(SourceUnavailable, match="answers 500") as raised:
        post_document(hook.url, {})
    assert "s3cret" not in str(raised.value)
    with pytest.raises(SourceUnavailable, match="ConnectError") as raised:
        post_document("http://user:pa55@127.0.0.1:9/T0/s3cret", {})
    assert "s3cret" not in str(raised.value)
    assert "pa55" not in str(raised.value)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_ends_it_the_next_one_goes_on(project, tmp_path, how):
    rounds = 2 if how == signal.SIGKILL else 1
    for number in range(rounds):
        add(f"f{number}", *range(number * 40, number * 40 + 40))
        process = subprocess.Popen(
            [str(SCRIPT), "follow", "live", "--every", "0.05s", "-q"], cwd=tmp_path
        )
        deadline = time.monotonic() + 30
        while len(calls()) < number * 40 + 10 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(how)
        code = process.wait(20)
        assert code == (-9 if how == signal.SIGKILL else 0)
    poll = Follower(project, "live").poll()
    assert (poll.runs, poll.state) == (rounds * 40, "passed")
    assert {f"r{n}" for n in range(rounds * 40)} == set(calls())
    assert results(project, "live").table("cells").num_rows == rounds * 40


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("5m", 300), ("24h", 86400), ("7d", 604800), ("1.5", 1.5)]
)
def test_lengths_of_time(text, seconds):
    read = SPAN.convert(text, None, None)
    assert read == timedelta(seconds=seconds)
    assert SPAN.convert(shown_span(read), None, None) == read


@pytest.mark.parametrize("text", ["", "0", "-5s", "5 parsecs", "1e9", "999999w"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(click.BadParameter, match="no length of time"):
        SPAN.convert(text, None, None)
