"""Retrieval at k: recall, precision, hit rate, reciprocal rank and nDCG of the retrieved documents.

The documents of a run are what its retriever steps returned, first mention first, each once. The
relevant ones are the example's: ids or texts under `documents`, `doc_ids`, `sources` ... or at
`reference_at`. What stands under `doc_ids`, `document_ids`, `relevant_ids` or `sources` is a name:
the id of a document, else its source, URL or path; what stands elsewhere may be a passage in it.
Without them the evaluators do not apply; a run that retrieved nothing scores 0.
Definitions: `evalkit.evaluators.retrieval.ranking`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evalkit.evaluators.answers import no_reference
from evalkit.evaluators.retrieval import ranking
from evalkit.evaluators.retrieval.relevance import Ranked, grades_of, judge, retrieved
from evalkit.evaluators.wording import short
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, retrieval

RUN = make_run(steps=[retrieval({"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"})])
EMPTY = make_run(steps=[retrieval()])
WANT: dict[str, Any] = {"reference_outputs": {"doc_ids": ["b", "x"]}}


def _measure(
    run: Run,
    reference_outputs: Any,
    where: tuple[str, str],
    figure: Callable[[Ranked], float | bool],
) -> Score:
    grades = grades_of(reference_outputs, where[1])
    if grades is None:
        return no_reference()
    if not run.steps_recorded:
        return Score(comment="the source recorded no steps")
    ranked = judge(retrieved(run, where[0]), grades)
    return Score(score=figure(ranked), comment=_unmatched(ranked) or None)


def _unmatched(ranked: Ranked) -> str:
    """Say what was not found, and of how many documents nobody could tell."""
    said = []
    if ranked.missed:
        missed = ", ".join(ascii(short(label, 60)) for label in ranked.missed[:5])
        count = f"{len(ranked.missed)} of {ranked.relevant} " if len(ranked.missed) > 5 else ""
        said.append(f"{count}not retrieved: {missed}")
    if ranked.nameless:
        said.append(f"{ranked.nameless} of {len(ranked.gains)} documents have no id or source")
    return "; ".join(said)


@evaluator(
    version="2",
    range=(0, 1),
    cases=[
        case(run=RUN, example=None, **WANT, expect=0.5),
        case(run=RUN, **WANT, options={"k": 1}, expect=0.0),
        case(run=EMPTY, **WANT, expect=0.0),
        case(run=RUN, expect=None),
    ],
)
def retrieval_recall(
    run: Run,
    reference_outputs: Any,
    *,
    k: int = 10,
    retriever: str = "*",
    reference_at: str = "",
) -> Score:
    """Recall at k: share of the relevant documents among the first `k` retrieved.

    0 to 1, higher is better. Source: trec_eval's `recall_k`.
    """
    where = (retriever, reference_at)
    return _measure(run, reference_outputs, where, lambda r: sum(r.found[:k]) / r.relevant)


@evaluator(
    version="2",
    range=(0, 1),
    cases=[
        case(run=RUN, **WANT, options={"k": 4}, expect=0.25),
        case(run=RUN, **WANT, options={"k": 2}, expect=0.5),
        case(run=RUN, expect=None),
    ],
)
def retrieval_precision(
    run: Run,
    reference_outputs: Any,
    *,
    k: int = 10,
    retriever: str = "*",
    reference_at: str = "",
) -> Score:
    """Precision at k: share of the first `k` places that hold a relevant document.

    Places that stayed empty count as misses. 0 to 1, higher is better. Source: trec_eval's `P_k`.
    """
    where = (retriever, reference_at)
    return _measure(run, reference_outputs, where, lambda r: ranking.precision(r.gains, k))


@evaluator(
    version="2",
    cases=[
        case(run=RUN, **WANT, expect=True),
        case(run=RUN, **WANT, options={"k": 1}, expect=False),
        case(run=RUN, expect=None),
    ],
)
def retrieval_hit(
    run: Run,
    reference_outputs: Any,
    *,
    k: int = 10,
    retriever: str = "*",
    reference_at: str = "",
) -> Score:
    """Hit at k: at least one of the first `k` retrieved is relevant.

    True or False, higher is better; its mean is the hit rate.
    """
    where = (retriever, reference_at)
    return _measure(run, reference_outputs, where, lambda r: ranking.hit(r.gains, k))


@evaluator(
    version="2",
    range=(0, 1),
    cases=[case(run=RUN, **WANT, expect=0.5), case(run=EMPTY, **WANT, expect=0.0)],
)
def retrieval_mrr(
    run: Run,
    reference_outputs: Any,
    *,
    k: int = 1000,
    retriever: str = "*",
    reference_at: str = "",
) -> Score:
    """Reciprocal rank: 1 / the place of the first relevant document, 0 when `k` hold none.

    0 to 1, higher is better; its mean over runs is the MRR. Source: Voorhees (1999), TREC-8 QA.
    """
    where = (retriever, reference_at)
    return _measure(run, reference_outputs, where, lambda r: ranking.reciprocal_rank(r.gains, k))


@evaluator(
    version="2",
    range=(0, 1),
    cases=[
        case(run=RUN, reference_outputs={"doc_ids": ["a"]}, expect=1.0),
        case(run=RUN, reference_outputs={"doc_ids": {"c": 2, "x": 0}}, expect=0.5),
        case(run=EMPTY, **WANT, expect=0.0),
    ],
)
def retrieval_ndcg(
    run: Run,
    reference_outputs: Any,
    *,
    k: int = 10,
    retriever: str = "*",
    reference_at: str = "",
) -> Score:
    """nDCG at k: discounted grades of the first `k` over those of the best possible ranking.

    Grades come from a table id -> grade, else 1 each; the grade itself is the gain. 0 to 1, higher
    is better. Source: Järvelin and Kekäläinen (2002), as trec_eval's `ndcg_cut_k`.
    """
    where = (retriever, reference_at)
    return _measure(run, reference_outputs, where, lambda r: ranking.ndcg(r.gains, r.grades, k))
