"""Does the answer keep to what was retrieved and what the tools said?"""

import re

from evalkit import Run, Score, case, evaluator
from evalkit.testing import make_run, retrieval, tool

WORD = re.compile(r"\d+(?::\d+)?(?:\.\d+)?|[^\W\d]{3,}")
COURTESY = re.compile(r"thank you for asking|i checked that for you|glad to help", re.IGNORECASE)
UNKNOWN = re.compile(r"\bdo(?: not|n't) know\b", re.IGNORECASE)

OPENING = retrieval("The store is open from 10 to 19.")
STOCK = tool("check_stock", {"sku": "tent"}, "tent: 7 in stock")


def words(text: str) -> list[str]:
    """Return the words and figures of a text, without the shortest words."""
    return WORD.findall(text.lower())


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=make_run(outputs={"answer": "Open from 10 to 19."}, steps=[OPENING]), expect=1.0),
        case(run=make_run(outputs={"answer": "Open from 10 to 20."}, steps=[OPENING]), expect=0.75),
        case(run=make_run(outputs={"answer": "7 in stock. Glad to help"}, steps=[STOCK]), expect=1),
        case(
            run=make_run(outputs={"answer": "Sorry, I do not know."}, steps=[OPENING]), expect=None
        ),
        case(run=make_run(error="503", steps=[OPENING]), expect=None),
    ],
)
def grounded(run: Run) -> Score:
    """Share of the words and figures of the answer that stand in a document or a tool's result.

    Courtesies are left out. It sees words, not claims: a true sentence about something else is
    grounded too. A run without an answer, or one that admits not to know, does not apply.
    """
    answer = (run.outputs or {}).get("answer", "")
    if UNKNOWN.search(answer):
        return Score(comment="the answer admits not to know")
    said = words(COURTESY.sub("", answer))
    if not said:
        return Score(comment="no answer")
    sources = [d.text for d in run.documents] + [str(call.result) for call in run.tool_calls]
    known = set(words(" ".join(sources)))
    invented = [word for word in said if word not in known]
    return Score(
        score=1 - len(invented) / len(said),
        comment=f"from nowhere: {', '.join(invented)}" if invented else None,
    )
