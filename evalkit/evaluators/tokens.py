"""Tokens and normal forms of text, as the published metrics define them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

ARTICLES = re.compile(r"\b(?:a|an|the)\b(?=\s+\S)")
NOT_WORD = re.compile(r"[^\w\s]", re.UNICODE)
ASCII_WORDS = re.compile(r"[a-z0-9]+")
WORDS = re.compile(r"\w+", re.UNICODE)
QUOTES = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
}
"""Curly, low and angled quotes, primes; hyphens that do not break, dashes, the minus sign."""
UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF))
"""Soft hyphens, joiners, direction marks: they change how a word looks, not which word it is."""
NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
"""Letters of scripts that write words without spaces."""


@cache
def letter_marks() -> str:
    """Return the marks that are part of letters, as ranges of a character class."""
    ranges: list[list[int]] = []
    for code in range(0x300, 0x1E000):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


@cache
def _no_letter() -> re.Pattern[str]:
    return re.compile(rf"[^\w\s{letter_marks()}]")


@cache
def _any_word() -> re.Pattern[str]:
    marks = letter_marks()
    alone = rf"(?![{marks}])[{NO_SPACES}][{marks}]*"
    return re.compile(rf"{alone}|(?:(?![{NO_SPACES}])[\w{marks}])+")


STOPWORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "may",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "shall",
        "she",
        "should",
        "so",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


def normalise(text: str) -> str:
    """Return text without case, punctuation, English articles and extra space (SQuAD, 2016).

    Three things differ from SQuAD's script, which would make different answers one. Marks that are
    part of a letter stay (vowel signs in Hindi, Bengali, Tamil, Thai). An article with nothing
    behind it is none (the option `A`, `vitamin A`). A text of nothing but signs keeps them.
    """
    plain = text.casefold() if text.isascii() else folded(text)
    bare = (NOT_WORD if plain.isascii() else _no_letter()).sub("", plain)
    return " ".join(ARTICLES.sub(" ", bare).split()) or " ".join((bare.strip() or plain).split())


def folded(text: str) -> str:
    """Return text in compatibility form without case; what cannot be seen is left out."""
    plain = unicodedata.normalize("NFKC", text.translate(UNSEEN)).casefold()
    return unicodedata.normalize("NFKC", plain)


def spaced(text: str) -> str:
    """Return text with plain quotes, single spaces and no case, for looking passages up."""
    plain = text.casefold() if text.isascii() else folded(text.translate(QUOTES))
    return " ".join(plain.split())


def rouge_tokens(text: str) -> list[str]:
    """Return the tokens of the `rouge-score` package: runs of ASCII letters and digits, lowered."""
    return ASCII_WORDS.findall(text.lower())


def words(text: str) -> list[str]:
    """Return the words of a text in any script, lowered.

    Scripts that put no space between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give a
    word for each letter with its marks.
    """
    if text.isascii():
        return WORDS.findall(text.casefold())
    return _any_word().findall(folded(text))


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning: not the commonest English ones, not single letters."""
    return [w for w in words(text) if w not in STOPWORDS and (len(w) > 1 or _is_word(w))]


def _is_word(letter: str) -> bool:
    """Say whether one character is a word: a digit, a letter of a script without spaces."""
    return letter.isdigit() or without_spaces(letter) > 0


def without_spaces(text: str) -> float:
    """Return the share of a text's letters that belong to scripts without spaces."""
    if text.isascii():
        return 0.0
    letters = sum(c.isalnum() for c in text)
    return len(_spaceless().findall(text)) / letters if letters else 0.0


def beyond_latin(text: str) -> bool:
    """Say whether a text has letters of another script than Latin."""
    return not text.isascii() and any(c > "\u024f" and c.isalpha() for c in text)


@cache
def _spaceless() -> re.Pattern[str]:
    return re.compile(rf"(?![{letter_marks()}])[{NO_SPACES}]")
