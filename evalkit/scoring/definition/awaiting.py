"""Awaiting: wait for what an async evaluator returned, also where an event loop runs already.

Notebooks, web servers and async tests call scoring from inside their own loop, which stands still
until scoring returns, as it would for any other call. Nothing of it is entered again meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any


def finished(awaitable: Awaitable[Any]) -> Any:
    """Return what an awaitable comes to, in an event loop of its own."""
    import asyncio  # 20 ms that most commands need not spend

    with apart():
        return asyncio.run(_awaited(awaitable))


@contextmanager
def apart() -> Iterator[None]:
    """Set aside the event loop that runs in this thread, so that another can run here.

    These are asyncio's calls for those who write event loops. Since Python 3.12 the task that is
    under way is set aside too, which 3.14 asks for.
    """
    import asyncio

    outer = asyncio._get_running_loop()
    if outer is None:
        yield
        return
    swap = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap(outer, None) if swap else None
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if swap:
            swap(outer, task)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
