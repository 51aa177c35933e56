"""Text: is the answer the reference, to the letter, in its normal form, or by a pattern?

All four are truth values. A run that gave no answer is False: it did not give the right one. An
example without a reference does not apply.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from evalkit.evaluators.answers import (
    answer_of,
    as_text,
    at,
    is_blank,
    no_reference,
    reference_of,
)
from evalkit.evaluators.tokens import QUOTES, UNSEEN, letter_marks, normalise, spaced
from evalkit.evaluators.wording import short
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator

ABC = {"answer": "Paris"}


def _verdict(right: bool, got: Any, want: Any) -> Score:
    if right:
        return Score(score=True)
    if got is None:
        return Score(score=False, comment="the run gave no answer")
    return Score(score=False, comment=f"expected {_shown(want)}, got {_shown(got)}")


def _shown(value: Any) -> str:
    return short(value if isinstance(value, str) and value.isprintable() else ascii(value), 80)


@evaluator(
    version="2",
    cases=[
        case(outputs=ABC, reference_outputs={"answer": "Paris"}, expect=True),
        case(outputs=ABC, reference_outputs={"answer": "paris"}, expect=False),
        case(outputs={"n": True}, reference_outputs={"n": 1}, expect=False),
        case(outputs=None, reference_outputs=ABC, expect=False),
        case(outputs=ABC, expect=None),
    ],
)
def exact_match(
    outputs: Any, reference_outputs: Any, *, answer_at: str = "", reference_at: str = ""
) -> Score:
    """The outputs equal the reference outputs exactly: same keys, same values, same types.

    Key order does not matter; 1 and 1.0 are one number, True and 1 are not. `answer_at` and
    `reference_at` (JMESPath) compare a part. True or False, higher is better.
    """
    got, want = at(outputs, answer_at), at(reference_outputs, reference_at)
    if want is None or want in ({}, ""):
        return no_reference()
    return _verdict(_canonical(got) == _canonical(want), got if got != {} else None, want)


def _canonical(value: Any) -> str:
    return json.dumps(_whole(value), sort_keys=True, default=str)


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 1.0 becomes 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {str(key): _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list | tuple) else value


@evaluator(
    version="2",
    cases=[
        case(
            outputs={"answer": "The Eiffel  Tower!"}, reference_outputs="eiffel tower", expect=True
        ),
        case(outputs={"answer": "Louvre"}, reference_outputs="eiffel tower", expect=False),
        case(outputs={"answer": "b"}, reference_outputs=["a", "b"], expect=True),
        case(outputs=None, reference_outputs="x", expect=False),
    ],
)
def normalised_match(
    outputs: Any,
    reference_outputs: Any,
    *,
    empty: bool = False,
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """The answer equals the reference, or one of several, in normal form.

    The normal form (no case, punctuation, articles, extra space) is SQuAD's (Rajpurkar et al.,
    2016), but keeps vowel signs of every script, an article behind which nothing stands (the option
    `A`) and texts of nothing but signs. An empty reference does not apply unless `empty`: then an
    empty answer is right. True or False, higher is better.
    """
    got = as_text(answer_of(outputs, answer_at))
    wanted = _several(reference_of(reference_outputs, reference_at), empty)
    if not wanted:
        return no_reference()
    right = got is not None and normalise(got) in {normalise(want) for want in wanted}
    return _verdict(right, got, " or ".join(wanted))


def _several(reference: Any, empty: bool = False) -> list[str]:
    """Return the references as texts; an empty one is none unless `empty`."""
    items = reference if isinstance(reference, list) else [reference]
    texts = [text for item in items if (text := as_text(item)) is not None and item != {}]
    return texts if empty else [text for text in texts if not is_blank(text)]


@evaluator(
    version="2",
    cases=[
        case(outputs={"answer": "It is Paris."}, reference_outputs="paris", expect=True),
        case(outputs={"answer": "It is Rome."}, reference_outputs="paris", expect=False),
        case(outputs={"answer": "x, y"}, options={"words": ["x", "y"]}, expect=True),
        case(outputs={"answer": "x"}, options={"words": ["x", "y"]}, expect=False),
        case(outputs={"answer": "x"}, options={"words": ["x", "y"], "need": "any"}, expect=True),
        case(outputs={"answer": "145 days"}, reference_outputs="45 days", expect=True),
        case(
            outputs={"answer": "145 days"},
            reference_outputs="45 days",
            options={"whole_words": True},
            expect=False,
        ),
        case(outputs=None, reference_outputs="x", expect=False),
    ],
)
def contains(
    outputs: Any,
    reference_outputs: Any,
    *,
    words: list[str] | None = None,
    need: str = "all",
    case_sensitive: bool = False,
    whole_words: bool = False,
    empty: bool = False,
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """The answer contains the reference, or the `words` given; `need` is `all` or `any` of them.

    `whole_words` does not find `45 days` in `145 days`. Curly quotes are plain ones, and spaces and
    hyphens of any width are one. An empty reference does not apply unless `empty`: it would be in
    every answer. True or False, higher is better.
    """
    given = [w for w in words if not is_blank(w)] if words else None
    wanted = given or _several(reference_of(reference_outputs, reference_at), empty)
    if not wanted:
        return no_reference()
    got = as_text(answer_of(outputs, answer_at))
    if got is None:
        return _verdict(False, None, wanted)
    missing = _missing(wanted, got, str if case_sensitive else str.casefold, whole_words)
    if missing and not (is_plain(got) and all(map(is_plain, missing))):
        missing = _missing(missing, got, _plain if case_sensitive else spaced, whole_words)
    right = len(missing) < len(wanted) if need == "any" else not missing
    lacking = ", ".join(_shown(word) for word in missing[:5])
    return Score(score=right, comment=None if right else f"not in the answer: {lacking}")


def _missing(wanted: list[str], text: str, fold: Callable[[str], str], whole: bool) -> list[str]:
    folded = fold(text)
    return [word for word in wanted if not _stands_in(fold(word), folded, whole)]


def is_plain(text: str) -> bool:
    """Say whether a text has nothing that typesetting could have changed."""
    return text.isascii() and "  " not in text and "\n" not in text and "\t" not in text


def _plain(text: str) -> str:
    """Return text with plain quotes, hyphens and single spaces, its case kept."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(QUOTES).translate(UNSEEN))
    return " ".join(text.split())


