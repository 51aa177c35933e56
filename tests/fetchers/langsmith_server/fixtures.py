"""Values the tests of the LangSmith fetcher share."""

from __future__ import annotations

from .serve import LangSmithServer
from .world import World

BACKENDS = ("v1", "dual", "v2")


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def environ_of(server: LangSmithServer, **more: str) -> dict[str, str]:
    """The variables that lead to a server, and to no profile of this machine."""
    return {
        "LANGSMITH_ENDPOINT": server.url,
        "LANGSMITH_API_KEY": "lsv2_pt_secret_key",
        "LANGSMITH_CONFIG_FILE": "/nonexistent/config.json",
        **more,
    }


def experiment_of(world: World) -> str:
    """The name of the first experiment."""
    return str(next(iter(world.sessions.values()))["name"])
