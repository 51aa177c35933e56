"""Deciding: what a score is, once for all experiments of a call; declared comes before seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask, unique
from evalkit.metrics.columns.reading import CellColumns
from evalkit.metrics.documents.summary import ScoreSummary
from evalkit.model.scales.said import are_grades, number_of
from evalkit.model.scales.scale import Scale, ScoreKind, kind_of_range
from evalkit.model.score import EvaluatorInfo

WHOLE = 1e-6
"""How near to 1 counts as 1, as in tau2-bench's `is_successful`."""
TYPES = {"share": "rate", "number": "number", "category": "category", "none": "none"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a score is in every figure of one call."""

    kind: str
    """share, number, category, or none: nothing was scored."""
    range: tuple[float, float] | None = None
    direction: str | None = "higher"
    unit: str = ""
    threshold: float | None = None
    graded: bool = False
    """A share that is also more than 0 and less than 1: parts, not only yes and no."""
    letters: bool = False
    """Single letters are Inspect's grades."""
    missing_as: str | None = None
    """`wrong`: a second figure counts what is missing so."""
    by: str = "values"
    """Who said the kind: `evaluator`, `configuration`, or the values of this call."""

    @property
    def type(self) -> str:
        """The word for the kind in figures: a share is a `rate`."""
        return TYPES[self.kind]

    def holds(self, values: Floats) -> Mask:
        """Return which numbers are possible; one that is not cannot be read as this score."""
        low, high = self.range or (-np.inf, np.inf)
        room = WHOLE * (high - low) if self.range else 0.0
        found: Mask = (values >= low - room) & (values <= high + room)
        return found


@dataclass(slots=True)
class Evidence:
    """What is known of one score over the experiments of a call."""

    low: float = float("inf")
    high: float = float("-inf")
    parts: bool = False
    """Some number lies between 0 and 1."""
    words: set[str] = field(default_factory=set)
    info: EvaluatorInfo | None = None

    def add(self, values: Floats) -> None:
        """Take numbers in."""
        if len(values) == 0:
            return
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        inside = (values > WHOLE) & (values < 1 - WHOLE)
        self.parts = self.parts or bool(inside.any())

    @property
    def numbers(self) -> bool:
        """Whether any number was seen."""
        return self.low <= self.high


def gather(
    found: dict[str, Evidence],
    cells: CellColumns,
    named: Iterable[tuple[str, Codes, EvaluatorInfo | None]],
) -> None:
    """Add what one experiment has: name, rows of the scored cells and evaluator of each score."""
    for name, scored, info in named:
        evidence = found.setdefault(name, Evidence())
        evidence.info = _fuller(evidence.info, info)
        values = cells.score[scored]
        silent = np.isnan(values)
        evidence.add(values[~silent])
        if silent.any():
            raw, words = cells.said.words
            evidence.words |= {words[code] for code in unique(raw[scored[silent]]) if code >= 0}


def _fuller(one: EvaluatorInfo | None, other: EvaluatorInfo | None) -> EvaluatorInfo | None:
    """Return the evaluator that declares more of its scores: an older one may say nothing."""
    if one is None or (other is not None and one.score_kind is None and other.score_kind):
        return other
    return one


def remember(found: dict[str, Evidence], saved: Mapping[str, ScoreSummary]) -> None:
    """Add what a summary saved before had seen, of scores that are in this call too."""
    for name, score in saved.items():
        if name not in found:
            continue
        evidence = found[name]
        if score.min is not None and score.max is not None:
            ends = np.array([score.min, score.max])
            evidence.add(ends)
            evidence.parts = evidence.parts or score.graded
        evidence.words |= set(score.categories)


def decide_all(
    found: Mapping[str, Evidence], configured: Mapping[str, Scale]
) -> dict[str, Decision]:
    """Decide every score; `configured` is by name or key."""
    return {name: decide(each, _of(configured, name)) for name, each in found.items()}


def _of(configured: Mapping[str, Scale], name: str) -> Scale:
    return configured.get(name) or configured.get(name.rpartition(".")[2]) or Scale()


def decide(evidence: Evidence, said: Scale) -> Decision:
    """Decide what a score is: the evaluator, then the configuration, then all values."""
    info = evidence.info
    grades = are_grades(evidence.words)
    read = {word: number_of(word, letters=grades) for word in evidence.words}
    numbers = Evidence(evidence.low, evidence.high, evidence.parts)
    numbers.add(np.array([float(each) for each in read.values() if each is not None]))
    declared, by = _declared(info, said)
    kind = declared or _by_values(numbers, read, evidence.numbers)
    spoken = info.range if info is not None and info.range else said.range
    return Decision(
        kind=kind,
        range=(0.0, 1.0) if kind == "share" else _pair(spoken),
        direction=_direction(info, said),
        unit=(said.unit or "") if kind == "number" else "",
        threshold=info.threshold if info and info.threshold is not None else said.threshold,
        graded=kind == "share" and numbers.parts,
        letters=grades,
        missing_as=said.missing_as,
        by=by if declared else "values",
    )


def _declared(info: EvaluatorInfo | None, said: Scale) -> tuple[ScoreKind | None, str]:
    if info is not None and (kind := info.score_kind or kind_of_range(info.range)):
        return kind, "evaluator"
    return said.kind or kind_of_range(said.range), "configuration"


def _by_values(numbers: Evidence, read: Mapping[str, object], recorded: bool) -> str:
    """Return what undeclared values are.

    Words are categories as soon as one of them is no number and there is nothing but words. A
    number is a share when every number of the call lies from 0 to 1, so that no single value
    between them changes anything.
    """
    unreadable = any(each is None for each in read.values())
    if not recorded and (unreadable or not read):
        return "category" if read else "none"
    return "share" if numbers.low >= -WHOLE and numbers.high <= 1 + WHOLE else "number"


def _direction(info: EvaluatorInfo | None, said: Scale) -> str | None:
    """Return which way is better: as the evaluator declares, as configured, else higher."""
    if info is not None and (info.directed or info.direction != "higher"):
        return info.direction
    if said.direction is not None:
        return None if said.direction == "none" else said.direction
    return info.direction if info is not None else "higher"


def _pair(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
