"""Loop: the one event loop of a process, kept so that clients of user code outlive a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.scoring.definition.awaiting import apart

if TYPE_CHECKING:
    import asyncio

_loops: list[asyncio.AbstractEventLoop] = []


def event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop, made when it is first needed."""
    import asyncio

    if not _loops or _loops[-1].is_closed():
        _loops[:] = [asyncio.new_event_loop()]
    return _loops[-1]


def close_loop() -> None:
    """Close the loop, if there is one, with what still waits in it."""
    while _loops:
        loop = _loops.pop()
        if not loop.is_closed():
            with apart():
                loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def forget_loop() -> None:
    """Leave the loop of a parent process alone after a fork."""
    _loops.clear()
