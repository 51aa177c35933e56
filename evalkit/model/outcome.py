"""Outcome: how a run ended, the sets outcomes fall into, and what status words mean.

Everybody asks here: figures, gates, scoring, judges, terminal, and the page (the sets travel in
its header). To count a pause as a failure, move its word from `UNFINISHED` to `FAILED`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

RunStatus = Literal["pending", "running", "error", "success", "timeout", "interrupted"]
MultitaskStrategy = Literal["reject", "interrupt", "rollback", "enqueue"]
Outcome = Literal["success", "error", "timeout", "cancelled", "paused", "running", "unknown"]
OUTCOMES: tuple[Outcome, ...] = (
    *("success", "error", "timeout", "cancelled", "paused", "running"),
    "unknown",
)
STATUSES: tuple[RunStatus, ...] = (
    *("pending", "running", "error", "success", "timeout", "interrupted"),
)

SUCCEEDED: tuple[Outcome, ...] = ("success",)
FAILED: tuple[Outcome, ...] = ("error", "timeout", "cancelled")
"""Ended without a result: what went wrong is told by error groups."""
UNFINISHED: tuple[Outcome, ...] = ("paused", "running")
"""May still go on: neither a success nor a failure."""
UNKNOWN: tuple[Outcome, ...] = ("unknown",)
"""The source's word for the end says nothing to us: counted apart, never as a success."""
CUT_SHORT: tuple[Outcome, ...] = ("timeout", "cancelled", *UNFINISHED)
"""Would have gone on: their latency is a lower bound."""
SETS: dict[str, tuple[Outcome, ...]] = {
    "succeeded": SUCCEEDED,
    "failed": FAILED,
    "unfinished": UNFINISHED,
    "unknown": UNKNOWN,
}
"""The four sets; every outcome is in exactly one."""

SAID: dict[str, str] = {
    "success": "succeeded",
    "error": "failed with an error",
    "timeout": "ran out of time",
    "cancelled": "cancelled",
    "paused": "paused",
    "running": "still running",
    "unknown": "ended in a way nobody here knows",
}
"""What a sentence says of some runs: `2 cancelled`."""

# fmt: off
STATUS_WORDS: dict[str, RunStatus] = {
    **{word: word for word in STATUSES},
    **dict.fromkeys(("ok", "success", "succeeded", "completed", "complete", "done", "finished",
                     "passed", "stop", "true"), "success"),
    **dict.fromkeys(("error", "errored", "failed", "failure", "fail", "exception", "crashed",
                     "false"), "error"),
    **dict.fromkeys(("timeout", "timed_out", "timedout", "time_limit",
                     "expired", "deadline_exceeded"), "timeout"),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "killed"), "interrupted"),
    **dict.fromkeys(("queued", "waiting"), "pending"),
    **dict.fromkeys(("in_progress", "started"), "running"),
}
# fmt: on
"""Words sources use, in lower case, and the status each stands for."""
SHOWN_WORDS = 6
ROOTLESS = "rootless"
"""Status of a trace that came without its root: nobody can say how the run ended."""
ERROR_WORD = re.compile(
    r"(?i:error|failed)[_:. -].*|[\w.]*(?:Error|Exception)"
    r"|(?i:\w+[_ -](?:error|failed|failure|exception|timeout|timed_out))",
    re.ASCII | re.DOTALL,
)
"""`error_max_turns`, `agent_timeout`, and names of exceptions such as `ValueError`."""
HTTP = re.compile(r"[1-5]\d\d")
"""A status of HTTP: 200 is a success, 429 none."""


def status_of(word: str) -> RunStatus | None:
    """Return the status a source's word stands for, or `None` for a word nobody knows."""
    plain = word.strip().lower()
    known = STATUS_WORDS.get(plain) or STATUS_WORDS.get(plain.replace("-", "_").replace(" ", "_"))
    if known is not None:
        return known
    if HTTP.fullmatch(plain):
        return _of_http(int(plain))
    if not ERROR_WORD.fullmatch(word.strip()):
        return None
    if "timeout" in plain or "timed_out" in plain:
        return "timeout"
    return "interrupted" if "cancel" in plain else "error"


def _of_http(code: int) -> RunStatus | None:
    if code in (408, 504):
        return "timeout"
    return "error" if code >= 400 else "success" if 200 <= code < 300 else None


def outcome_of(status: str, error: str | None, stopped: str | None, has_interrupts: bool) -> str:
    """Derive how a run ended. A word nobody knows is an error where one is recorded, else unknown.

    `stopped` is what tells more than the status; a run that has not ended has not stopped.
    """
    known = STATUS_WORDS.get(status) or status_of(status)
    if known in ("pending", "running"):
        return "running"
    if known == "success":
        return stopped or ("paused" if has_interrupts else "success")
    if known == "interrupted":
        return stopped or "cancelled"
    return stopped or known or ("error" if error else "unknown")


def place_of(outcome: str | None) -> int:
    """Return the place in `OUTCOMES`; what is no outcome is unknown, never a success."""
    known = outcome in OUTCOMES
    return OUTCOMES.index(outcome if known else "unknown")


def places_of(outcomes: Iterable[str]) -> list[int]:
    """Return the places of some outcomes, as columns hold them."""
    return [place_of(each) for each in outcomes]


def unknown_said(experiment: str, words: Mapping[str, int]) -> list[str]:
    """Say in one line which status words nobody knows, how many runs have each, and what to do."""
    n = sum(words.values())
    if not n:
        return []
    ordered = sorted(words.items(), key=lambda each: (-each[1], each[0]))
    shown = ", ".join(f"{word[:60]!r} ({count:,})" for word, count in ordered[:SHOWN_WORDS])
    more = f" and {len(words) - SHOWN_WORDS:,} more" if len(words) > SHOWN_WORDS else ""
    runs_are = "1 run is" if n == 1 else f"{n:,} runs are"
    return [
        f"{runs_are} neither a success nor a failure, for nobody here knows the status {shown}"
        f"{more}. Say what a word means in [experiments.{experiment}.statuses]."
    ]


def succeeded(outcome: str) -> bool:
    """Tell whether a run with this outcome succeeded."""
    return outcome in SUCCEEDED


def failed(outcome: str) -> bool:
    """Tell whether a run with this outcome failed."""
    return outcome in FAILED


def is_better(outcome: str) -> Literal["higher", "lower"] | None:
    """Return which way the share of an outcome is better; a pause may be what was wanted."""
    if outcome in SUCCEEDED:
        return "higher"
    return None if outcome == "paused" and outcome in UNFINISHED else "lower"
