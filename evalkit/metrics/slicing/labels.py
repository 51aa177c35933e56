"""Labels: what slices are called; values decide what a slice is, never what it is called."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

LONGEST = 60
"""Letters of a label; of a longer value the beginning and the end are kept."""
NOTHING = ("nothing", None)
"""The key of runs that do not have the value."""
NO_VALUE = "(no value)"


def labels_of(keys: Sequence[tuple[str, Any]]) -> list[str]:
    """Return a label for each key, no two the same."""
    plain = [_label(kind, value) for kind, value in keys]
    again = Counter(plain)
    told = [
        json.dumps(value, ensure_ascii=False)
        if again[label] > 1 and kind == "word" and len(value) <= LONGEST
        else label
        for label, (kind, value) in zip(plain, keys, strict=True)
    ]
    return distinct(told)


def _label(kind: str, value: Any) -> str:
    if kind == "nothing":
        return NO_VALUE
    if kind == "truth":
        return "true" if value else "false"
    if kind == "table":
        value = value.decode()
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 1e15 else f"{value!r}"
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else _cut(text)


def _cut(text: str) -> str:
    """Return the beginning and the end of a long text, and a mark of all of it."""
    half = (LONGEST - 7) // 2
    mark = blake2b(text.encode("utf-8", "replace"), digest_size=2).hexdigest()
    return f"{text[:half]}\u2026{text[-half:]} #{mark}"


def label_of(text: str) -> str:
    """Return the label of a word, as a gate may name it in full."""
    return _label("word", text)


def distinct(labels: Sequence[str]) -> list[str]:
    """Return the labels, a number behind those that came before."""
    seen: Counter[str] = Counter()
    taken = set(labels)
    told = []
    for label in labels:
        seen[label] += 1
        name = label
        while seen[label] > 1 and name in taken:
            name = f"{label} ({seen[label]})"
            seen[label] += name in taken
        taken.add(name)
        told.append(name)
    return told


def edge_labels(edges: Sequence[float]) -> list[str]:
    """Return the edges of bins with as many digits as tell them apart."""
    if all(edge.is_integer() and abs(edge) < 1e15 for edge in edges):
        return [str(int(edge)) for edge in edges]
    for digits in (6, 9, 12, 15):
        shown = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(shown)) == len(edges):
            return shown
    return [repr(edge) for edge in edges]
