"""Retry: further tries for evaluators that ask for them, with growing pauses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds; a pause is random up to a bound that doubles from the first to the longest."""


def retrying(
    function: Callable[..., Any], retries: int, on: tuple[type[BaseException], ...]
) -> Callable[..., Any]:
    """Return the function with `retries` further tries after an exception of `on`."""

    def call(*args: Any, **kwargs: Any) -> Any:
        from tenacity import Retrying

        return Retrying(**_policy(retries, on))(function, *args, **kwargs)

    return call


async def retrying_async(
    make: Callable[[], Awaitable[Any]], retries: int, on: tuple[type[BaseException], ...]
) -> Any:
    """Await what `make` returns, with `retries` further tries after an exception of `on`."""
    from tenacity import AsyncRetrying

    async def once() -> Any:
        return await make()

    return await AsyncRetrying(**_policy(retries, on))(once)


def _policy(retries: int, on: tuple[type[BaseException], ...]) -> dict[str, Any]:
    """Return when to try again; what only ends the process is never tried again."""
    from tenacity import retry_if_exception_type, stop_after_attempt, wait_random_exponential

    wanted = tuple(each for each in on if issubclass(each, Exception)) or (Exception,)
    return {
        "retry": retry_if_exception_type(wanted),
        "stop": stop_after_attempt(retries + 1),
        "wait": wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
        "reraise": True,
    }
