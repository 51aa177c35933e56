"""A real server, with graphs whose behaviour is known: what evalkit says is what they did."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from fetchers.langgraph.helpers import drain, fetch, make_fetcher, outline
from fetchers.langgraph.live import Application, needs_server, running_server

from evalkit.errors import AuthenticationFailed, ExperimentNotFound, NoRunsError
from evalkit.model.run import Run

pytestmark = needs_server
REPLY = ["reply", "-echo-1"]


def human(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def of(url: str, experiment: str, **options: Any) -> list[Run]:
    """Return an experiment's runs, the first created first, and hold the counts against them."""
    fetcher = make_fetcher(url, thread_metadata={"experiment": experiment}, **options)
    runs = list(fetcher.runs())
    counts = fetcher.counts()
    assert counts.expected == counts.received == len(runs)
    assert counts.problems == []
    return sorted(runs, key=lambda run: run.created_at or datetime.now(UTC))


@pytest.fixture(scope="module")
def talk(app: Application) -> str:
    """A chat of forty turns on one thread, asked at once: the server takes half a second each."""
    thread = app.thread("talk")
    for turn in range(40):
        text = f"halve {turn}" if turn % 4 == 0 else f"hello {turn}"
        app.start(thread, "chat", human(text), metadata={"example_id": f"turn-{turn}"})
    return "talk"


@pytest.fixture(scope="module")
def moods(app: Application) -> str:
    """Every way to end, each on a thread of its own, played side by side."""

    def alone(example: str, given: Any, **more: Any) -> None:
        app.play(app.thread("moods", example_id=example), "moody", given, **more)

    def cancelled() -> None:
        thread = app.thread("moods", example_id="cancelled")
        run = app.start(thread, "moody", {"mood": "slow"})
        path = f"/threads/{thread}/runs/{run['run_id']}"
        while not app.ask("GET", f"/threads/{thread}/history", params={"limit": 3})[2:]:
            time.sleep(0.05)
        app.ask("POST", f"{path}/cancel", params={"wait": "true"})
        app.wait(thread, run["run_id"])

    def two(example: str, first: Any, *second: Any, **more: Any) -> None:
        thread = app.thread("moods", example_id=example)
        app.play(thread, "moody", first)
        app.play(thread, "moody", *second, **more)

    plays = [
        lambda: alone("fine", {"mood": "fine"}),
        lambda: alone("raise", {"mood": "raise"}),
        lambda: alone("loop", {"mood": "loop"}, config={"recursion_limit": 4}),
        lambda: alone("timeout", {"mood": "slow"}),
        lambda: alone("ask", {"mood": "ask"}),
        lambda: alone("before", {"mood": "fine"}, interrupt_before=["judge"]),
        lambda: alone("exit", {"mood": "fine"}, durability="exit"),
        cancelled,
        lambda: two("resumed", {"mood": "ask"}, command={"resume": True}),
        lambda: two("asked anew", {"mood": "ask"}, {"mood": "fine"}),
        lambda: two("failed twice", {"mood": "raise"}),
    ]
    with ThreadPoolExecutor(len(plays)) as pool:
        list(pool.map(lambda play: play(), plays))
    return "moods"


WELL = ["prepare", "work", "judge", "finish"]
MOODS: dict[str, list[tuple[str, list[str], str | None]]] = {
    "fine": [("success", WELL, None)],
    "raise": [("error", ["prepare", "work:error!"], "TooMoodyError('not today: 13')")],
    "loop": [
        ("error", ["prepare", "work", "work", "work"], "GraphRecursionError: Recursion limit")
    ],
    "timeout": [("timeout", ["prepare", "work:cut_off"], "TimeoutError")],
    "ask": [("paused", ["prepare", "work", "judge:paused"], None)],
    "before": [("paused", ["prepare", "work"], None)],
    "exit": [("success", [], None)],
    "cancelled": [("cancelled", ["prepare", "work:cut_off"], "UserInterrupt")],
    "resumed": [
        ("paused", ["prepare", "work", "judge:paused"], None),
        ("success", ["judge", "finish"], None),
    ],
    "asked anew": [
        ("paused", ["prepare", "work", "judge:paused"], None),
        ("success", WELL, None),
    ],
    "failed twice": [
        ("error", ["prepare", "work:error!"], "TooMoodyError('not today: 13')"),
        ("error", [], "TooMoodyError('not today: 13')"),
    ],
}


