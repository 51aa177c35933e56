"""Whole: no rule passes on a part of the runs, or against a part of the baseline's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.metrics.documents.gate import GateResult
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.gating.grammar import Gate


def only_of_the_whole(
    gates: Sequence[Gate],
    found: Sequence[GateResult],
    summary: Summary,
    *,
    baseline_complete: bool,
) -> list[GateResult]:
    """Return the results, missed where runs that did not come may be what would have decided."""
    if not summary.counts.complete:
        return [_missed(each, _short(summary)) for each in found]
    if baseline_complete:
        return list(found)
    said = "The fetch of the baseline is incomplete."
    return [
        _missed(each, said) if gate.needs_baseline and each.passed is not None else each
        for gate, each in zip(gates, found, strict=True)
    ]


def _missed(result: GateResult, why: str) -> GateResult:
    return replace(result, passed=False, why=f"{why} {result.why}")


def _short(summary: Summary) -> str:
    counts = summary.counts
    of = "" if counts.expected is None else f" of {counts.expected:,}"
    return f"The fetch is incomplete, {counts.received:,}{of} runs are there."
