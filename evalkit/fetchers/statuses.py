"""Statuses: what the configuration says that the words of a source mean."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.model.outcome import outcome_of
from evalkit.model.run import RUN_FIELDS, Run

SETTLED = {"paused": "interrupted", "cancelled": "interrupted", "unknown": "error"}
"""Status of a run that was said to have ended although its own status says it goes on."""


def settled(run: Run, statuses: Mapping[str, str], word: str | None = None) -> Run:
    """Return the run with the outcome that `statuses` gives to its status.

    `word` is the source's own, where reading the source has turned it into another status.
    Capitals do not matter; a word written exactly goes first.
    """
    said = str(word if word is not None else run.status).strip()
    wanted = statuses.get(said)
    if wanted is None:
        wanted = next((o for key, o in statuses.items() if key.lower() == said.lower()), None)
    if wanted is None or wanted == run.outcome:
        return run
    values = {name: getattr(run, name) for name in RUN_FIELDS} | {"stopped": wanted}
    if wanted == "running":
        values["status"] = "running"
    elif outcome_of(run.status, None, None, False) == "running":
        values["status"] = SETTLED.get(wanted, wanted)
    return Run(**values)
