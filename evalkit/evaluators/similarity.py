"""Similarity: how close the answer's text is to the reference: edit distance, ROUGE-L, BLEU, chrF.

All are 0 to 1, higher is better. A run without an answer and an example without a reference do not
apply: there is nothing to measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evalkit.errors import EvaluatorError
from evalkit.evaluators.answers import answer_of, as_text, no_answer, no_reference, reference_of
from evalkit.evaluators.tokens import rouge_tokens, words
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_example, make_run

SAME: dict[str, Any] = {"outputs": {"answer": "the cat sat"}, "reference_outputs": "the cat sat"}
NOTHING = [case(outputs=None, reference_outputs="a", expect=None), case(outputs="a", expect=None)]


def _compare(
    outputs: Any,
    reference_outputs: Any,
    paths: tuple[str, str],
    measure: Callable[[str, str], float],
) -> Score:
    got = as_text(answer_of(outputs, paths[0]))
    want = as_text(reference_of(reference_outputs, paths[1]))
    if want is None:
        return no_reference()
    return no_answer() if got is None else Score(score=measure(got, want))


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(**SAME, expect=1.0),
        case(outputs={"answer": "kitten"}, reference_outputs="sitting", expect=1 - 3 / 7),
        case(outputs={"answer": ""}, reference_outputs={"answer": "abc"}, expect=0.0),
        case(outputs=None, reference_outputs="abc", expect=None),
    ],
)
def edit_similarity(
    outputs: Any, reference_outputs: Any, *, answer_at: str = "", reference_at: str = ""
) -> Score:
    """1 minus the Levenshtein distance over the length of the longer text; two empty texts give 1.

    Source: Levenshtein (1966), by the library rapidfuzz. What is no text is compared as JSON.
    """
    return _compare(outputs, reference_outputs, (answer_at, reference_at), levenshtein)


def levenshtein(got: str, want: str) -> float:
    """Return 1 - distance / longer length."""
    from rapidfuzz.distance import Levenshtein

    return float(Levenshtein.normalized_similarity(got, want))


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(**SAME, expect=1.0),
        case(outputs={"answer": "the cat"}, reference_outputs="the cat sat", expect=0.8),
        case(outputs={"answer": "!?"}, reference_outputs="the cat", expect=0.0),
    ],
)
def rouge_l(
    outputs: Any,
    reference_outputs: Any,
    *,
    figure: str = "f1",
    scripts: str = "ascii",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """ROUGE-L: the longest common subsequence of words; `figure` is `f1`, `precision` or `recall`.

    Source: Lin (2004); tokens as in the package rouge-score without stemming. That knows ASCII
    letters only: `scripts = "all"` takes the words of any script.
    """
    split = rouge_tokens if scripts == "ascii" else words
    return _compare(
        outputs,
        reference_outputs,
        (answer_at, reference_at),
        lambda got, want: lcs_figures(split(got), split(want))[figure],
    )


def lcs_figures(got: Sequence[str], want: Sequence[str]) -> dict[str, float]:
    """Return the figures of the longest common subsequence; all 0 when either is empty."""
    from rapidfuzz.distance import LCSseq

    common = LCSseq.similarity(list(got), list(want)) if got and want else 0
    if not common:
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    precision, recall = common / len(got), common / len(want)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
    }


def _share(found: Any) -> float:
    return min(1.0, float(found.score) / 100)  # a perfect match can come out at 100.00000000000004


def _sacrebleu() -> Any:
    try:
        import sacrebleu
    except ImportError:
        raise EvaluatorError(
            "bleu and chrf need the library sacrebleu. "
            "Install it: pip install 'evalkit-harness[text]'."
        ) from None
    return sacrebleu


@evaluator(version="1", range=(0, 1), cases=NOTHING)
def bleu(
    outputs: Any, reference_outputs: Any, *, answer_at: str = "", reference_at: str = ""
) -> Score:
    """Sentence BLEU with effective order and exponential smoothing, over 100 to give 0 to 1.

    Source: Papineni et al. (2002) as sacreBLEU computes it (Post, 2018). Figures of single answers
    are rough; `corpus_bleu` is the published one. Needs the extra `text`.
    """
    return _compare(
        outputs,
        reference_outputs,
        (answer_at, reference_at),
        lambda got, want: _share(_sacrebleu().sentence_bleu(got, [want])),
    )


@evaluator(version="1", range=(0, 1), cases=NOTHING)
def chrf(
    outputs: Any, reference_outputs: Any, *, answer_at: str = "", reference_at: str = ""
) -> Score:
    """Sentence chrF2: F-score of character n-grams up to 6, over 100 to give 0 to 1.

    Source: Popović (2015) as sacreBLEU computes it. Needs the extra `text`.
    """
    return _compare(
        outputs,
        reference_outputs,
        (answer_at, reference_at),
        lambda got, want: _share(_sacrebleu().sentence_chrf(got, [want])),
    )


@evaluator(
    version="1",
    scope="experiment",
    range=(0, 1),
    cases=[case(run=[make_run()], example=[make_example("a")], expect=None)],
)
def corpus_bleu(
    outputs: list[Any],
    reference_outputs: list[Any],
    *,
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """BLEU of the whole experiment, over 100 to give 0 to 1; runs without an answer are left out.

    Source: Papineni et al. (2002) as sacreBLEU computes it. `comment` says how many runs went in.
    """
    pairs = [
        (as_text(answer_of(got, answer_at)), as_text(reference_of(want, reference_at)))
        for got, want in zip(outputs, reference_outputs, strict=True)
    ]
    whole = [(got, want) for got, want in pairs if got is not None and want is not None]
    if not whole:
        return no_answer()
    got, want = [pair[0] for pair in whole], [pair[1] for pair in whole]
    figure = _share(_sacrebleu().corpus_bleu(got, [want]))
    return Score(score=figure, comment=f"of {len(whole)} of {len(pairs)} runs")
