"""What the pool goes by: the pace of other runs, and messages nobody else could have written."""

import os
from collections.abc import Iterator

import pytest

from evalkit.scoring.workers.channel import Channel, Closed, Garbled
from evalkit.scoring.workers.pace import Pace


@pytest.mark.parametrize(
    ("calls", "before", "seconds", "exceeded"),
    [
        (0, 0, 60.0, False),  # nothing to go by: it may be loading a model
        (10, 9, 60.0, False),
        (10, 10, 60.0, True),
        (100, 0, 60.0, True),  # what other jobs needed counts as well
        (0, 100, 60.0, True),
        (100, 100, 0.49, False),  # 49 times as long as the others
        (100, 100, 0.51, True),
    ],
)
def test_a_call_is_held_against_the_others(
    calls: int, before: int, seconds: float, exceeded: bool
) -> None:
    pace = Pace()
    pace.note(1, calls, calls * 0.01)
    pace.note(2, 1000, 0.0)  # another evaluator
    assert pace.is_exceeded(1, seconds, before=before, took=before * 0.01) is exceeded


@pytest.fixture
def channel() -> Iterator[Channel]:
    """Return a channel that talks to itself."""
    made = Channel(*os.pipe())
    yield made
    made.close()


def test_messages_arrive_whole_and_in_order(channel: Channel) -> None:
    for message in ("one", {"two": b"2" * 20_000}, None):
        channel.send(message)
    assert list(channel.arrived()) == ["one", {"two": b"2" * 20_000}, None]


@pytest.mark.parametrize("garbage", [b"x", b"garbage" * 100, bytes(64)])
def test_what_others_wrote_is_no_message(channel: Channel, garbage: bytes) -> None:
    channel.send("before")
    os.write(channel.writes, garbage)
    channel.send("after" * 10)
    arrived = channel.arrived()
    assert next(arrived) == "before"
    with pytest.raises(Garbled):
        next(arrived)
    assert list(channel.rest()) == []


def test_nobody_on_the_other_side(channel: Channel) -> None:
    os.close(channel.writes)
    with pytest.raises(Closed):
        channel.receive()
    channel.writes = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(Closed):
        channel.send("unheard")
