"""Worker processes that stay for the next share of a scoring."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from evalkit.scoring.shares.kept import Kept, OfScoring


class Process:
    """A worker process that can only end."""

    def __init__(self) -> None:
        self.channel, self.code = self, None
        self.thread = threading.current_thread()

    def send(self, message: object) -> None: ...

    def kill(self) -> None:
        self.code = -9

    def close(self) -> None: ...

    def exit_code(self) -> int | None:
        return self.code


def taken(kept: Kept, scoring: str) -> Any:
    return OfScoring(kept, scoring).take(Process)  # type: ignore[arg-type]


def test_one_that_waits_is_taken_again() -> None:
    kept = Kept()
    first = taken(kept, "a")
    kept.give_back("a", first)
    assert taken(kept, "b") is not first
    assert taken(kept, "a") is first
    assert taken(kept, "a") is not first


def test_one_that_ended_meanwhile_is_not() -> None:
    kept = Kept()
    first = taken(kept, "a")
    kept.give_back("a", first)
    first.kill()
    assert taken(kept, "a") is not first


def test_those_of_a_scoring_end_with_it() -> None:
    kept = Kept()
    first, second, other = taken(kept, "a"), taken(kept, "a"), taken(kept, "b")
    kept.give_back("a", first)
    kept.give_back("b", other)
    kept.end("a")
    kept.give_back("a", second)  # a share that came to its end after the scoring
    assert (first.code, second.code, other.code) == (-9, -9, None)


def test_one_that_nobody_wants_ends_by_itself() -> None:
    kept = Kept(idle=0.0)
    first = taken(kept, "a")
    kept.give_back("a", first)
    for _ in range(200):
        if first.code is not None:
            break
        threading.Event().wait(0.05)
    assert first.code == -9


def test_all_are_begun_by_one_thread_that_stays() -> None:
    """On Linux a worker process dies with the thread that began it."""
    kept, found = Kept(), []
    threads = [threading.Thread(target=lambda: found.append(taken(kept, "a"))) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    (thread,) = {each.thread for each in found}
    assert thread.is_alive()
    assert thread not in threads


def test_what_keeps_one_from_beginning_is_raised() -> None:
    def fails() -> Any:
        raise OSError("no memory")

    with pytest.raises(OSError, match="no memory"):
        OfScoring(Kept(), "a").take(fails)
