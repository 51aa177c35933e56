"""Gates: failed ones first, each with what was seen."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.metrics.gate_result import GateResult
from evalkit.report import numbers
from evalkit.report.parts import GatePart

ORDER = {False: 0, None: 1, True: 2}


def build(results: Sequence[GateResult]) -> tuple[GatePart, ...]:
    """Return the gates, missed first, otherwise in the order they were written."""
    parts = [_part(result) for result in results]
    return tuple(sorted(parts, key=lambda part: ORDER[part.passed]))


def _part(result: GateResult) -> GatePart:
    seen = result.observed
    text = numbers.in_unit(seen.value, result.unit) if seen is not None else "not measured"
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
