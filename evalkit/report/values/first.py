"""First: what stands on the first screen, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a sentence."""

    text: str
    strong: bool = False
    link: str | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class RulePart:
    """One rule of the gates with every experiment it was held against."""

    words: str
    rule: str
    """As it was written."""
    passed: bool | None
    seen: str
    """What was seen, the candidate first."""
    note: str = ""
    """What the weak form of a rule means, and what the strict one would say."""


@dataclass(frozen=True, slots=True)
class FirstCase:
    """One run to look at first: what was asked, said and expected."""

    run_id: str
    example_id: str
    text: str
    before: str
    """Right runs before, or the mean; empty where nothing is compared."""
    after: str
    said: str
    expected: str
    link: str


@dataclass(frozen=True, slots=True)
class MissingPart:
    """One thing that is not there: a word and a sentence."""

    word: str
    text: str


@dataclass(frozen=True, slots=True)
class FirstPart:
    """The first screen below its answer."""

    chosen: str
    """How the primary metric was chosen."""
    paragraph: str
    """What the interval of the primary metric rules out, leaves open, and could have found."""
    rules: tuple[RulePart, ...]
    rules_word: str
    """Such as `3 of 3 pass`."""
    caption: str
    """How many of the other metrics surely changed."""
    looks: tuple[FirstCase, ...]
    looks_title: str
    looks_more: str
    """Text of the link to all of them; empty where all are shown."""
    looks_link: str
    missing: tuple[MissingPart, ...]
