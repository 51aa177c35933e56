"""Failures: what a span's status and exceptions say went wrong, and what only looks like it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from evalkit.fetchers.files.formats.otlp.forms.payloads import structure
from evalkit.fetchers.files.formats.otlp.forms.raw import Event

TRACEBACK = "Traceback (most recent call last)"
STACK = re.compile(r"\n\s+at [^\n]*(?:\n|$)[\s\S]*")
"""The frames below a JavaScript error."""
HANDOFF = re.compile(r"\s*(?:[\w.]+\.)?(?:ParentCommand|GraphBubbleUp)\b")
PAUSE = re.compile(r"\s*(?:[\w.]+\.)?(?:GraphInterrupt|NodeInterrupt)\b")
LAST_LINE = re.compile(r"([\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b[^\n]*)\s*$")


class Failure(NamedTuple):
    """What went wrong; without an error it was a signal of the framework, or nothing is told."""

    error: str | None = None
    traceback: str | None = None
    handoff: bool = False
    """LangGraph hands over to another graph by an exception."""
    interrupts: tuple[Any, ...] = ()
    """What LangGraph waits for, which it tells by an exception, too."""


def failure_of(events: Iterable[Event], message: str | None, kind: str | None = None) -> Failure:
    """Return what went wrong: the exception the status speaks of, else the status alone.

    `kind` is the class of error that some tracers state apart.
    """
    thrown = [each.attributes for each in events if each.name == "exception"]
    told = (message or "").strip()
    main = next((e for e in reversed(thrown) if _message(e) and _message(e) in told), None)
    if main is None and thrown and (not told or TRACEBACK in told):
        main = thrown[-1]
    spoken = _spoken(main) if main is not None else _bare(told)
    type_of = str(main.get("exception.type") or "") if main is not None else ""
    trace = str(main.get("exception.stacktrace") or "") if main is not None else ""
    signal = f"{type_of} {spoken}" if type_of else spoken
    if HANDOFF.match(spoken) or HANDOFF.match(type_of):
        return Failure(handoff=True)
    if PAUSE.match(spoken) or PAUSE.match(type_of):
        return Failure(interrupts=(_waits(signal),))
    if waits := _interrupts(spoken):
        return Failure(interrupts=waits)
    whole = told if TRACEBACK in told or STACK.search(told) else ""
    return Failure(spoken or kind or None, trace or whole or None)


def _message(thrown: Mapping[str, Any]) -> str:
    return str(thrown.get("exception.message") or "").strip()


def _spoken(thrown: Mapping[str, Any]) -> str:
    """Return `type: message` as a traceback's last line has it, without frames."""
    kind, said = thrown.get("exception.type"), _bare(_message(thrown))
    return f"{kind}: {said}" if kind and said else str(kind or said)


def _bare(told: str) -> str:
    """Return a message without the traceback that some tracers write behind it."""
    head, marked, rest = told.partition(TRACEBACK)
    if marked:
        found = LAST_LINE.search(rest.strip())
        return found[1].strip() if found else head.strip() or told
    return STACK.sub("", told).strip() or told.strip()


def _interrupts(told: str) -> tuple[Any, ...]:
    """Return what LangGraph.js waits for: it throws the interrupts as JSON."""
    found = structure(told)
    listed = found if isinstance(found, list) else []
    known = [each for each in listed if isinstance(each, Mapping) and "value" in each
             and each.keys() & {"id", "ns", "when", "resumable", "interrupt_id"}]  # fmt: skip
    return tuple(each["value"] for each in known) if known and len(known) == len(listed) else ()


def _waits(told: str) -> Any:
    return told.strip()