def test_every_way_to_end(server: str, moods: str) -> None:
    runs = of(server, moods)
    for example, told in MOODS.items():
        found = [run for run in runs if run.example_id == example]
        assert [r.outcome for r in found] == [outcome for outcome, _, _ in told], example
        assert [outline(r) for r in found] == [steps for _, steps, _ in told], example
        for run, (_, _, error) in zip(found, told, strict=True):
            assert (run.error or "").startswith(error or "none" if error else ""), example
            assert (run.error is None) == (error is None)
    assert {r.example_id for r in runs} == MOODS.keys()


def test_what_the_ways_to_end_leave_behind(server: str, moods: str) -> None:
    by_example: dict[Any, list[Run]] = {}
    for run in of(server, moods):
        by_example.setdefault(run.example_id, []).append(run)
    (fine,), (timeout,), (left,) = (by_example[n] for n in ("fine", "timeout", "exit"))
    assert fine.outputs["verdict"] == "done fine"
    assert fine.inputs == {"mood": "fine"}
    assert fine.name == "moody"
    assert timeout.latency is not None
    assert 1.5 < timeout.latency < 20  # the server's limit is two seconds
    assert (left.outputs["verdict"], left.steps_recorded) == ("done fine", False)
    paused, resumed = by_example["resumed"]
    assert [i["value"] for i in paused.interrupts] == [{"question": "go on?"}]
    assert paused.outputs["log"] == ["prepared", "worked"]
    assert resumed.outputs["log"] == ["prepared", "worked", "asked", "finished"]


def test_two_levels_of_subgraphs(server: str, app: Application) -> None:
    app.play(app.thread("nest", example_id="whole"), "nested", {"text": "go"})
    app.play(app.thread("nest", example_id="broken"), "nested", {"text": "fail fill"})
    thread = app.thread("nest", example_id="asked")
    app.play(thread, "nested", {"text": "ask dig"})
    app.play(thread, "nested", command={"resume": "yes"})
    whole, broken, paused, resumed = of(server, "nest")
    assert outline(whole) == [
        *("begin", "middle", "-walk", "-inner", "--dig", "--fill", "-rest", "end"),
    ]
    assert broken.error == "ValueError('fill will not')"
    assert outline(broken) == [
        *("begin", "middle:error!", "-walk", "-inner:error!", "--dig", "--fill:error!"),
    ]
    assert outline(paused) == [
        *("begin", "middle:paused", "-walk", "-inner:paused", "--dig:paused"),
    ]
    assert outline(resumed) == ["middle", "-inner", "--dig", "--fill", "-rest", "end"]
    assert resumed.find(name="dig")[0].outputs == {"trail": ["dig heard yes"]}
    assert [s.name for s in whole.find(name="dig")[0].ancestors] == ["inner", "middle"]
    shallow = of(server, "nest", subgraphs=False)
    assert outline(shallow[0]) == ["begin", "middle", "end"]


def test_send_and_a_graph_without_messages(server: str, app: Application) -> None:
    for numbers in ([3, 1, 2], [1, -2], []):
        app.play(app.thread("fan"), "fan", {"numbers": numbers})
    good, bad, none = of(server, "fan")
    assert outline(good) == ["square x3", "square x3", "square x3", "add_up"]
    assert [s.outputs for s in good.find(name="square")] == [
        {"squares": [9]},
        {"squares": [1]},
        {"squares": [4]},
    ]
    assert [s.metadata["send"] for s in good.find(name="square")] == [0, 1, 2]
    assert good.outputs == {"numbers": [3, 1, 2], "squares": [9, 1, 4], "total": 14}
    assert (good.messages, good.usage) == ([], None)
    assert bad.error == "ArithmeticError('negative number')"
    assert [bool(s.error) for s in bad.steps] == [False, True]
    assert (none.steps, none.outcome, none.steps_recorded) == ((), "success", True)
    projected = of(server, "fan", outputs="schema")
    assert projected[0].outputs == {"total": 14}


def test_spans_that_the_graph_recorded_itself(server: str, app: Application) -> None:
    app.play(app.thread("traced"), "traced", {"question": "?"})
    fetcher = make_fetcher(server, thread_metadata={"experiment": "traced"}, spans="spans")
    (run,) = fetcher.runs()
    assert outline(run) == ["look_up", "-index", "speak", "-model"]
    assert [(s.kind, s.latency) for s in run.steps[1::2]] == [("retriever", 1.0), ("llm", 2.0)]
    assert [d.id for d in run.documents] == ["d1"]
    assert run.usage is not None
    assert (run.usage.total_tokens, run.usage.total_cost) == (7, 0.5)
    assert run.first_token_at == datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)
    assert run.outputs == {"question": "?", "answer": "yes"}
    assert len({s.step_id for s in run.steps}) == 4
    assert "span that is no step record" in fetcher.counts().notes[0]


