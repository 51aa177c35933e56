"""Quotes: are quoted passages really in the retrieved documents, and citations of real ones?"""

from __future__ import annotations

import re
from typing import Any

from evalkit.evaluators.answers import answer_of, as_text, no_answer
from evalkit.evaluators.retrieval.relevance import retrieved
from evalkit.evaluators.tokens import spaced
from evalkit.evaluators.wording import short
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, retrieval

QUOTED = re.compile(r'["“]([^"“”]{3,2000}?)["”]')
MARKER = r"\[(?:source[: ]*)?([\w.:/#-]{1,200})\]"
FOUND = [retrieval({"id": "doc-7", "page_content": "Refunds take five working days."})]


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(
            run=make_run(outputs='We say "refunds take FIVE working days".', steps=FOUND),
            expect=1.0,
        ),
        case(
            run=make_run(outputs='We say "refunds take two working days".', steps=FOUND), expect=0.0
        ),
        case(run=make_run(outputs="No quote here.", steps=FOUND), expect=None),
    ],
)
def quotes_are_verbatim(run: Run, *, min_words: int = 3, answer_at: str = "") -> Score:
    """Share of the passages in quotation marks that stand word for word in a retrieved document.

    Case, kinds of quotation marks and space do not matter; shorter quotes than `min_words` are
    taken for scare quotes. 0 to 1, higher is better; an answer without quotes does not apply.
    """
    text = as_text(answer_of(run.outputs, answer_at))
    if text is None:
        return no_answer()
    quotes = [q for q in QUOTED.findall(text) if len(q.split()) >= min_words]
    if not quotes:
        return Score(comment="no quotes in the answer")
    passages = [spaced(document.text) for document in retrieved(run)]
    invented = [q for q in quotes if not any(_bare(q) in passage for passage in passages)]
    return Score(score=1 - len(invented) / len(quotes), comment=_comment("not found", invented))


def _bare(quote: str) -> str:
    return spaced(quote).strip(" .,;:!?")


def _comment(what: str, items: list[str]) -> str | None:
    return f"{what}: {'; '.join(ascii(short(i, 80)) for i in items[:3])}" if items else None


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=make_run(outputs="Five days [1].", steps=FOUND), expect=1.0),
        case(run=make_run(outputs="Five days [doc-7] [2].", steps=FOUND), expect=0.5),
        case(run=make_run(outputs="Five days.", steps=FOUND), expect=None),
        case(
            run=make_run(outputs="Five days.", steps=FOUND), options={"required": True}, expect=0.0
        ),
    ],
)
def citations_exist(
    run: Run, *, pattern: str = MARKER, required: bool = False, answer_at: str = ""
) -> Score:
    """Share of the citations that name a retrieved document: its id, source or number from 1.

    `pattern` has one group, the cited name; the default reads `[1]`, `[doc-7]`, `[source: faq.md]`.
    0 to 1, higher is better; an answer that cites nothing does not apply, or is 0 when `required`.
    """
    text = as_text(answer_of(run.outputs, answer_at))
    if text is None:
        return no_answer()
    cited = re.findall(pattern, text)
    if not cited:
        return Score(score=0.0 if required else None, comment="no citations in the answer")
    known = _names(run)
    unknown = [name for name in cited if name.casefold() not in known]
    return Score(score=1 - len(unknown) / len(cited), comment=_comment("not retrieved", unknown))


def _names(run: Run) -> set[str]:
    names: set[Any] = set()
    for number, document in enumerate(retrieved(run), start=1):
        names |= {str(number), document.id, document.metadata.get("source")}
    return {str(name).casefold() for name in names if name is not None}
