"""The JMESPath functions evalkit adds for log files: parallel lists, text, numbers, embedded JSON.

None of them fails on a missing value: what cannot be computed is null, hence missing data.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

import orjson
from jmespath import functions

from evalkit.fetchers.files.reading.jsontext import parsed
from evalkit.fetchers.files.reading.places import Spread
from evalkit.fetchers.files.reading.quantities import number_of, seconds_of
from evalkit.model.messages.message import text_of
from evalkit.model.timing import as_utc

ANY: dict[str, list[str]] = {"types": []}
ANYS = {"types": ["object", "array", "null"], "variadic": True}
OBJECT = {"types": ["object", "null"]}
ARRAY = {"types": ["array", "null"]}
TEXT = {"types": ["string", "null"]}
ANYTHING = {"types": [], "variadic": True}
STRING = {"types": ["string"]}
STRINGS = {"types": ["string"], "variadic": True}
Method = TypeVar("Method", bound=Callable[..., Any])


def sign(*arguments: dict[str, Any]) -> Callable[[Method], Method]:
    """Declare a function's argument types, as JMESPath wants them."""
    return cast("Callable[[Method], Method]", functions.signature(*arguments))


def _between(later: str, earlier: str) -> float:
    """Return the seconds between two times as ISO 8601 text; raises `ValueError` for others."""
    ends = (datetime.fromisoformat(later.strip()), datetime.fromisoformat(earlier.strip()))
    return (as_utc(ends[0]) - as_utc(ends[1])).total_seconds()


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _computed(compute: Callable[[Any, Any], float], first: Any, second: Any) -> float | None:
    one, other = number_of(first), number_of(second)
    return None if one is None or other is None else compute(one, other)


