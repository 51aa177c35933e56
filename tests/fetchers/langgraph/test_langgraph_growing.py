"""A server that is written to during the whole fetch: every run that has ended once, no other."""

import threading
from collections import Counter

import pytest
from fetchers.langgraph.helpers import make_fetcher
from fetchers.langgraph.live import Application, needs_server

pytestmark = [*needs_server, pytest.mark.slow]
WRITERS, THREADS = 4, 50


def write(url: str, number: int, enough: threading.Event) -> None:
    app = Application(url)
    with app.http:
        for place in range(THREADS):
            thread = app.thread("growing", example_id=f"{number}-{place}")
            app.start(thread, "long", {"laps": 1})
            if place % 5 == 0:
                app.start(thread, "long", {"laps": 2})  # waits for the first
        enough.set()


def test_two_hundred_threads_by_four_writers(server: str, app: Application) -> None:
    app.play(app.thread("growing", example_id="first"), "long", {"laps": 1})
    done = [threading.Event() for _ in range(WRITERS)]
    writers = [
        threading.Thread(target=write, args=(server, number, event))
        for number, event in enumerate(done)
    ]
    for writer in writers:
        writer.start()
    known: dict[str, str] = {}
    arrived: Counter[str] = Counter()
    rounds = 0
    while rounds < 60:
        rounds += 1
        over = all(event.is_set() for event in done)
        fetcher = make_fetcher(server, thread_metadata={"experiment": "growing"}, known=known)
        for run in fetcher.runs():
            assert run.status == "success"
            assert run.updated_at is not None
            arrived[run.run_id] += 1
            known[run.run_id] = run.updated_at.isoformat()
        counts = fetcher.counts()
        assert counts.problems == []
        assert counts.expected == counts.received == len(known)
        if over and counts.pending == 0:
            break
    for writer in writers:
        writer.join()
    assert set(arrived.values()) == {1}
    assert len(arrived) == 1 + WRITERS * (THREADS + THREADS // 5)
    assert rounds > 1
