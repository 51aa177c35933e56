"""Notes: what has to be said beside the figures, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evalkit.metrics.columns.reading import SLACK, RunColumns
from evalkit.metrics.columns.tallied import WITHIN
from evalkit.metrics.documents.lookup import unread_text
from evalkit.metrics.documents.summary import ScoreSummary, StepSummary


def unread(scores: Mapping[str, ScoreSummary]) -> list[str]:
    """Say of which scores some cells cannot be read."""
    return [unread_text(each) + "." for each in scores.values() if each.unread]


def wrong_times(runs: RunColumns, outside: int) -> list[str]:
    """Say which times inside runs cannot be: steps beyond their step, first tokens beyond it."""
    said = []
    if outside:
        said.append(
            f"{outside:,} steps begin before or end after the step they are in (clocks differ): "
            "only the time inside it counts against its own."
        )
    ttft, latency = runs.numbers["ttft_s"], runs.numbers["latency_s"]
    tokens = int(np.sum((ttft < 0) | (ttft > latency + SLACK)))
    if tokens:
        said.append(f"{tokens:,} runs have their first token outside of the run: it is not used.")
    return said


def tallied(steps: Sequence[StepSummary]) -> list[str]:
    """Say so where quantiles are not those of values that were kept."""
    if not any(WITHIN in method for each in steps for method in each.latency.methods.values()):
        return []
    calls = sum(each.calls for each in steps)
    return [f"There are {calls:,} steps: quantiles of their times are {WITHIN} (log histogram)."]


def uncalibrated(scores: Mapping[str, ScoreSummary]) -> list[str]:
    """Say which judges nobody compared with people."""
    names = [name for name, score in scores.items() if score.uncalibrated]
    if not names:
        return []
    return [f"Judges not compared with people: {', '.join(names)}. See `evalkit agree`."]
