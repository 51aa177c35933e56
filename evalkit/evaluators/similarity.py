"""Similarity: how close the answer's text is to the reference: edit distance, ROUGE-L, BLEU, chrF.

All are 0 to 1, higher is better. A run without an answer and an example without a reference do not
apply: there is nothing to measure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from evalkit.errors import EvaluatorError
from evalkit.evaluators.answers import answer_of, as_text, no_answer, no_reference, reference_of
from evalkit.evaluators.tokens import beyond_latin, rouge_tokens, without_spaces, words
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
    version="2",
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
    scripts: str = "auto",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """ROUGE-L: the longest common subsequence of words; `figure` is `f1`, `precision` or `recall`.

    Source: Lin (2004); tokens as in the package rouge-score without stemming. That knows ASCII
    letters only (`scripts = "ascii"`), so where the reference is written in another script the
    words of any script are taken (`scripts = "all"` always takes them).
    """
    if scripts not in SCRIPTS:
        raise ValueError(f"unknown scripts {scripts!r}. Known: {', '.join(SCRIPTS)}")

    def measure(got: str, want: str) -> float:
        every = scripts == "all" or (scripts == "auto" and beyond_latin(want))
        split = words if every else rouge_tokens
        return lcs_figures(split(got), split(want))[figure]

    score = _compare(outputs, reference_outputs, (answer_at, reference_at), measure)
    if scripts == "ascii" and score.score == 0 and score.comment is None:
        want = as_text(reference_of(reference_outputs, reference_at)) or ""
        if want and not rouge_tokens(want):
            said = "the reference has no ASCII letters: scripts = 'auto' reads them"
            return Score(score=0.0, comment=said)
    return score


SCRIPTS = ("auto", "ascii", "all")


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


@evaluator(version="2", range=(0, 1), cases=NOTHING)
def bleu(
    outputs: Any,
    reference_outputs: Any,
    *,
    tokenize: str = "auto",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """Sentence BLEU with effective order and exponential smoothing, over 100 to give 0 to 1.

    `tokenize` is sacreBLEU's: `13a`, `intl`, `zh`, `ja-mecab`, `ko-mecab`, `char` ...; `auto` takes
    `zh` for Chinese, `ja-mecab` for Japanese where it is installed, `char` for other scripts
    without spaces, else `13a`. Source: Papineni et al. (2002) as sacreBLEU computes it (Post,
    2018). Figures of single answers are rough; `corpus_bleu` is the published one. Needs the extra
    `text`.
    """
    want = as_text(reference_of(reference_outputs, reference_at)) or ""
    chosen, warning = tokenizer(tokenize, [want])
    score = _compare(
        outputs,
        reference_outputs,
        (answer_at, reference_at),
        lambda got, want: _share(_sacrebleu().sentence_bleu(got, [want], tokenize=chosen)),
    )
    return (
        Score(score=score.score, comment=warning) if warning and score.score is not None else score
    )


def tokenizer(asked: str, references: Sequence[str]) -> tuple[str, str | None]:
    """Return the tokenizer for texts like the references, and a warning when it is a poor one."""
    text = " ".join(references)
    share = without_spaces(text)
    if asked != "auto":
        blind = asked in ("13a", "intl", "none") and share > 0.5
        return asked, f"{asked} parts words at spaces, which this text lacks" if blind else None
    if share <= 0.5:
        return "13a", None
    if KANA.search(text):
        if find_spec("MeCab") is not None:
            return "ja-mecab", None
        return "char", "by characters: install sacrebleu[ja] for words of Japanese"
    return ("zh" if HAN.search(text) else "char"), None


KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff]")
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


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
    version="2",
    scope="experiment",
    range=(0, 1),
    cases=[case(run=[make_run()], example=[make_example("a")], expect=None)],
)
def corpus_bleu(
    outputs: list[Any],
    reference_outputs: list[Any],
    *,
    tokenize: str = "auto",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """BLEU of the whole experiment, over 100 to give 0 to 1; runs without an answer are left out.

    `tokenize` as in `bleu`, one for all runs. Source: Papineni et al. (2002) as sacreBLEU computes
    it. `comment` says how many runs went in, and the tokenizer where it is not `13a`.
    """
    pairs = [
        (as_text(answer_of(got, answer_at)), as_text(reference_of(want, reference_at)))
        for got, want in zip(outputs, reference_outputs, strict=True)
    ]
    whole = [(got, want) for got, want in pairs if got is not None and want is not None]
    if not whole:
        return no_answer()
    got, want = [pair[0] for pair in whole], [pair[1] for pair in whole]
    chosen, warning = tokenizer(tokenize, want)
    counted = _sacrebleu().corpus_bleu(got, [want], tokenize=chosen)
    figure = _share(counted)
    said = [
        f"of {len(whole)} of {len(pairs)} runs",
        f"words by {chosen}" if chosen != "13a" else "",
        "" if counted.totals[-1] else "no answer has four words: BLEU is 0 whatever they are",
    ]
    return Score(score=figure, comment="; ".join(filter(None, [*said, warning])))
