"""Relevance: which retrieved documents are the reference ones, by id or by text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one run retrieved, judged: a gain for each place, a grade for each relevant document."""

    gains: tuple[float, ...]
    grades: tuple[float, ...]
    missed: tuple[str, ...]

    @property
    def relevant(self) -> int:
        """How many relevant documents there are to find."""
        return len(self.grades)


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


def grades_of(reference_outputs: Any, path: str = "") -> dict[str, float] | None:
    """Return the relevant documents with their grades, or `None` when none are stated.

    A list of ids, texts or documents has grade 1 each; a table maps an id to its grade. Looked for
    at `path` (JMESPath) or under the usual names (`documents`, `doc_ids`, `sources` ...).
    """
    items = at(reference_outputs, path) if path else _usual(reference_outputs)
    if isinstance(items, Mapping):
        grades = {str(key): float(grade) for key, grade in items.items()}
    elif isinstance(items, str):
        grades = {items: 1.0}
    elif isinstance(items, Sequence):
        grades = {_label(item): 1.0 for item in items}
    else:
        return None
    return {label: grade for label, grade in grades.items() if grade > 0} or None


def _usual(reference: Any) -> Any:
    if not isinstance(reference, Mapping):
        return reference if isinstance(reference, list) else None
    return next((reference[key] for key in KEYS if reference.get(key) is not None), None)


def _label(item: Any) -> str:
    if isinstance(item, Mapping):
        for key in ("id", "doc_id", "document_id", "page_content", "text", "content"):
            if item.get(key) is not None:
                return str(item[key])
    return str(item)


def judge(documents: Sequence[Document], grades: Mapping[str, float]) -> Ranked:
    """Give each retrieved document its gain; a relevant document counts at its first place only.

    A document is the relevant one when the ids are equal, or when it has the reference text in it.
    """
    open_grades = dict(grades)
    texts = {label: spaced(label) for label in grades}
    gains = []
    for document in documents:
        label = _found(document, open_grades, texts)
        gains.append(open_grades.pop(label) if label is not None else 0.0)
    return Ranked(tuple(gains), tuple(grades.values()), tuple(open_grades))


def _found(document: Document, grades: Mapping[str, float], texts: Mapping[str, str]) -> str | None:
    if document.id is not None and document.id in grades:
        return document.id
    inside = spaced(document.text)
    return next(
        (g for g in grades if (" " in texts[g] and texts[g] in inside) or texts[g] == inside != ""),
        None,
    )
