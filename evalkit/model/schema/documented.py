"""Documented: pydantic models whose keys are explained by the lines below them."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler


class Documented(BaseModel):
    """A model whose JSON schema says what its keys mean.

    pydantic's own `use_attribute_docstrings` reads the source of every model that is imported,
    10 ms of each fetch; here it is read when somebody asks for the schema.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for kind in cls.__mro__:
            if issubclass(kind, Documented) and kind is not Documented:
                _describe(kind, properties)
        return schema


def _describe(kind: type[Documented], properties: dict[str, Any]) -> None:
    for name, text in meanings(kind).items():
        field = kind.model_fields.get(name)
        key = name if field is None else field.alias or name
        if key in properties:
            properties[key].setdefault("description", text)


def meanings(kind: type) -> dict[str, str]:
    """Return the text below each field of a class, which only its source has."""
    (written,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(written, ast.ClassDef)
    found = {}
    for one, other in pairwise(written.body):
        if isinstance(one, ast.AnnAssign) and isinstance(other, ast.Expr):
            key, text = one.target, other.value
            if isinstance(key, ast.Name) and isinstance(text, ast.Constant):
                found[key.id] = inspect.cleandoc(str(text.value))
    return found
