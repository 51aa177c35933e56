"""Context: does the answer keep to the retrieved documents, and were they worth retrieving?"""

from __future__ import annotations

from evalkit.evaluators.answers import answer_of, as_text, no_answer
from evalkit.evaluators.retrieval.relevance import identity, retrieved
from evalkit.evaluators.tokens import content_words
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, retrieval

FACT = retrieval("The tower is 330 metres tall.")


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=make_run(outputs="It is 330 metres tall.", steps=[FACT]), expect=1.0),
        case(run=make_run(outputs="It is 500 metres.", steps=[FACT]), expect=0.5),
        case(run=make_run(outputs="It is.", steps=[FACT]), expect=None),
        case(run=make_run(outputs="330 metres"), expect=None),
        case(run=make_run(error="boom", steps=[FACT]), expect=None),
    ],
)
def context_overlap(run: Run, *, retriever: str = "*", answer_at: str = "") -> Score:
    """Share of the answer's content words that stand in the retrieved documents.

    A cheap sign of groundedness, not proof of it: it sees words, not claims. 0 to 1, higher is
    better; a run that retrieved nothing or gave no answer does not apply.
    """
    text = as_text(answer_of(run.outputs, answer_at))
    if text is None:
        return no_answer()
    found = retrieved(run, retriever)
    if not found:
        return Score(comment="nothing was retrieved")
    said = content_words(text)
    if not said:
        return Score(comment="the answer has no content words")
    known = {word for document in found for word in content_words(document.text)}
    new = [word for word in said if word not in known]
    names = ", ".join(dict.fromkeys(new[:8]))
    return Score(
        score=1 - len(new) / len(said), comment=f"not in the documents: {names}" if new else None
    )


@evaluator(
    version="1",
    range=(0, 1),
    direction="lower",
    cases=[
        case(run=make_run(steps=[retrieval("a", "b"), retrieval("a", "c")]), expect=0.25),
        case(run=make_run(steps=[retrieval("a")]), expect=0.0),
        case(run=make_run(), expect=None),
    ],
)
def duplicate_documents(run: Run) -> Score:
    """Share of the retrieved documents that had been retrieved before in the same run.

    The same id, or the same text where there is no id. 0 to 1, lower is better; a run that
    retrieved nothing does not apply.
    """
    found = [identity(document) for document in run.documents]
    if not found:
        return Score(comment="nothing was retrieved")
    again = len(found) - len(set(found))
    return Score(
        score=again / len(found), comment=f"{again} of {len(found)} again" if again else None
    )