def test_two_graphs_on_one_thread(server: str, app: Application) -> None:
    thread = app.thread("mixed")
    app.play(thread, "chat", human("hello"))
    app.play(thread, "fan", {"numbers": [2]})
    fetcher = make_fetcher(server, thread_metadata={"experiment": "mixed"})
    first, second = fetcher.runs()
    assert (first.outputs, first.steps_recorded, first.outcome) == (None, False, "success")
    assert second.outputs["total"] == 4
    assert thread in fetcher.counts().notes[0]


def test_replay_from_an_old_checkpoint(server: str, app: Application) -> None:
    thread = app.thread("replay")
    app.play(thread, "moody", {"mood": "fine"})
    history = app.ask("GET", f"/threads/{thread}/history", params={"limit": 100})
    (old,) = [s for s in history if s["next"] == ["judge"]]
    app.play(thread, "moody", checkpoint_id=old["checkpoint"]["checkpoint_id"])
    first, again = of(server, "replay")
    assert outline(first) == WELL
    assert outline(again) == ["judge", "finish"]
    assert again.latency is not None


def test_stateless_runs_that_were_kept(server: str, app: Application) -> None:
    given = {
        "assistant_id": "chat",
        "input": human("hello"),
        "metadata": {"experiment": "kept"},
        "on_completion": "keep",
    }
    app.ask("POST", "/runs/wait", json=given)
    app.ask("POST", "/runs/batch", json=[given, given])
    runs = of(server, "kept", wait=True)
    assert [outline(run) for run in runs] == [REPLY] * 3


def test_choosing_runs(server: str, app: Application) -> None:
    made = {"graph_id": "chat", "name": "the chatty one"}
    chatty = app.ask("POST", "/assistants", json=made)["assistant_id"]
    thread = app.thread("choice")
    app.play(thread, "chat", human("one"), metadata={"variant": {"name": "a"}})
    middle = datetime.now(UTC).isoformat()
    app.play(thread, chatty, human("two"), metadata={"variant": {"name": "b", "more": 1}})
    app.play(app.thread("choice"), "moody", {"mood": "raise"})

    def inputs(**options: Any) -> list[Any]:
        runs = of(server, "choice", **options)
        return [r.inputs.get("mood") or r.inputs["messages"][0]["content"] for r in runs]

    assert inputs() == ["one", "two", "raise"]
    assert inputs(run_metadata={"variant": {"name": "b"}}) == ["two"]
    assert inputs(assistant="the chatty one") == inputs(assistant=chatty) == ["two"]
    assert inputs(assistant="chat") == ["one", "two"]
    assert inputs(status="error") == ["raise"]
    assert inputs(since=middle) == ["two", "raise"]
    assert inputs(until=middle) == ["one"]
    assert inputs(limit=2) == ["two", "raise"]
    assert of(server, "choice", assistant="the chatty one")[0].name == "the chatty one"
    with pytest.raises(ExperimentNotFound, match="Did you mean 'the chatty one'"):
        fetch(server, assistant="the chaty one")
    with pytest.raises(NoRunsError):
        fetch(server, thread_metadata={"experiment": "choice"}, since="2999-01-01")


def test_a_second_fetch_pulls_only_what_is_new(server: str, app: Application) -> None:
    threads = [app.thread("again") for _ in range(3)]
    for thread in threads:
        app.play(thread, "chat", human("first"))
    first = of(server, "again")
    known = {run.run_id: run.updated_at.isoformat() for run in first if run.updated_at}
    app.play(threads[1], "chat", human("second"))
    fetcher = make_fetcher(server, thread_metadata={"experiment": "again"}, known=known)
    (new,) = fetcher.runs()
    counts = fetcher.counts()
    assert [m.text for m in new.messages] == ["second", "turn 2: second"]
    assert (counts.expected, counts.received, counts.unchanged) == (4, 4, 3)
    nothing = make_fetcher(
        server, thread_metadata={"experiment": "again"}, known={**known, new.run_id: revision(new)}
    )
    assert list(nothing.runs()) == []
    assert nothing.counts().unchanged == 4


def revision(run: Run) -> str:
    assert run.updated_at
    return run.updated_at.isoformat()


def test_unfinished_runs_are_pending_or_waited_for(server: str, app: Application) -> None:
    app.play(app.thread("slow"), "moody", {"mood": "fine"})
    app.start(app.thread("slow"), "moody", {"mood": "slow", "seconds": 1.2})
    fetcher = make_fetcher(server, thread_metadata={"experiment": "slow"})
    runs = list(fetcher.runs())
    assert (len(runs), fetcher.counts().pending) == (1, 1)
    assert [r.outcome for r in of(server, "slow", wait=True)] == ["success", "success"]


