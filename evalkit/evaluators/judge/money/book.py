"""Book: what judges took so far and what is in flight, as plain values and events on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

Event = list[Any]
"""What happened: its name, then what it is about."""


@dataclass
class Totals:
    """What was asked so far and what it took; `guessed_input` is what was estimated before."""

    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    guessed_input: int = 0
    spent: float = 0.0
    unpriced: int = 0
    unanswered: int = 0
    """Times a question was put and no answer heard: the endpoint may have billed them."""
    uncertain: float = 0.0
    """The most these can have cost; not part of `spent`."""
    reserved: float = 0.0
    """Set aside for calls in flight."""

    def since(self, before: Totals) -> Totals:
        """Return what came after `before`."""
        mine, theirs = asdict(self), asdict(before)
        left = {name: value - theirs[name] for name, value in mine.items() if name != "reserved"}
        return Totals(**left, reserved=self.reserved)


@dataclass(frozen=True, slots=True)
class Paid:
    """What one call took; `cost` is None without a price."""

    cost: float | None
    input_tokens: int
    output_tokens: int


class Experience(NamedTuple):
    """What a model took: answers, guessed and real input tokens, output tokens."""

    answers: int
    guessed: int
    given: int
    taken: int


@dataclass
class Book:
    """Totals of all commands, those at the beginning of this one, and reservations by call."""

    totals: Totals = field(default_factory=Totals)
    began: Totals = field(default_factory=Totals)
    pending: dict[str, dict[str, Any]] = field(default_factory=dict)
    holders: list[list[Any]] = field(default_factory=list)
    models: dict[str, list[int]] = field(default_factory=dict)
    """The numbers of `Experience` by model."""

    def reserved(self) -> float:
        """Return what is set aside for calls in flight."""
        return sum(each["most"] or 0.0 for each in self.pending.values())

    def apply(self, event: Event) -> None:
        """Let an event happen; one of an unknown name is of another version and passed over."""
        happened = getattr(self, f"_{event[0]}", None)
        if happened is not None:
            happened(*event[1:])

    def _begin(self, holders: list[list[Any]], anew: bool) -> None:
        self.holders = holders
        if anew:
            self.began = replace(self.totals)

    def _reserve(
        self, call: str, key: str, most: float | None, by: list[Any], guess: int, model: str = ""
    ) -> None:
        about = {"key": key, "most": most, "by": by, "guessed": guess, "model": model}
        self.pending[call] = about

    def _lost(self, call: str) -> None:
        each = self.pending.get(call, {"most": None})
        self.totals.unanswered += 1
        self.totals.uncertain += each["most"] or 0.0
        each["most"] = None if each["most"] is None else 0.0

    def _again(self, call: str, most: float | None) -> None:
        if call in self.pending:
            self.pending[call]["most"] = most

    def _hit(self) -> None:
        self.totals.cached += 1

    def _settle(self, call: str, paid: list[Any] | None) -> None:
        reserved = self.pending.pop(call, None) or {}
        totals = self.totals
        totals.calls += 1
        if paid is None:
            totals.unanswered += 1
            totals.uncertain += reserved.get("most") or 0.0
            return
        cost, given, taken = paid
        totals.input_tokens += given
        totals.output_tokens += taken
        if given and reserved.get("guessed"):
            totals.guessed_input += reserved["guessed"]
            seen = self.models.get(reserved["model"], [0, 0, 0, 0])
            more = (1, reserved["guessed"], given, taken)
            self.models[reserved["model"]] = [a + b for a, b in zip(seen, more, strict=True)]
        totals.spent += cost or 0.0
        totals.unpriced += cost is None

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            **asdict(self.totals),
            "reserved": self.reserved(),
            "began": asdict(self.began),
            "pending": self.pending,
            "holders": self.holders,
            "models": self.models,
        }

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Book:
        """Return the book that a document holds."""
        return cls(
            totals=_totals(known),
            began=_totals(known.get("began", {})),
            pending=dict(known.get("pending", {})),
            holders=list(known.get("holders", [])),
            models=dict(known.get("models", {})),
        )


def _totals(known: Mapping[str, Any]) -> Totals:
    names = {each.name for each in fields(Totals)} - {"reserved"}
    return Totals(**{name: value for name, value in known.items() if name in names})
