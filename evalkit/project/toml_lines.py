"""Which line of a TOML file says a key: tomllib gives the values, this gives their places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class TomlLines:
    """The places of the keys of one TOML text."""

    text: str
    places: dict[Keys, int]

    def line(self, keys: Keys) -> int:
        """Return the line that says `keys`, or the nearest table around it, or 1."""
        for end in range(len(keys), 0, -1):
            place = self.places.get(keys[:end])
            if place is not None:
                return self._item_line(place, keys, end)
        return 1

    def _item_line(self, place: int, keys: Keys, known: int) -> int:
        """Move from the line of a list's key to the line of the item asked for."""
        rest = keys[known:]
        if not rest or not isinstance(rest[0], int):
            return place
        value: Any = tomllib.loads(self.text)
        try:
            for key in keys[: known + 1]:
                value = value[key]
        except (KeyError, IndexError, TypeError):
            return place
        return _line_saying(self.text, value, place)


def locate(text: str) -> TomlLines:
    """Find the line of every key of a valid TOML `text`."""
    places: dict[Keys, int] = {}
    table: Keys = ()
    repeats: dict[Keys, int] = {}
    for number, statement in _statements(text):
        keys = _single_path(tomllib.loads(statement))
        if statement.startswith("[["):
            repeats[keys] = repeats.get(keys, -1) + 1
            table = (*keys, repeats[keys])
        elif statement.startswith("["):
            table = keys
        else:
            _note(places, table, tomllib.loads(statement), number)
            continue
        for end in range(1, len(table) + 1):
            places.setdefault(table[:end], number)
        places[table] = number
    return TomlLines(text, places)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header or assignment with the number of its first line, comments left out."""
    lines = text.splitlines()
    start = 0
    while start < len(lines):
        end = start + 1
        if (head := lines[start].strip()) and not head.startswith("#"):
            while not _is_whole("\n".join(lines[start:end])) and end < len(lines):
                end += 1
            yield start + 1, "\n".join(lines[start:end]).strip()
        start = end


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _single_path(table: Any) -> Keys:
    """Return the keys of a header such as `[a."b c"]`, parsed as TOML itself parses them."""
    keys: list[str | int] = []
    while isinstance(table, (dict, list)) and table:
        if isinstance(table, list):
            table = table[0]
            continue
        key, table = next(iter(table.items()))
        keys.append(key)
    return tuple(keys)


def _note(places: dict[Keys, int], above: Keys, values: dict[str, Any], line: int) -> None:
    for key, value in values.items():
        places.setdefault((*above, key), line)
        if isinstance(value, dict):
            _note(places, (*above, key), value, line)


def _line_saying(text: str, value: Any, start: int) -> int:
    """Return the first line from `start` on that holds the string `value`."""
    if isinstance(value, str):
        for number, line in enumerate(text.splitlines()[start - 1 :], start):
            if value in line:
                return number
    return start
