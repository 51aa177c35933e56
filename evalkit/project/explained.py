"""Explained: tables as pydantic models, which say what is wrong with values and what may stand."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from evalkit.model.schema.documented import meanings
from evalkit.project.fitting import REST, Table, fit, is_table, rest_of

T = TypeVar("T", bound=Table)
MADE: dict[type[Table], type[BaseModel]] = {}


def checked(table: type[T], values: Any) -> T:
    """Return `values` as a table; raises pydantic's `ValidationError` with every mistake."""
    return fit(table, model_of(table).model_validate(values).model_dump(exclude_unset=True))


def model_of(table: type[Table]) -> type[BaseModel]:
    """Return the model with the keys, types and rules of a table, the same one every time."""
    if table not in MADE:
        MADE[table] = _made(table)
    return MADE[table]


def _made(table: type[Table]) -> type[BaseModel]:
    texts = meanings(table)
    known: dict[str, Any] = {}
    for each in fields(table):
        if REST in each.metadata:
            continue
        default: Any = {"default": each.default}
        if each.default_factory is not MISSING:
            default = {"default_factory": each.default_factory}
        kind = model_of(each.type) if is_table(each.type) else each.type
        known[each.name] = (kind, Field(description=texts.get(each.name), **default))
    config = ConfigDict(extra="forbid" if rest_of(table) is None else "allow")
    return create_model(table.__name__, __config__=config, __doc__=table.__doc__, **known)
