"""StoredExamples: the examples by id, each decoded when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from evalkit.model.example import Example
from evalkit.store.rows import json_getter, one_array

EMPTY: dict[str, Callable[[], Any]] = {
    "inputs": lambda: None,
    "reference_outputs": lambda: None,
    "metadata": dict,
    "attachments": dict,
}


class StoredExamples(Mapping[str, Example]):
    """example_id -> Example."""

    def __init__(self, table: pa.Table) -> None:
        ids = table.column("example_id").to_pylist()
        self._rows = {example_id: row for row, example_id in enumerate(ids)}
        self._splits = table.column("split").to_pylist()
        self._payloads = {
            name: json_getter(one_array(table.column(name)), empty)
            for name, empty in EMPTY.items()
            if ids
        }
        self._made: dict[str, Example] = {}

    def __getitem__(self, example_id: str) -> Example:
        made = self._made.get(example_id)
        if made is None:
            made = self._made[example_id] = self._make(example_id, self._rows[example_id])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _make(self, example_id: str, row: int) -> Example:
        split = self._splits[row]
        payloads = {name: get(row) for name, get in self._payloads.items()}
        return Example(
            example_id=example_id,
            **payloads,
            split=split[0] if len(split) == 1 else tuple(split) or None,
        )