def _stands_in(word: str, text: str, whole: bool) -> bool:
    if not whole:
        return word in text
    marks = "" if text.isascii() else letter_marks()
    edge = rf"[\w{marks}]"
    return re.search(rf"(?<!{edge}){re.escape(word)}(?!{edge})", text) is not None


@evaluator(
    version="2",
    cases=[
        case(outputs={"answer": "SKU-1234"}, options={"pattern": r"SKU-\d{4}"}, expect=True),
        case(outputs={"answer": "none"}, options={"pattern": r"SKU-\d{4}"}, expect=False),
        case(outputs={"answer": "ab"}, options={"pattern": "b", "whole": True}, expect=False),
        case(outputs={"answer": "ab"}, reference_outputs="a.", expect=True),
        case(outputs=None, options={"pattern": "x"}, expect=False),
    ],
)
def regex_match(
    outputs: Any,
    reference_outputs: Any,
    *,
    pattern: str = "",
    whole: bool = False,
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """The answer matches `pattern` (default: the reference) somewhere, or as a `whole`.

    Python's regular expressions; `(?i)` at the start ignores case. True or False, higher is better.
    """
    wanted = pattern or as_text(reference_of(reference_outputs, reference_at))
    if wanted is None or is_blank(wanted) or wanted == "{}":
        return no_reference()
    got = as_text(answer_of(outputs, answer_at))
    look = re.fullmatch if whole else re.search
    right = got is not None and look(wanted, got) is not None
    return _verdict(right, got, f"a match of {wanted}")
