"""Gates: failed ones first, each with what was seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.report.charts import numbers
from evalkit.report.values.parts import GatePart

if TYPE_CHECKING:
    from evalkit.metrics.documents.gate import GateResult

AGAINST = re.compile(r"\b(?:than|vs|against)\b")
"""Words of a rule about a difference from the baseline."""
ORDER = {False: 0, None: 1, True: 2}


def build(results: Sequence[GateResult], baseline: str | None) -> tuple[GatePart, ...]:
    """Return the gates, missed first, otherwise in the order they were written.

    A rule against the baseline says nothing of the baseline itself, and is left out there.
    """
    parts = [_part(r) for r in results if r.passed is not None or r.experiment != baseline]
    return tuple(sorted(parts, key=lambda part: ORDER[part.passed]))


def _part(result: GateResult) -> GatePart:
    seen = result.observed
    text = "not measured"
    if seen is not None:
        write = numbers.difference if AGAINST.search(result.rule) else numbers.in_unit
        text = write(seen.value, result.unit)
    return GatePart(
        rule=result.rule,
        passed=result.passed,
        observed=text,
        why=result.why,
        experiment=result.experiment,
        n=seen.n if seen is not None else None,
        file=result.file,
        line=result.line,
    )
