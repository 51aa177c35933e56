"""Document: one retrieved passage, read from what a retriever step returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.model.messages.message import text_of

LISTS = ("documents", "docs", "results", "output", "outputs", "context", "matches")
IDS = ("id", "doc_id", "document_id", "_id", "source", "url")
NAMES = (*IDS, "chunk_id", "uri", "path", "file_path", "filename", "file_name", "file", "title")
TEXTS = ("page_content", "content", "text", "document", "passage", "snippet")
SCORES = ("score", "relevance_score", "similarity", "distance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A passage with its id and text; `rank` counts from 1 within its retrieval."""

    id: str | None = None
    text: str = ""
    score: float | None = None
    rank: int = 1
    metadata: Mapping[str, Any] = field(default_factory=dict)
    step_id: str | None = None
    names: tuple[str, ...] = ()
    """Everything the document is called by: ids, source, URL, path, its own and its metadata's."""


def read_documents(outputs: Any, step_id: str | None = None) -> list[Document]:
    """Read the documents of a retriever's outputs; what holds none gives an empty list."""
    return [_document(item, rank, step_id) for rank, item in enumerate(_items(outputs), start=1)]


def read_passages(outputs: Any) -> list[tuple[str | None, str, float | None]]:
    """Read id, text and score of the documents in a retriever's outputs, and no more of them."""
    return [_passage(*_opened(item)) for item in _items(outputs)]


def _items(outputs: Any) -> Sequence[Any]:
    if isinstance(outputs, (dict, Mapping)):
        for name in LISTS:
            if name in outputs:
                return _items(outputs[name])
        return [outputs] if any(name in outputs for name in TEXTS) else []
    if isinstance(outputs, str):
        return [outputs] if outputs else []
    return outputs if isinstance(outputs, Sequence) else []


Fields = Mapping[str, Any]


def _opened(item: Any) -> tuple[Fields, Fields]:
    """Return a document's fields and its metadata's; what is no mapping is the text itself."""
    if not isinstance(item, (dict, Mapping)):
        return {"text": str(item)}, {}
    if isinstance(item.get("kwargs"), Mapping) and "lc" in item:
        item = item["kwargs"]
    metadata = item.get("metadata")
    return item, metadata if isinstance(metadata, (dict, Mapping)) else {}


def _passage(item: Fields, metadata: Fields) -> tuple[str | None, str, float | None]:
    return (
        _first_text(item, metadata),
        next((text_of(item[name]) for name in TEXTS if item.get(name) is not None), ""),
        next((s for n in SCORES if (s := _number(item.get(n, metadata.get(n)))) is not None), None),
    )


def _document(item: Any, rank: int, step_id: str | None) -> Document:
    item, metadata = _opened(item)
    name, text, score = _passage(item, metadata)
    return Document(
        id=name,
        text=text,
        score=score,
        rank=rank,
        metadata=metadata,
        step_id=step_id,
        names=_names(item, metadata),
    )


def _names(item: Mapping[str, Any], metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return every name, those of the item before those of its metadata, each once."""
    return tuple(
        {
            str(value): None
            for name in NAMES
            for place in (item, metadata)
            if isinstance(value := place.get(name), str | int) and not isinstance(value, bool)
        }
    )


def _first_text(item: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    for name in IDS:
        for place in (item, metadata):
            value = place.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool):
                return str(value)
    return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
