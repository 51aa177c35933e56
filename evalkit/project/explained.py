"""Explained: tables as pydantic models, which say what is wrong with values and what may stand."""

from __future__ import annotations

from dataclasses import MISSING, fields
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

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
        known[each.name] = (
            _with_models(each.type),
            Field(description=texts.get(each.name), **default),
        )
    extra: Any = "forbid" if rest_of(table) is None else "allow"
    config = ConfigDict(extra=extra, allow_inf_nan=False)
    return create_model(table.__name__, __config__=config, __doc__=table.__doc__, **known)


def _with_models(kind: Any) -> Any:
    """Return a field's type with every table in it, however deep, as its model."""
    if is_table(kind):
        return model_of(kind)
    if kind in (int, float):
        return Annotated[kind, BeforeValidator(_no_truth)]
    origin, inner = get_origin(kind), tuple(map(_with_models, get_args(kind)))
    if origin in (dict, list):
        return origin[inner]
    if origin is Annotated and get_args(kind)[0] in (int, float):
        return Annotated[(*get_args(kind), BeforeValidator(_no_truth))]
    return Union[inner] if origin in (Union, UnionType) else kind  # noqa: UP007


def _no_truth(value: Any) -> Any:
    """Refuse true and false where a number is meant: pydantic takes them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value
