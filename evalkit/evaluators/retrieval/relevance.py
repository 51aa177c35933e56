"""Relevance: which retrieved documents are the reference ones, by id or by text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from evalkit.evaluators.answers import at
from evalkit.evaluators.tokens import spaced
from evalkit.model.document import Document
from evalkit.model.run import Run

KEYS = (
    "documents",
    "document_ids",
    "doc_ids",
    "relevant",
    "relevant_ids",
    "relevant_documents",
    "sources",
    "contexts",
    "context",
)


ID_KEYS = frozenset(("document_ids", "doc_ids", "relevant_ids", "sources", "ids", "source"))
"""Keys whose values are names of documents, never their text."""
SHORTEST = 4
"""Letters of a script without spaces that make a passage to look for."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one run retrieved, judged: a gain for each place, a grade for each relevant document."""

    gains: tuple[float, ...]
    grades: tuple[float, ...]
    missed: tuple[str, ...]
    found: tuple[int, ...]
    """How many relevant documents each place is the first to hold; a chunk may hold several."""
    nameless: int = 0
    """How many retrieved documents have no name to compare, where names are asked for."""

    @property
    def relevant(self) -> int:
        """How many relevant documents there are to find."""
        return len(self.grades)


class Wanted(dict[str, float]):
    """The relevant documents by id or text, with their grades."""

    ids_only: bool = False
    """Whether they were stated as names, so that no text is looked for."""


def retrieved(run: Run, retriever: str = "*") -> list[Document]:
    """Return the documents a run retrieved, first mention first, each one once.

    `retriever` keeps the retriever steps of that name (a glob).
    """
    names = {step.step_id: step.name for step in run.steps if step.kind == "retriever"}
    found: dict[str, Document] = {}
    for document in run.documents:
        name = names.get(document.step_id or "", "")
        if retriever == "*" or fnmatchcase(name, retriever):
            found.setdefault(identity(document), document)
    return list(found.values())


def identity(document: Document) -> str:
    """Return what makes two documents the same: the id, or the text where there is none."""
    return f"id:{document.id}" if document.id is not None else f"text:{spaced(document.text)}"


def grades_of(reference_outputs: Any, path: str = "") -> Wanted | None:
    """Return the relevant documents with their grades, or `None` when none are stated.

    A list of ids, texts or documents has grade 1 each; a table maps an id to its grade. Looked for
    at `path` (JMESPath) or under the usual names (`documents`, `doc_ids`, `sources` ...).
    """
    name, items = (path, at(reference_outputs, path)) if path else _usual(reference_outputs)
    if isinstance(items, Mapping):
        grades = {str(key): float(grade) for key, grade in items.items()}
    elif isinstance(items, str):
        grades = {items: 1.0}
    elif isinstance(items, Sequence):
        grades = {_label(item): 1.0 for item in items}
    else:
        return None
    wanted = Wanted(
        {g: grade for g, grade in grades.items() if grade > 0 and g and not g.isspace()}
    )
    wanted.ids_only = name.rpartition(".")[2] in ID_KEYS
    return wanted or None


def _usual(reference: Any) -> tuple[str, Any]:
    if not isinstance(reference, Mapping):
        return "", reference if isinstance(reference, list) else None
    found = ((key, reference[key]) for key in KEYS if reference.get(key) is not None)
    return next(found, ("", None))


def _label(item: Any) -> str:
    if isinstance(item, Mapping):
        metadata = item.get("metadata")
        for place in (item, metadata if isinstance(metadata, Mapping) else {}):
            for key in LABELS:
                if place.get(key) is not None:
                    return str(place[key])
    return str(item)


LABELS = (
    "id", "doc_id", "document_id", "chunk_id", "source", "url", "page_content", "text", "content",
)  # fmt: skip


def judge(documents: Sequence[Document], grades: Mapping[str, float]) -> Ranked:
    """Give each retrieved document its gain; a relevant document counts at its first place only.

    A document is the relevant one when one of its names (id, source, URL, path) is the reference;
    else, unless the reference was stated as a name, when it has the reference text in it. A
    reference that is the name of any retrieved document is a name. One chunk may hold several
    passages: it is the first place of each.
    """
    open_grades = dict(grades)
    ids_only = getattr(grades, "ids_only", False)
    named = {name for document in documents for name in _names(document)}
    texts = {g: spaced(g) for g in grades if not ids_only and g not in named}
    gains, found = [], []
    for document in documents:
        labels = list(_found(document, open_grades, texts))
        gains.append(sum(open_grades.pop(label) for label in labels))
        found.append(len(labels))
    nameless = sum(not _names(each) for each in documents) if ids_only else 0
    return Ranked(tuple(gains), tuple(grades.values()), tuple(open_grades), tuple(found), nameless)


def _names(document: Document) -> tuple[str, ...]:
    return document.names or (() if document.id is None else (document.id,))


def _found(
    document: Document, grades: Mapping[str, float], texts: Mapping[str, str]
) -> Iterator[str]:
    """Yield the open references that a document is: by the first of its names, and by text."""
    by_name = next((name for name in _names(document) if name in grades), None)
    if by_name is not None:
        yield by_name
    inside = spaced(document.text)
    for label in grades:
        text = texts.get(label)
        if text and label != by_name:
            passage = " " in text or (not text.isascii() and len(text) >= SHORTEST)
            if text == inside or (passage and text in inside):
                yield label
