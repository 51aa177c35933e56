"""Tokens and normal forms of text, as the published metrics define them."""

from __future__ import annotations

import re
import unicodedata

ARTICLES = re.compile(r"\b(a|an|the)\b")
NOT_WORD = re.compile(r"[^\w\s]", re.UNICODE)
ASCII_WORDS = re.compile(r"[a-z0-9]+")
WORDS = re.compile(r"\w+", re.UNICODE)
QUOTES = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014", "''\"\"--")
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
    """Return text without case, punctuation, English articles and extra space (SQuAD, 2016)."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(ARTICLES.sub(" ", NOT_WORD.sub("", plain)).split())


def spaced(text: str) -> str:
    """Return text with plain quotes, single spaces and no case, for looking passages up."""
    plain = unicodedata.normalize("NFKC", text).translate(QUOTES).casefold()
    return " ".join(plain.split())


def rouge_tokens(text: str) -> list[str]:
    """Return the tokens of the `rouge-score` package: runs of ASCII letters and digits, lowered."""
    return ASCII_WORDS.findall(text.lower())


def words(text: str) -> list[str]:
    """Return the words of a text in any script, lowered."""
    return WORDS.findall(unicodedata.normalize("NFKC", text).casefold())


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning: not the commonest English ones, not single letters."""
    return [w for w in words(text) if w not in STOPWORDS and (len(w) > 1 or w.isdigit())]
