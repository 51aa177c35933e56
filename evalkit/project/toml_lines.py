"""Which line of a TOML file says a key: tomllib gives the values, this gives their places.

Every command reads a configuration and few have anything to say about it, so nothing is looked for
before a line is asked for; then the text is gone through once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Keys = tuple[str | int, ...]
TOKEN = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"{3,5}'  # texts over several lines
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'  # texts on one line
    r"|'[^'\n]*'"
    r"|#[^\n]*|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)"
)
"""What can keep a line's end from being the end of a statement; everything else is passed over."""


@dataclass(frozen=True)
class TomlLines:
    """The places of the keys of one valid TOML text."""

    text: str

    def line(self, keys: Keys) -> int:
        """Return the line that says `keys`, or the nearest table around it, or 1."""
        for end in range(len(keys), 0, -1):
            place = self._places.get(keys[:end])
            if place is not None:
                return self._item_line(place, keys, end)
        return 1

    @cached_property
    def _places(self) -> dict[Keys, int]:
        """Find the line of every key."""
        places: dict[Keys, int] = {}
        table: Keys = ()
        repeats: dict[Keys, int] = {}
        for number, statement in _statements(self.text):
            if not statement.startswith("["):
                _note(places, table, tomllib.loads(statement), number)
                continue
            keys = table = _single_path(tomllib.loads(statement))
            if statement.startswith("[["):
                repeats[keys] = repeats.get(keys, -1) + 1
                table = (*keys, repeats[keys])
            for end in range(1, len(table) + 1):
                places.setdefault(table[:end], number)
            places[table] = number
        return places

    @cached_property
    def _values(self) -> dict[str, Any]:
        return tomllib.loads(self.text)

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def _item_line(self, place: int, keys: Keys, known: int) -> int:
        """Move from the line of a list's key to the line of the item asked for."""
        rest = keys[known:]
        if not rest or not isinstance(rest[0], int):
            return place
        value: Any = self._values
        try:
            for key in keys[: known + 1]:
                value = value[key]
        except (KeyError, IndexError, TypeError):
            return place
        if isinstance(value, str):
            for number, line in enumerate(self._lines[place - 1 :], place):
                if value in line:
                    return number
        return place


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header or assignment with the number of its first line, comments left out."""
    line, first, start, depth = 1, 1, 0, 0
    for token in TOKEN.finditer(text if text.endswith("\n") else text + "\n"):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        elif token["end"] and depth == 0:
            statement = text[start : token.end()].strip()
            if statement and not statement.startswith("#"):
                yield first, statement
            start, first = token.end(), line + 1
        line += token[0].count("\n")


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
