"""Fitting: TOML values into tables whose types they have already, without loading pydantic.

Nearly every configuration is right, and every command reads it: what plainly fits is taken as it
is. What does not is given to pydantic (`explained`), which knows more ways to fit and says what is
wrong.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from math import isfinite
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

REST = "rest"
"""Marks, in a field's metadata, the one that takes the keys the table does not know."""
EXACT = 2**53
"""Integers from here on are no floats without loss."""


class Unfit(Exception):
    """A value is not plainly what its table says."""


class Bounds:
    """Numbers that are allowed, by pydantic's names: `ge`, `gt`, `lt`."""

    def __init__(self, **bounds: float) -> None:
        self.bounds = bounds

    def check(self, value: Any) -> None:
        """Raise `Unfit` for a number out of bounds."""
        if not all(getattr(operator, name)(value, bound) for name, bound in self.bounds.items()):
            raise Unfit

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return {**handler(source), **self.bounds}


class Checked:
    """Texts that a function accepts: it returns them, or raises `ValueError` with the reason."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self.function = function

    def check(self, value: Any) -> None:
        """Raise `Unfit` for a text that the function refuses."""
        try:
            self.function(value)
        except ValueError:
            raise Unfit from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        from pydantic import AfterValidator

        return AfterValidator(self.function).__get_pydantic_core_schema__(source, handler)


@dataclass(eq=False)
class Table:
    """A table of the configuration; fields are its keys."""


def rest_of(table: type[Table]) -> str | None:
    """Return the field that takes unknown keys, or None where there must not be any."""
    return next((each.name for each in fields(table) if REST in each.metadata), None)


def keys_of(table: type[Table]) -> list[str]:
    """Return the keys a table knows."""
    return [each.name for each in fields(table) if REST not in each.metadata]


def is_table(kind: Any) -> TypeGuard[type[Table]]:
    """Tell whether a type is that of a table."""
    return isinstance(kind, type) and issubclass(kind, Table)


def fitted(kind: Any, value: Any) -> Any:
    """Return `value` as `kind` has it; raises `Unfit` unless it plainly is one."""
    if kind is Any or (kind in (str, int, bool) and type(value) is kind):
        return value
    if kind is float:
        return _number(value)
    if is_table(kind):
        return fit(kind, value)
    return _composed(get_origin(kind), get_args(kind), value)


def _number(value: Any) -> float:
    if type(value) is float and isfinite(value):
        return value
    if type(value) is int and abs(value) < EXACT:
        return float(value)
    raise Unfit


def _composed(origin: Any, inner: tuple[Any, ...], value: Any) -> Any:
    if origin is Annotated:
        found = fitted(inner[0], value)
        for rule in inner[1:]:
            rule.check(found)
        return found
    if origin in (Union, UnionType):
        return _either(inner, value)
    if origin is Literal and type(value) is str and value in inner:
        return value
    if origin is list and type(value) is list:
        return [fitted(inner[0], each) for each in value]
    if origin is dict and type(value) is dict:
        return {fitted(inner[0], key): fitted(inner[1], each) for key, each in value.items()}
    raise Unfit


def _either(inner: tuple[Any, ...], value: Any) -> Any:
    """Return a value as the first of these kinds that it plainly is; TOML has no null."""
    if value is None and NoneType in inner:
        return None
    for kind in inner:
        if kind is not NoneType:
            with suppress(Unfit):
                return fitted(kind, value)
    raise Unfit


T = TypeVar("T", bound=Table)


def fit(table: type[T], values: Any) -> T:
    """Return `values` as a table; raises `Unfit` unless every key and value plainly fits."""
    if type(values) is not dict:
        raise Unfit
    rest = rest_of(table)
    known = {each.name: each for each in fields(table) if each.name != rest}
    own = {key: fitted(known[key].type, each) for key, each in values.items() if key in known}
    other = {key: each for key, each in values.items() if key not in known}
    if rest is not None:
        return table(**own, **{rest: other})
    if other:
        raise Unfit
    return table(**own)