def test_writers_while_we_fetch(server: str, app: Application) -> None:
    """Whatever two fetches see, nothing is lost between them and nothing comes twice."""
    for _ in range(10):
        app.start(app.thread("busy"), "chat", human("early"))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            app.start(app.thread("busy"), "chat", human("late"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        during, error = drain(make_fetcher(server, thread_metadata={"experiment": "busy"}))
    finally:
        stop.set()
        writer.join()
    assert error is None or isinstance(error, NoRunsError)
    assert len({run.run_id for run in during}) == len(during)
    known = {run.run_id: revision(run) for run in during}
    fetcher = make_fetcher(server, thread_metadata={"experiment": "busy"}, known=known, wait=True)
    after = list(fetcher.runs())
    assert not known.keys() & {run.run_id for run in after}
    total = app.ask("POST", "/threads/count", json={"metadata": {"experiment": "busy"}})
    assert len(during) + len(after) == total == fetcher.counts().expected


@pytest.mark.slow
def test_forty_runs_on_one_thread(server: str, talk: str) -> None:
    runs = of(server, talk, wait=True)
    assert [run.example_id for run in runs] == [f"turn-{n}" for n in range(40)]
    for turn, run in enumerate(runs):
        asks = f"halve {turn}" if turn % 4 == 0 else f"hello {turn}"
        answer = str(turn // 2) if turn % 4 == 0 else asks
        assert run.messages[0].text == asks
        assert run.messages[-1].text == f"turn {turn + 1}: {answer}"
        assert len(run.messages) == (4 if turn % 4 == 0 else 2)
        assert outline(run) == ([*REPLY, "tools", "-halve"] if turn % 4 == 0 else []) + REPLY
        assert [(c.name, c.arguments, c.result) for c in run.tool_calls] == (
            [("halve", {"number": turn}, answer)] if turn % 4 == 0 else []
        )
        assert run.outputs["messages"][-1]["content"] == run.messages[-1].text


MEASURED = """
import json, re, sys
from pathlib import Path
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph.fetcher import LangGraphFetcher

options = {"url": sys.argv[1], "thread_metadata": {"experiment": "long"}}
fetcher = LangGraphFetcher(options, FetchContext(experiment="long", base=Path()))
(run,) = fetcher.runs()
print(json.dumps({
    "steps": len(run.find(name="lap")),
    "rows": len(run.outputs["rows"]),
    "bytes": fetcher.http.stats.size,
    "omitted": "inputs_omitted" in run.steps[250].metadata,
    "memory": int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024,
}))
"""


@pytest.mark.slow
def test_memory_on_a_history_of_five_hundred_checkpoints() -> None:
    """The history takes 250 MB as JSON, since each checkpoint repeats the whole state."""
    laps = {"laps": 500, "size": 2000}
    with running_server("patient") as url:
        app = Application(url)
        with app.http:
            ended = app.play(app.thread("long"), "long", laps, config={"recursion_limit": 1000})
        assert ended["status"] == "success"
        command = [sys.executable, "-c", MEASURED, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["memory"] < 200e6
    assert said["bytes"] > 200e6
    assert (said["steps"], said["rows"], said["omitted"]) == (500, 500, True)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with running_server("auth") as url:
        ann = Application(url, {"x-api-key": "key-of-ann-1234"})
        with ann.http:
            ann.play(ann.thread("hers"), "chat", human("hello"))
        yield url


def test_keys(guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hers = {"thread_metadata": {"experiment": "hers"}}
    monkeypatch.setenv("LANGGRAPH_API_KEY", ' "key-of-ann-1234" ')
    assert len(fetch(guarded, **hers)) == 1
    monkeypatch.setenv("LANGGRAPH_API_KEY", "key-of-bob-5678")
    with pytest.raises(ExperimentNotFound):
        fetch(guarded, **hers)
    monkeypatch.setenv("LANGGRAPH_API_KEY", "key-of-eve-9999")
    with pytest.raises(AuthenticationFailed) as caught:
        fetch(guarded, **hers)
    assert "no such key: [redacted]" in str(caught.value)
    assert "key-of-eve" not in str(caught.value)
    lines = list(make_fetcher(guarded, **hers).check())
    assert [line.ok for line in lines] == [True, False]
    assert "0.16" in lines[0].text
    monkeypatch.setenv("OTHER", "key-of-ann-1234")
    lines = list(make_fetcher(guarded, api_key_env="OTHER", **hers).check())
    assert [line.ok for line in lines] == [True] * 4
    assert [line.text.rpartition(" ")[2] for line in lines[2:]] == ["1", "0"]
