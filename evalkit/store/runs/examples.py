"""StoredExamples: the examples by id, whose fields are decoded when they are touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import pyarrow as pa

from evalkit.model.example import Example
from evalkit.store.runs.decoded import Getter, json_getter
from evalkit.store.runs.rows import one_array

EMPTY: dict[str, Callable[[], Any]] = {
    "inputs": lambda: None,
    "reference_outputs": lambda: None,
    "metadata": dict,
    "attachments": dict,
    "extra": dict,
}
NAMES = tuple(each.name for each in fields(Example))
_set = {name: getattr(Example, name).__set__ for name in NAMES}


class StoredExample(Example):
    """An Example that decodes a field when it is first touched."""

    __slots__ = ("_getters", "_row")

    def __getattr__(self, name: str) -> Any:
        if name not in _set:
            raise AttributeError(f"Example has no {name!r}")
        value = self._getters[name](self._row)
        _set[name](self, value)
        return value

    def _own(self) -> Example:
        return _lazy(self.example_id, self._getters, self._row)

    def _fresh(self, name: str) -> Any:
        return self._getters[name](self._row)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Example):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in NAMES)

    __hash__ = None  # type: ignore[assignment]  # as unhashable as what it holds


_set_getters = StoredExample._getters.__set__  # type: ignore[attr-defined]
_set_row = StoredExample._row.__set__  # type: ignore[attr-defined]
_set_id, _new = _set["example_id"], StoredExample.__new__


def _lazy(example_id: str, getters: dict[str, Getter], row: int) -> StoredExample:
    """Return an example of which nothing is decoded yet."""
    made = _new(StoredExample)
    _set_id(made, example_id)
    _set_getters(made, getters)
    _set_row(made, row)
    return made


class StoredExamples(Mapping[str, Example]):
    """example_id -> Example."""

    def __init__(self, table: pa.Table) -> None:
        ids = table.column("example_id").to_pylist()
        self._rows = {example_id: row for row, example_id in enumerate(ids)}
        self._made: dict[str, Example] = {}
        if not ids:
            return
        self._getters: dict[str, Getter] = {
            name: json_getter(one_array(table.column(name)), empty) for name, empty in EMPTY.items()
        }
        splits = table.column("split").to_pylist()
        self._getters["split"] = lambda row: _split(splits[row])

    def __getitem__(self, example_id: str) -> Example:
        made = self._made.get(example_id)
        if made is None:
            made = _lazy(example_id, self._getters, self._rows[example_id])
            self._made[example_id] = made
        return made

    def get(self, example_id: Any, default: Any = None) -> Any:
        """Return an example, or the default; asked for every run."""
        made = self._made.get(example_id)
        if made is not None:
            return made
        return self[example_id] if example_id in self._rows else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _split(names: list[str] | None) -> str | tuple[str, ...] | None:
    return names[0] if names and len(names) == 1 else tuple(names or ()) or None
