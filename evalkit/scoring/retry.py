"""Retry: further tries for evaluators that ask for them, with growing pauses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


def retrying(
    function: Callable[..., Any], retries: int, on: tuple[type[BaseException], ...]
) -> Callable[..., Any]:
    """Return the function with `retries` further tries after an exception of `on`."""

    def call(*args: Any, **kwargs: Any) -> Any:
        import stamina

        for attempt in stamina.retry_context(on=_exceptions(on), attempts=retries + 1):
            with attempt:
                return function(*args, **kwargs)
        raise AssertionError("a retry context ends by returning or raising")

    return call


async def retrying_async(
    make: Callable[[], Awaitable[Any]], retries: int, on: tuple[type[BaseException], ...]
) -> Any:
    """Await what `make` returns, with `retries` further tries after an exception of `on`."""
    import stamina

    async for attempt in stamina.retry_context(on=_exceptions(on), attempts=retries + 1):
        with attempt:
            return await make()
    raise AssertionError("a retry context ends by returning or raising")


def _exceptions(on: tuple[type[BaseException], ...]) -> tuple[type[Exception], ...]:
    return tuple(each for each in on if issubclass(each, Exception)) or (Exception,)
