"""What is said of data before it is scored: findings that change figures, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.metrics.documents.plain import to_plain

VALIDATION_VERSION = 1
Level = Literal["finding", "note"]
CHECKS = (
    "schema", "references", "duplicates", "near_duplicates", "leaks", "versions", "windows",
    "models",
)  # fmt: skip
"""What is looked for; each may be left out by name."""
LONGEST = 40
"""Characters of an id in a sentence; `ids` has it whole."""
LISTED = 3
"""Ids named of each finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the data; a `finding` makes figures wrong, a `note` is good to know."""

    check: str
    level: Level
    text: str
    """A sentence, with the first ids."""
    where: str = ""
    """The field, as in `outputs.answer`."""
    n: int = 0
    """Runs or examples it is about."""
    of: int = 0
    """Runs or examples that were looked at."""
    ids: Sequence[str] = ()
    """The first of them."""
    experiments: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """An experiment that was looked at."""

    name: str
    runs: int
    examples: int


@dataclass(frozen=True, slots=True)
class Validation:
    """Everything said of one or more experiments."""

    experiments: list[Looked]
    findings: list[Finding] = field(default_factory=list)
    unlooked: list[str] = field(default_factory=list)
    """Checks that were not made, for they take long; `evalkit validate` makes them."""

    def count(self, level: Level) -> int:
        """Count what was found of one level."""
        return sum(each.level == level for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        plain: dict[str, Any] = to_plain(self)
        counts = {"findings": self.count("finding"), "notes": self.count("note")}
        return {
            "type": "evalkit.validation",
            "version": VALIDATION_VERSION,
            "counts": counts,
            **plain,
        }


def named(ids: Sequence[str], n: int | None = None) -> str:
    """Return the first ids as text, and that there are more."""
    more = len(ids) > LISTED or (n is not None and n > len(ids[:LISTED]))
    return ", ".join(map(short, ids[:LISTED])) + (" ..." if more else "")


def short(name: str) -> str:
    """Return an id as a sentence has it: of a long one its ends, which tell it from others."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[:half]}..{name[-half:]}"


def counted(n: int, of: int, what: str) -> str:
    """Return `3 of 40 runs`, or `all 40 runs`."""
    plural = what + "s" * (of != 1)
    return f"all {of:,} {plural}" if n == of and of > 1 else f"{n:,} of {of:,} {plural}"
