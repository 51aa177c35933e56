"""Numbers among the columns: tokens, money, durations, times."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from evalkit.fetchers.files.proposal import names
from evalkit.fetchers.files.proposal.profile import Column
from evalkit.fetchers.files.proposal.taking import Guess
from evalkit.fetchers.files.reading.quantities import number_of
from evalkit.model.accounting.gathering import SIGNS
from evalkit.model.accounting.spellings import NAMES, TOTAL
from evalkit.model.accounting.spellings import plain as spelled
from evalkit.model.timing import parse_time
from evalkit.model.usage import COSTS

SHORT = {1000: "ms", 1_000_000: "us", 1_000_000_000: "ns"}
NANOSECONDS = 10_000_000
"""From here on a duration without a unit is in nanoseconds: milliseconds would be hours."""


def usage_expression(made: Guess) -> str:
    """Return the object of counts and costs, or one made of the columns that hold them."""
    objects = [c for c in made.left if c.all_are(dict) and c.plain in
               ("usage", "tokenusage", "usagemetadata", "tokens", "tokencounts")]  # fmt: skip
    if objects:
        chosen = min(objects, key=lambda c: len(c.path))
        made.drop(chosen)
        beside = [c for c in made.left if NAMES.get(spelled(c.name)) in COSTS and counts(c)]
        if beside:
            made.drop(beside[0])
            made.give("usage.total_cost", _amount(beside[0]))
        return chosen.expression
    found = [c for c in map(_summed, made.left) if _is_count(c)]
    for column in found:
        made.drop(column)
    parts = [f'"{_count_name(c)}": {_if_any(made, c, _amount(c))}' for c in found]
    return f"{{{', '.join(parts)}}}" if parts else ""


def _amount(column: Column) -> str:
    """Return a count or cost; a cost with its sign is left as it is, for it says the currency."""
    signed = any(isinstance(v, str) and v.strip()[:1] in SIGNS for v in column.values)
    return column.expression if signed else number(column)


def _if_any(made: Guess, column: Column, expression: str) -> str:
    """Return the amount, nothing for the zero that stands beside a call that failed."""
    zero = any(not isinstance(v, str) and v == 0 for v in column.values)
    return (
        f"when({expression} > `0`, {expression}, `null`)"
        if made.broken_off and zero
        else expression
    )


def _summed(column: Column) -> Column:
    """Return the sum of a list of counts: one for each turn is written so."""
    return column.summed() if {"token", "tokens"} & set(column.words) else column


def _count_name(column: Column) -> str:
    if column.plain in names.COUNTS:
        return names.COUNTS[column.plain]
    return "total_cost" if _is_cost(column) else column.name


def _is_cost(column: Column) -> bool:
    """Tell whether it is a cost of the whole under a name that no tool has."""
    parts = {"input", "output", "prompt", "completion", "cached", "user"}
    known = NAMES.get(spelled(column.name)) is not None
    said = names.COST & set(column.words[-2:])
    return not known and bool(said) and not parts & set(column.words)


def _is_count(column: Column) -> bool:
    if column.plain in names.COUNTS or _is_cost(column):
        return counts(column)
    field = NAMES.get(spelled(column.name))
    sure = {"tokens", "token", "cost", "price", "usd"} & set(column.words)
    return (
        field is not None
        and counts(column)
        and (bool(sure) or field not in (TOTAL,))
        and (bool(sure) or "token" in column.plain)
    )


def counts(column: Column) -> bool:
    """Tell whether all values are numbers, also as short text with a unit."""
    return (
        column.all_are(int, float, str)
        and all(isinstance(v, int | float) or any(ch.isdigit() for ch in v) for v in column.values)
        and not any(isinstance(v, str) and len(v) > 24 for v in column.values)
    )


def number(column: Column) -> str:
    """Return the column's number: text may have units, or a comma for a point."""
    return (
        f"number({column.expression})"
        if any(isinstance(value, str) for value in column.values)
        else column.expression
    )


def duration(made: Guess) -> tuple[str, str] | None:
    """Return seconds out of the column that says how long a run took, and what was assumed."""
    summed = [each.summed() for each in made.left]
    found = [c for c in summed if _is_duration(c)] or [c for c in summed if _is_unit(c)]
    if not found:
        return None
    column = min(found, key=lambda c: len(c.path))
    made.drop(column)
    expression, why = _seconds(column)
    return _if_any(made, column, expression), why


def first_token(made: Guess) -> tuple[str, str] | None:
    """Return the seconds to the first token out of the column that has them."""
    found = [c for c in made.left if counts(c) and
             ("ttft" in c.words or ("first", "token") in pairwise(c.words))]  # fmt: skip
    if not found:
        return None
    made.drop(found[0])
    return _seconds(found[0])


def _seconds(column: Column) -> tuple[str, str]:
    if any(word in names.MINUTES for word in column.words):
        return f"{number(column)} * 60", ""
    per = next((names.UNITS[word] for word in reversed(column.words) if word in names.UNITS), None)
    stated = [v for v in column.values if isinstance(v, str)
              and any(ch.isalpha() or ch == ":" for ch in v)]  # fmt: skip
    bare = [value for value in column.values if value not in stated]
    why = ""
    if per is None and bare:
        per, unit = _by_size([float(number_of(value) or 0) for value in bare])
        why = f"no unit is written: taken for {unit}"
    if stated:
        given = f", '{SHORT[per]}'" if bare and per in SHORT else ""
        return f"seconds({column.expression}{given})", why
    return (number(column) if per == 1 else f"{number(column)} / {per}"), why


def _by_size(values: list[float]) -> tuple[int, str]:
    """Return how many of the unit are a second, where nothing says what durations are in."""
    if median(values) >= NANOSECONDS and all(v.is_integer() for v in values):
        return 1_000_000_000, "nanoseconds"
    if median(values) >= 200 and all(v.is_integer() for v in values):
        return 1000, "milliseconds"
    return 1, "seconds"


def is_number(text: str) -> bool:
    """Tell whether text is a bare number, with a point or a comma."""
    try:
        return not any(ch.isalpha() for ch in text) and number_of(text) is not None
    except ValueError:
        return False


def _is_duration(column: Column) -> bool:
    words = column.words
    pairs = list(pairwise(words))
    said = bool(names.DURATION_WORDS & set(words)) or any(p in pairs for p in names.DURATION_PAIRS)
    first = {"first", "ttft", "queue", "token"} & set(words)
    return said and not first and counts(column)


def moment(column: Column) -> bool:
    """Tell whether the values are times of this century."""
    if not column.scalar or column.all_are(bool):
        return False
    try:
        found = [parse_time(value) for value in column.values[:20]]
    except (ValueError, OverflowError, OSError, TypeError):
        return False
    return all(time is not None and 2000 < time.year < 2100 for time in found)


def _is_unit(column: Column) -> bool:
    """Tell whether a name says little but a unit of time: `response_ms`, `seconds`."""
    words = column.words
    long_unit = bool(words) and words[-1] in names.UNITS and len(words[-1]) > 1
    return long_unit and set(words[:-1]) <= names.BESIDE_UNIT and counts(column)
