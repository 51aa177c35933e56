"""Score and Feedback: what an evaluator says, and what became of asking it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.model.scales.scale import ScoreKind

CellOutcome = Literal["scored", "not_applicable", "evaluator_error", "run_failed", "missing"]
CELL_OUTCOMES: tuple[CellOutcome, ...] = (
    "scored",
    "not_applicable",
    "evaluator_error",
    "run_failed",
    "missing",
)
LEFT_OUT = ("characters_left_out", "images_left_out")
"""What of a run a judge did not see: names in the `judge` part of a score's metadata."""
ScoreType = Literal["bool", "int", "float", "category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What an evaluator says of a run, a step, an experiment or a pair.

    `score` is a number or a truth value, `value` a category or any other JSON value; with neither,
    the evaluator does not apply and `comment` says why.
    """

    key: str | None = None
    """Name of the figure; `None` takes the evaluator's name."""
    score: bool | int | float | None = None
    value: Any = None
    comment: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    step_id: str | None = None
    """The step the score is about, where it is about one."""

    @property
    def type(self) -> ScoreType | None:
        """Whether this is a truth value, a number or a category; `None` when it does not apply."""
        if self.score is None:
            return None if self.value is None else "category"
        if isinstance(self.score, bool):
            return "bool"
        return "int" if isinstance(self.score, int) else "float"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A score attached to a run (and step) by a named evaluator, or the reason there is none."""

    key: str
    run_id: str | None = None
    """`None` for a score of the whole experiment."""
    step_id: str | None = None
    example_id: str | None = None
    repetition: int | None = None
    evaluator: str = ""
    fingerprint: str | None = None
    """Of the evaluator that made it; `None` for a recorded score."""
    outcome: CellOutcome = "scored"
    score: bool | int | float | None = None
    value: Any = None
    comment: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    traceback: str | None = None
    timed_out: bool = False
    duration_ms: float | None = None
    source: Literal["evaluator", "recorded"] = "evaluator"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> ScoreType | None:
        """As `Score.type`."""
        return Score(score=self.score, value=self.value).type


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorInfo:
    """What people are told about an evaluator; saved beside its scores."""

    name: str
    scope: Literal["run", "step", "experiment", "comparison"] = "run"
    keys: tuple[str, ...] = ()
    """Keys it has been seen to give, or its own name before it ran."""
    version: str | None = None
    fingerprint: str | None = None
    doc: str = ""
    file: str | None = None
    """Relative to the project where it lies inside."""
    line: int | None = None
    direction: Literal["higher", "lower"] | None = "higher"
    kind: Literal["code", "judge", "recorded"] = "code"
    directed: bool = False
    """Whether `direction` was declared, rather than left at higher."""
    range: tuple[float, float] | None = None
    score_kind: ScoreKind | None = None
    """What its scores are, as far as it says so; `kind` is how they are made."""
    threshold: float | None = None
    """A score at or beyond it (in `direction`) counts as a pass."""
    options: Mapping[str, Any] = field(default_factory=dict)
    failed_runs: Literal["call", "skip"] = "call"
