"""What the records of a file hold: every path to a value, with some of the values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from evalkit.fetchers.files.reading.jsontext import parsed
from evalkit.model.messages.read import read_messages

DEEPEST = 4
MOST = 0.8
ROLES = frozenset(
    ("system", "developer", "user", "human", "assistant", "ai", "gpt", "bot", "chatbot", "model",
     "agent", "tool", "function", "observation")
)  # fmt: skip
"""Who speaks in a conversation."""
BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
STEP_KEYS = frozenset(
    {"name", "tool", "tool_name", "type", "kind", "action", "function", "observation", "step"}
)


@dataclass(slots=True)
class Column:
    """One path and what lies at its end, record by record."""

    path: tuple[str, ...]
    records: int
    """Records looked at."""
    values: list[Any] = field(default_factory=list)
    """Of the records that have one; text that holds JSON is parsed."""
    text_at: int = 0
    """How many keys down a text holds JSON; 0: none does."""
    frame: str = "{}"
    """What is made of the path, such as a sum of the numbers in a list."""

    @property
    def name(self) -> str:
        """The last key, as it is written."""
        return self.path[-1]

    @property
    def plain(self) -> str:
        """The last key in small letters without marks."""
        return re.sub(r"[^a-z0-9]", "", self.name.lower())

    @property
    def joined(self) -> str:
        """The last two keys as one: `task.id` is a `taskid`."""
        return re.sub(r"[^a-z0-9]", "", "".join(self.path[-2:]).lower())

    @property
    def words(self) -> list[str]:
        """The words of the last key: `latencyMs` has two."""
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.name)
        return [word for word in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if word]

    @property
    def expression(self) -> str:
        """JMESPath to it."""
        names = [
            name if BARE.fullmatch(name) else '"' + name.replace('"', '\\"') + '"'
            for name in self.path
        ]
        if self.text_at:
            head = f"from_json({'.'.join(names[: self.text_at])})"
            names = [head, *names[self.text_at :]]
        return self.frame.format(".".join(names))

    @property
    def full(self) -> bool:
        """Whether every record has it."""
        return len(self.values) == self.records

    @property
    def most(self) -> bool:
        """Whether all but a few records have it: a stray line is left out of what it groups."""
        return len(self.values) >= self.records * MOST

    @property
    def scalar(self) -> bool:
        """Whether its values are text, numbers or truth values."""
        return not any(isinstance(value, dict | list) for value in self.values)

    @property
    def distinct(self) -> int:
        """How many different values it has."""
        return len({repr(value) for value in self.values})

    @property
    def unique(self) -> bool:
        """Whether every record has one and no two are the same."""
        return self.full and self.scalar and self.distinct == self.records

    def all_are(self, *kinds: type) -> bool:
        """Whether every value is of one of the kinds (a truth value is no number)."""
        return bool(self.values) and all(
            isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
            for value in self.values
        )

    def summed(self) -> Column:
        """Return the column with the sum of the numbers, where its values are lists of them."""
        lists = [value for value in self.values if value != 0]
        found = [list(_numbers(value)) for value in lists]
        whole = bool(lists) and all(isinstance(value, list) for value in lists)
        if not whole or not all(found) or any(None in each for each in found):
            return self
        sums = [sum(_numbers(value)) for value in self.values]
        none = "" if len(lists) == len(self.values) else " || `[]`"
        return replace(self, values=sums, frame=f"sum({{}}[][]{none})")

    @property
    def messages(self) -> bool:
        """Whether its values are chat messages."""
        return (
            self.all_are(list)
            and any(self.values)
            and all(_are_messages(value) for value in self.values if value)
        )

    @property
    def steps(self) -> bool:
        """Whether its values are lists of objects that look like steps."""
        filled = [value for value in self.values if value]
        return (
            self.all_are(list)
            and bool(filled)
            and all(
                isinstance(item, dict) and STEP_KEYS & item.keys()
                for value in filled
                for item in value
            )
        )


def _numbers(value: Any) -> Iterator[Any]:
    """Yield the numbers of nested lists, None for anything else."""
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        yield value if number else None


def _are_messages(value: Sequence[Any]) -> bool:
    items = [item for item in value if isinstance(item, dict)]
    roles = sum((item.get("role") or item.get("from")) in ROLES for item in items)
    kinds = sum(item.get("type") in ("human", "ai", "tool", "system") for item in items)
    enough = len(items) == len(value) and max(roles, kinds) >= len(items) * 0.9
    return enough and bool(read_messages(list(value)))


def profile(records: Sequence[Any], *, cells: bool) -> list[Column]:
    """Return a column for every path of the records, in the order they first come.

    `cells` says that all values are text, as in CSV: numbers, truth values and JSON are read.
    """
    columns: dict[tuple[str, ...], Column] = {}
    for record in records:
        for path, value, text_at in _walk(record, (), cells, 0):
            column = columns.get(path)
            if column is None:
                column = columns[path] = Column(path, len(records))
            column.values.append(value)
            column.text_at = max(column.text_at, text_at)
    return _sure(columns)


def _sure(columns: Mapping[tuple[str, ...], Column]) -> list[Column]:
    """Leave texts as they are where only some of them hold JSON; nothing inside them is a column.

    An answer is a text also where it happens to be `{"q": 1}`.
    """
    some = {path for path, column in columns.items() if column.text_at == len(path)
            and any(isinstance(value, str) for value in column.values)}  # fmt: skip
    for path in some:
        column = columns[path]
        column.text_at = 0
        column.values = [v if isinstance(v, str) else orjson.dumps(v).decode()
                         for v in column.values]  # fmt: skip
    return [column for path, column in columns.items()
            if not any(path[:end] in some for end in range(1, len(path)))]  # fmt: skip


def _walk(
    value: Any, path: tuple[str, ...], cells: bool, text_at: int
) -> Iterator[tuple[tuple[str, ...], Any, int]]:
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if inner is None or inner == "":
            continue
        here = (*path, str(key))
        read = _of_text(inner, cells=cells) if isinstance(inner, str) else inner
        quoted = cells and isinstance(read, str) and read is not inner
        was_text = read is not inner and (isinstance(read, dict | list) or quoted)
        if was_text or (cells and read is not inner):
            inner = read
        at = len(here) if was_text and not text_at else text_at
        yield here, inner, at
        if isinstance(inner, Mapping) and len(here) < DEEPEST:
            yield from _walk(inner, here, cells, at)


def _of_text(text: str, *, cells: bool) -> Any:
    """Return the list, object, number or truth value that text holds, else the text itself.

    A cell that begins with a quotation mark may be a text written as JSON.
    """
    head = text.lstrip()[:1]
    if cells and head == '"' and len(text) > 1:
        try:
            return parsed(text)
        except ValueError:
            return text
    if not head or head not in "[{-0123456789tTfF":
        return text
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    try:
        found = parsed(text)
    except ValueError:
        return text
    return text if isinstance(found, str) or found is None else found
