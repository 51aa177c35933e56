"""The parts of a run as a server lists it: what was asked, how, and what the run says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evalkit.errors import RecordError
from evalkit.fetchers.langgraph.pauses import NOTHING, Turn
from evalkit.model.timing import parse_time

SECRET = re.compile(r"key|token|secret|passw|auth|credential|cookie", re.IGNORECASE)
INTERNAL = re.compile(r"^(__|langgraph_|run_id$|thread_id$|graph_id$|assistant_id$|user_id$)")
ASKED = "__interrupt__"


class Facts:
    """A raw run with what stands inside it; raises `RecordError` for what is no run.

    aegra states `input`, `output` and `error_message` on the run, and no metadata: its thread's
    hold for it.
    """

    def __init__(
        self, raw: Mapping[str, Any], thread_metadata: Mapping[str, Any] | None = None
    ) -> None:
        run_id = raw.get("run_id")
        if not isinstance(run_id, str) or not run_id:
            raise RecordError("run: has no run_id. The server's answer is no run evalkit knows.")
        self.raw, self.run_id = raw, run_id
        self.status = str(raw.get("status"))
        own = raw.get("metadata")
        self.metadata: dict[str, Any] = dict(
            self._dict(thread_metadata if own is None else own, "metadata")
        )
        self.kwargs = self._dict(raw.get("kwargs"), "kwargs")
        self.config = self._dict(self.kwargs.get("config") or raw.get("config"), "kwargs.config")
        self.command = self._dict(self.kwargs.get("command"), "kwargs.command")

    @property
    def given(self) -> Any:
        """The input as it was sent; None for a run that resumed."""
        return self.kwargs.get("input") if "kwargs" in self.raw else self.raw.get("input")

    @property
    def output(self) -> Any:
        """The output that the run itself states, where a server keeps it there."""
        output = self.raw.get("output")
        if isinstance(output, Mapping):
            return {key: value for key, value in output.items() if key != ASKED} or None
        return output

    @property
    def asked(self) -> list[Any] | None:
        """The questions that the run itself states, where a server keeps them there."""
        output = self.raw.get("output")
        found = output.get(ASKED) if isinstance(output, Mapping) else None
        return found if isinstance(found, list) else None

    @property
    def resumes(self) -> bool:
        """Whether the run was given no input, so that it goes on from what was there."""
        return self.given is None or ("kwargs" not in self.raw and self.given == {})

    def context(self) -> Any:
        """What the caller handed over as the run's context."""
        return self.kwargs.get("context") or self.raw.get("context")

    def time(self, name: str) -> datetime | None:
        """Return one of the run's times."""
        try:
            return parse_time(self.raw.get(name))
        except ValueError as error:
            raise RecordError(f"run {self.run_id}, field {name}: {error}.") from None

    def _dict(self, value: Any, path: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise RecordError(f"run {self.run_id}, field {path}: is no object.")
        return value


def turn_of(raw: Mapping[str, Any]) -> Turn:
    """Return what a run's neighbours on its thread need to know of it."""
    try:
        facts = Facts(raw)
        ended = facts.time("updated_at")
    except RecordError:
        return Turn(str(raw.get("run_id")), began_anew=True)
    return Turn(
        facts.run_id,
        ended_at=ended,
        # aegra does not keep the answer: it went to whatever was open.
        resume=facts.command.get("resume", None if "kwargs" not in raw else NOTHING),
        began_anew=not facts.resumes,
        failed=facts.status not in ("success", "interrupted"),
    )


def harmless(settings: Any) -> dict[str, Any]:
    """Return what the caller configured, without the server's own keys and without secrets."""
    if not isinstance(settings, Mapping):
        return {}
    return {
        key: value
        for key, value in settings.items()
        if value is not None and not INTERNAL.match(key) and not SECRET.search(key)
    }


def lookup(metadata: Mapping[str, Any], path: str) -> Any:
    """Return the value under a path of keys with dots between them, or None."""
    value: Any = metadata
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def example_named(metadata: Mapping[str, Any], path: str) -> str | None:
    """Return the example id that a run's metadata names under `path`, if any."""
    value = lookup(metadata, path)
    return None if value is None else str(value)


def as_count(value: Any) -> int | None:
    """Return a whole number that was written down in any way, or None."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
