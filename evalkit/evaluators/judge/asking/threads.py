"""Threads: a call that blocks, awaited; one that is in flight when it is cancelled may arrive.

Each call has a thread of its own that nobody waits for at the end: the loop's own threads are few
and hold up the exit of the process.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

GRACE_S = 30.0
"""How long a cancelled call may still take to bring home what is paid already."""
Said = TypeVar("Said")


async def in_thread(work: Callable[[threading.Event], Said]) -> Said:
    """Await `work(stop)` in a thread; when cancelled, `stop` is set and it has a while to end."""
    loop, stop = asyncio.get_running_loop(), threading.Event()
    ended: asyncio.Future[Said] = loop.create_future()

    def call() -> None:
        try:
            tell, said = ended.set_result, work(stop)
        except BaseException as error:
            _tell(loop, ended, ended.set_exception, error)
        else:
            _tell(loop, ended, tell, said)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(call,), daemon=True).start()
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({ended}, timeout=GRACE_S)
        if ended.done():
            return ended.result()
        raise


def _tell(
    loop: asyncio.AbstractEventLoop,
    ended: asyncio.Future[Said],
    how: Callable[..., None],
    said: object,
) -> None:
    """Hand over what came, where somebody is still there to hear it."""

    def hand_over() -> None:
        if not ended.done():
            how(said)

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(hand_over)
