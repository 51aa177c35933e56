"""Figures equal those of the reference libraries on random inputs, to 1e-9."""

import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.evaluators.retrieval.at_k import (
    retrieval_hit,
    retrieval_mrr,
    retrieval_ndcg,
    retrieval_precision,
    retrieval_recall,
)
from evalkit.evaluators.similarity import bleu, chrf, corpus_bleu, edit_similarity, rouge_l
from evalkit.testing import make_run, retrieval

EXACT = 1e-9

words = st.lists(
    st.sampled_from(["the", "cat", "sat", "on", "a", "mat", "3.5", "Dog!"]), max_size=12
)
texts = st.one_of(words.map(" ".join), st.text(max_size=30))


@settings(max_examples=200, deadline=None)
@given(got=texts, want=texts)
def test_rouge_l(got: str, want: str) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    expected = scorer.score(want, got)["rougeL"]
    for figure, value in zip(("precision", "recall", "f1"), expected, strict=True):
        score = rouge_l(got, want, figure=figure, scripts="ascii")
        assert score.score == pytest.approx(value, abs=EXACT), figure


@settings(max_examples=200, deadline=None)
@given(got=st.text(max_size=30), want=st.text(max_size=30))
def test_edit_similarity(got: str, want: str) -> None:
    longer = max(len(got), len(want))
    expected = 1 - levenshtein(got, want) / longer if longer else 1.0
    assert edit_similarity(got, want).score == pytest.approx(expected, abs=EXACT)


def levenshtein(one: str, other: str) -> int:
    """Return the distance by the textbook's table."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row, above = [i], row
        for j, b in enumerate(other, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


@pytest.mark.parametrize(("got", "want"), [({"a": 1}, {"a": 2}), ([1, 2], []), ("a", "b" * 512)])
def test_edit_similarity_as_openevals(got: Any, want: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = pytest.importorskip("openevals.string.levenshtein")
        expected = library.levenshtein_distance(outputs=got, reference_outputs=want)["score"]
    score = edit_similarity(
        {"whole": got}, {"whole": want}, answer_at="whole", reference_at="whole"
    )
    assert score.score == pytest.approx(expected, abs=EXACT)


@settings(max_examples=100, deadline=None)
@given(got=texts.filter(str.strip), want=texts.filter(str.strip))
def test_bleu_and_chrf(got: str, want: str) -> None:
    library = pytest.importorskip("sacrebleu")
    assert bleu(got, want).score == pytest.approx(
        library.sentence_bleu(got, [want]).score / 100, abs=EXACT
    )
    assert chrf(got, want).score == pytest.approx(
        library.sentence_chrf(got, [want]).score / 100, abs=EXACT
    )


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(words.map(" ".join), words.map(" ".join)), min_size=1, max_size=6))
def test_corpus_bleu(pairs: list[tuple[str, str]]) -> None:
    library = pytest.importorskip("sacrebleu")
    got, want = [list(side) for side in zip(*pairs, strict=True)]
    expected = library.corpus_bleu(got, [want]).score / 100
    assert corpus_bleu(got, want).score == pytest.approx(expected, abs=EXACT)


def test_corpus_bleu_leaves_out_what_has_no_answer_and_says_so() -> None:
    pytest.importorskip("sacrebleu")
    score = corpus_bleu(["the cat sat on the mat", {}], ["the cat sat on the mat", "x"])
    assert (score.score, score.comment) == (pytest.approx(1.0), "of 1 of 2 runs")


def test_corpus_bleu_of_short_answers_says_why_it_is_zero() -> None:
    pytest.importorskip("sacrebleu")
    short = ["yes", "in March"]
    score = corpus_bleu(short, short)
    assert score.score == 0
    assert "no answer has four words" in str(score.comment)
    longer = [*short, "it was never delivered"]
    assert "four words" not in str(corpus_bleu(longer, longer).comment)


ids = st.sampled_from([f"d{n}" for n in range(12)])


@settings(max_examples=300, deadline=None)
@given(
    found=st.lists(ids, min_size=1, max_size=10, unique=True),
    grades=st.dictionaries(ids, st.integers(1, 3), min_size=1, max_size=6),
    k=st.integers(1, 12),
)
def test_retrieval(found: list[str], grades: dict[str, int], k: int) -> None:
    """The library is the C code of trec_eval; it has no cut for the reciprocal rank, so we cut."""
    library = pytest.importorskip("pytrec_eval")
    run = make_run(steps=[retrieval(*({"id": each} for each in found))])
    figures = {f"recall_{k}", f"P_{k}", f"ndcg_cut_{k}", f"success_{k}"}
    ranked = {each: float(len(found) - n) for n, each in enumerate(found)}
    top = {each: ranked[each] for each in found[:k]}
    judge = library.RelevanceEvaluator({"q": grades}, figures | {"recip_rank"})
    expected = judge.evaluate({"q": ranked})["q"]
    reciprocal = judge.evaluate({"q": top})["q"]["recip_rank"]
    for name, evaluator, theirs in (
        ("recall", retrieval_recall, expected[f"recall_{k}"]),
        ("precision", retrieval_precision, expected[f"P_{k}"]),
        ("ndcg", retrieval_ndcg, expected[f"ndcg_cut_{k}"]),
        ("hit", retrieval_hit, expected[f"success_{k}"]),
        ("mrr", retrieval_mrr, reciprocal),
    ):
        score = evaluator(run, {"doc_ids": grades}, k=k)
        assert float(score.score or 0) == pytest.approx(theirs, abs=EXACT), name