class Functions(functions.Functions):  # type: ignore[misc]
    """JMESPath's own functions and ours; each docstring is its line in the documentation."""

    @sign(ANYS)
    def _func_zip(self, *lists: Any) -> list[Any] | None:
        """One item for each position of parallel lists: `zip({action: actions, reward: rewards})`.

        Given an object of lists, the items are objects; given lists, the items are lists.
        """
        if len(lists) > 1 or isinstance(lists[0], list):
            return [list(items) for items in zip(*(each or [] for each in lists), strict=False)]
        columns = {k: v for k, v in (lists[0] or {}).items() if isinstance(v, list)}
        length = max((len(column) for column in columns.values()), default=0)
        rows = [{n: c[at] for n, c in columns.items() if at < len(c)} for at in range(length)]
        return rows if columns else None

    @sign(OBJECT, STRINGS)
    def _func_spread(self, record: dict[str, Any] | None, *names: str) -> list[dict[str, Any]]:
        """A record with parallel lists as many records, `_index` counting; an object's entries too.

        `spread(@, 'samples', 'scores')` gives a copy of the record for each position, with the
        named lists replaced by their item there. An object is spread by its keys (`_key`).
        """
        if record is None:
            return []
        columns = {name: record.get(name) for name in names}
        keys = next((list(c) for c in columns.values() if isinstance(c, dict)), None)
        if keys is not None:
            return [
                Spread.at(
                    record | {n: c.get(key) for n, c in columns.items() if isinstance(c, dict)},
                    _key=key,
                    _index=at,
                )
                for at, key in enumerate(keys)
            ]
        lists = {name: column for name, column in columns.items() if isinstance(column, list)}
        length = max((len(column) for column in lists.values()), default=0)
        return [
            Spread.at(
                record | {n: c[at] if at < len(c) else None for n, c in lists.items()}, _index=at
            )
            for at in range(length)
        ]

    @sign(OBJECT)
    def _func_entries(self, record: dict[str, Any] | None) -> list[dict[str, Any]] | None:
        """The entries of an object as `{key, value}` objects."""
        return None if record is None else [{"key": k, "value": v} for k, v in record.items()]

    @sign(ARRAY)
    def _func_enumerate(self, values: list[Any] | None) -> list[dict[str, Any]] | None:
        """The items of a list as `{index, value}` objects, counted from 0."""
        return None if values is None else [{"index": i, "value": v} for i, v in enumerate(values)]

    @sign(ANY, ANY, ANY)
    def _func_when(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """The second value when the first is true (not false, null or empty), else the third."""
        false = condition is None or condition is False or condition in ("", [], {})
        return otherwise if false else then

    @sign(TEXT, STRING)
    def _func_split(self, text: str | None, separator: str) -> list[str] | None:
        """The parts of a text between separators."""
        return None if text is None else text.split(separator) if separator else list(text)

    @sign(TEXT, STRING)
    def _func_regex_extract(self, text: str | None, pattern: str) -> str | None:
        """The first group (or the whole match) of the first place the pattern fits."""
        found = _pattern(pattern).search(text) if text is not None else None
        if found is None:
            return None
        return found.group(1) if found.re.groups else found.group()

    @sign(TEXT, STRING)
    def _func_regex_match(self, text: str | None, pattern: str) -> bool | None:
        """Whether the pattern fits anywhere in the text."""
        return None if text is None else _pattern(pattern).search(text) is not None

    @sign(TEXT, STRING, STRING)
    def _func_replace(self, text: str | None, old: str, new: str) -> str | None:
        """The text with every occurrence replaced."""
        return None if text is None else text.replace(old, new)

    @sign(TEXT)
    def _func_lower(self, text: str | None) -> str | None:
        """The text in lower case."""
        return None if text is None else text.lower()

    @sign(TEXT)
    def _func_upper(self, text: str | None) -> str | None:
        """The text in upper case."""
        return None if text is None else text.upper()

    @sign(TEXT)
    def _func_trim(self, text: str | None) -> str | None:
        """The text without white space around it."""
        return None if text is None else text.strip()

    @sign(ANY)
    def _func_text(self, content: Any) -> str | None:
        """The plain text of message content, whether a string or a list of blocks."""
        return None if content is None else text_of(content)

    @sign(TEXT)
    def _func_from_json(self, text: str | None) -> Any:
        """The value that JSON text holds, or a list or object as Python writes it; else a note."""
        return None if text is None else parsed(text)

    @sign(ANY, ANY)
    def _func_add(self, first: Any, second: Any) -> float | None:
        """The sum of two numbers, also written as text: `a + b`."""
        return _computed(operator.add, first, second)

    @sign(ANY, ANY)
    def _func_subtract(self, first: Any, second: Any) -> float | None:
        """The first number less the second: `a - b`; of two times the seconds between them."""
        if isinstance(first, str) and isinstance(second, str) and ":" in first and ":" in second:
            try:
                return _between(first, second)
            except ValueError:
                pass
        return _computed(operator.sub, first, second)

    @sign(ANY, ANY)
    def _func_multiply(self, first: Any, second: Any) -> float | None:
        """The product of two numbers: `a * b`."""
        return _computed(operator.mul, first, second)

    @sign(ANY, ANY)
    def _func_divide(self, first: Any, second: Any) -> float | None:
        """The first number divided by the second, null for a division by zero: `ms / 1000`."""
        divisor = number_of(second)
        return _computed(operator.truediv, first, divisor) if divisor else None

    @sign(ANY)
    def _func_number(self, value: Any) -> float | None:
        """The number that text holds, its unit, currency and thousands marks left aside."""
        return number_of(value)

    @sign(ANYTHING)
    def _func_seconds(self, value: Any, unit: str = "", *_: Any) -> float | None:
        """Seconds from text with a unit (`350 ms`, `1m 20s`, `00:01:23`, `PT5S`), and from bare \
numbers, where `seconds(t, 'ms')` says what they are in."""
        return seconds_of(value, unit)

    @sign(OBJECT, ANY)
    def _func_lookup(self, table: dict[str, Any] | None, key: Any) -> Any:
        """The value of a table by a key that is computed: ``lookup(`{"a": 1}`, name)``."""
        if table is None or key is None or isinstance(key, dict | list):
            return None
        return table.get(key if isinstance(key, str) else orjson.dumps(key).decode())


OWN = sorted(set(Functions.FUNCTION_TABLE) - set(functions.Functions.FUNCTION_TABLE))
"""Names of the functions JMESPath itself does not have."""
