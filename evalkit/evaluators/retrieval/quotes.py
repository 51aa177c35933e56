"""Quotes: are quoted passages really in the retrieved documents, and citations of real ones?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evalkit.evaluators.answers import answer_of, as_text, no_answer
from evalkit.evaluators.retrieval.relevance import retrieved
from evalkit.evaluators.tokens import spaced, words
from evalkit.evaluators.wording import short
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, retrieval

QUOTED = re.compile(
    r'(?<!\w)"([^"]{3,2000}?)"(?!\w)|[\u201c\u201e]([^\u201c\u201d\u201e]{3,2000}?)[\u201d\u201c]'
    r"|\u00ab\s?([^\u00ab\u00bb]{3,2000}?)\s?\u00bb|\u00bb([^\u00ab\u00bb]{3,2000}?)\u00ab"
    r"|[\u300c\u300e]([^\u300c-\u300f]{3,2000}?)[\u300d\u300f]"
)
"""Quotation marks: straight, curly, low and high, angled either way, corner brackets."""
LEFT_OUT = re.compile(r"\s*\[?(?:\.{3}|\u2026)\]?\s*")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
MARKER = r"\[(?:source[: ]*)?([\w.:/#-]{1,200})\]"
MARKED = re.compile(
    r"(?P<before>[\w\])!\\]?)(?P<open>[\[\u3010])\^?(?:source[: ]*)?"
    r"(?P<name>[\w.:/#-][\w.:/# ,;-]{0,199})[\]\u3011](?=(?P<after>\(|\[)?)",
    re.MULTILINE,
)
DEFINED = re.compile(r"^\s*\[[^\]\n]+\]:\s*<?\w+://\S+", re.MULTILINE)
TASK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]", re.MULTILINE)
FOUND = [retrieval({"id": "doc-7", "page_content": "Refunds take five working days."})]


@evaluator(
    version="2",
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
    found = ("".join(groups) for groups in QUOTED.findall(CODE.sub(" ", text)))
    quotes = [quote for quote in found if len(words(quote)) >= min_words]
    if not quotes:
        return Score(comment="no quotes in the answer")
    passages = [spaced(document.text) for document in retrieved(run)]
    invented = [q for q in quotes if not any(_stands(q, passage) for passage in passages)]
    return Score(score=1 - len(invented) / len(quotes), comment=_comment("not found", invented))


def _stands(quote: str, passage: str) -> bool:
    """Say whether a quote is in a passage, its pieces in order where an ellipsis parts it."""
    start = 0
    for piece in map(_bare, LEFT_OUT.split(quote)):
        start = passage.find(piece, start)
        if start < 0:
            return False
        start += len(piece)
    return True


def _bare(quote: str) -> str:
    return spaced(quote).strip(" .,;:!?\u3002\uff0c\u3001\uff01\uff1f")


def _comment(what: str, items: list[str]) -> str | None:
    return f"{what}: {'; '.join(ascii(short(i, 80)) for i in items[:3])}" if items else None


@evaluator(
    version="2",
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

    `pattern` has one group, the cited name; the default reads `[1]`, `[1, 2]`, `[^1]`, `[doc-7]`,
    `[source: faq.md]`. Links, task lists and code of Markdown cite nothing; brackets right behind a
    word (`items[0]`) or with a space inside do so only when a document has that name. 0 to 1,
    higher is better; an answer that cites nothing does not apply, or is 0 when `required`.
    """
    text = as_text(answer_of(run.outputs, answer_at))
    if text is None:
        return no_answer()
    known = _names(run)
    cited = list(_cited(text, known)) if pattern == MARKER else re.findall(pattern, text)
    if not cited:
        return Score(score=0.0 if required else None, comment="no citations in the answer")
    unknown = [name for name in cited if name.casefold() not in known]
    return Score(score=1 - len(unknown) / len(cited), comment=_comment("not retrieved", unknown))


def _cited(text: str, known: set[str]) -> Iterator[str]:
    """Yield what an answer cites, by markers that Markdown does not use for something else."""
    plain = DEFINED.sub(" ", TASK.sub(" ", CODE.sub(" ", text)))
    for found in MARKED.finditer(plain):
        name, after = found["name"].strip(), found["after"] or ""
        if found["before"] in ("!", "\\") or after == "(":
            continue
        parts = [name] if name.casefold() in known else re.split(r"\s*[,;]\s*", name)
        link = after == "[" and not name.isdigit()
        sure = not (found["before"].isalnum() or link or any(" " in part for part in parts))
        if sure or all(part.casefold() in known for part in parts):
            yield from parts


def _names(run: Run) -> set[str]:
    names: set[Any] = set()
    for number, document in enumerate(retrieved(run), start=1):
        names |= {str(number), document.id, *document.names, document.metadata.get("source")}
    return {str(name).casefold() for name in names if name is not None}
