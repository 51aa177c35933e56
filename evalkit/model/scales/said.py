"""Said: what the text of a score means, read one way for every source and every verb."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

TRUE = frozenset({"true", "yes", "y", "t", "pass", "passed", "correct"})
FALSE = frozenset({"false", "no", "n", "f", "fail", "failed", "incorrect"})
GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Inspect's letters (its `value_to_float`): correct, partial, incorrect, no answer."""
TELLING = frozenset("CI")
"""Letters that show that single letters are grades: P and N alone may be anything."""
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LONGEST = 40
"""No number and no word for true or false is longer."""


def number_of(text: str, *, letters: bool = False) -> bool | int | float | None:
    """Return the truth value or number a text is, None for any other word.

    Case and blanks around it do not matter; `letters` also reads `C P I N` as grades.
    """
    if len(text) > LONGEST:
        return None
    word = text.strip()
    if letters and word in GRADES:
        return GRADES[word]
    plain = word.lower()
    if plain in TRUE or plain in FALSE:
        return plain in TRUE
    if NUMBER.fullmatch(word) is None:
        return None
    number = float(word)
    if not math.isfinite(number):
        return None
    return int(number) if word.lstrip("+-").isdigit() else number


def are_grades(texts: Iterable[str]) -> bool:
    """Tell whether the single letters among the values of one score are Inspect's grades.

    One letter says too little: `P` and `N` are positive and negative elsewhere, and `A B C` are
    options. So every letter has to be one of the four, and one of them has to be C or I.
    """
    letters = {text.strip() for text in texts if len(text.strip()) == 1 and text.strip().isalpha()}
    return letters <= GRADES.keys() and bool(letters & TELLING)


def plainly(number: float) -> str:
    """Write a number so that 1, 1.0 and true are one category, and no digit is lost."""
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(number)
