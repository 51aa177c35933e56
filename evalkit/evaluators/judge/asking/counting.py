"""Counting: how many tokens a text is, without a tokenizer; close, and corrected by experience.

The weights of `FAMILIES` are least-squares fits (never negative, of relative errors) of what
litellm's counter says (1.108, its bundled o200k_base and cl100k_base) on half of 360 texts: the
messages of Django 6 in English, Japanese, Persian, Russian and ten more languages, Python code and
JSON of recorded runs; Japanese was then raised by 8 %, to lie between such messages and prose. Over
the other half the sums were within 10 % in English, code, JSON, Persian, Russian and (before it was
raised) Japanese, in both families. litellm counts the models of other makers with cl100k_base as
well, so what those take is learnt from their own answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
LONG_WORDS = re.compile(r"[A-Z]?[a-z]{6,}|[A-Z]{7,}")
DIGITS = re.compile(r"[0-9]{1,3}")
SIGNS = re.compile(r"[!-/:-@\[-`{-~]+")
GAPS = re.compile(r"\n\s*|  +|\t+")
SCRIPTS = {
    "cyrillic": "\u0400-\u052f",
    "arabic": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufefc",
    "kana": "\u3040-\u30ff",
    "han": "\u3400-\u9fff",
    "hangul": "\uac00-\ud7a3",
    "latin": "\u00c0-\u024f",
    "greek": "\u0370-\u03ff",
    "hebrew": "\u0590-\u05ff",
    "indic": "\u0900-\u0dff",
    "thai": "\u0e00-\u0e7f",
}
"""Letters by script, as ranges of a character class."""
OTHER_SCRIPTS = re.compile("|".join(f"(?P<{name}>[{own}]+)" for name, own in SCRIPTS.items()))
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
LONG_WORD = 6
OVERHEAD = 4
"""Tokens that a message takes beside its text (OpenAI's cookbook counts 3, and the role)."""


@dataclass(frozen=True)
class Weights:
    """Tokens for a thing of each kind."""

    word: float
    long: float
    """For each letter of a word after the sixth."""
    digits: float
    """For up to three digits."""
    signs: float
    """For a run of signs, and for each of them."""
    sign: float
    gap: float
    other: float
    scripts: dict[str, float] = field(default_factory=dict)


FAMILIES = {
    "o200k": Weights(
        *(0.963, 0.159, 1.638, 0.401, 0.24, 1.033, 1.279),
        {"cyrillic": 0.299, "arabic": 0.354, "kana": 0.64, "han": 0.725, "hangul": 0.658,
         "latin": 0.447, "greek": 0.415, "hebrew": 0.447, "indic": 0.338, "thai": 0.382},
    ),
    "cl100k": Weights(
        *(0.955, 0.171, 1.625, 0.453, 0.23, 0.878, 0.965),
        {"cyrillic": 0.479, "arabic": 0.876, "kana": 1.06, "han": 1.04, "hangul": 0.967,
         "latin": 2.06, "greek": 1.045, "hebrew": 1.214, "indic": 1.196, "thai": 0.934},
    ),
}  # fmt: skip
OLDER = re.compile(r"gpt-4(?![o.\d])|gpt-3\.5|gpt-35|text-embedding|llama-?3", re.IGNORECASE)
"""Models whose vocabulary is cl100k_base, or an extension of it."""


def family_of(model: str) -> str:
    """Return the family whose weights fit a model best; newer vocabularies are large ones."""
    return "cl100k" if OLDER.search(model) else "o200k"


@lru_cache(maxsize=512)
def guess_tokens(text: str, family: str = "o200k") -> int:
    """Return about how many tokens a message of this text takes."""
    weights = FAMILIES[family]
    total = weights.long * sum(
        len(word) - LONG_WORD for word in LONG_WORDS.findall(text) if len(word) > LONG_WORD
    )
    total += weights.word * len(WORDS.findall(text)) + weights.digits * len(DIGITS.findall(text))
    runs = SIGNS.findall(text)
    total += weights.signs * len(runs) + weights.sign * sum(map(len, runs))
    total += weights.gap * len(GAPS.findall(text))
    if not text.isascii():
        total += _beyond_ascii(text, weights)
    return round(total) + OVERHEAD


def _beyond_ascii(text: str, weights: Weights) -> float:
    total, rest = 0.0, sum(map(len, NOT_ASCII.findall(text)))
    for match in OTHER_SCRIPTS.finditer(text):
        size = match.end() - match.start()
        total += weights.scripts[match.lastgroup or ""] * size
        rest -= size
    return total + weights.other * rest
