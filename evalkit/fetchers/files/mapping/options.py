"""Types of options that hold expressions: checked when the config is, not when data is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator

from evalkit.errors import ConfigError
from evalkit.fetchers.files.reading.expression import Expression


def _compiles(text: str) -> str:
    try:
        Expression(text, "expression")
    except ConfigError as error:
        raise ValueError(str(error).partition(": ")[2]) from None
    return text


ExpressionText = Annotated[str, AfterValidator(_compiles)]
"""A JMESPath expression; a bad one is refused with the column."""


Named = TypeVar("Named", str, str | list[str])


def _named(paths: Named) -> Named:
    """Refuse an empty name, which would stand for the whole project."""
    each = [paths] if isinstance(paths, str) else paths
    if not each or not all(path.strip() for path in each):
        raise ValueError("Input should be a file, glob or URL, and not empty")
    return paths


FileName = Annotated[str, AfterValidator(_named)]
"""Where a file is."""
FileNames = Annotated[str | list[str], AfterValidator(_named)]
"""Where files are."""


def flat_fields(fields: Any) -> Any:
    """Return the table with dotted names: TOML reads `usage.cost = "x"` as a table in a table."""
    if not isinstance(fields, Mapping):
        return fields
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat.update((f"{name}.{rest}", each) for rest, each in flat_fields(value).items())
        else:
            flat[name] = value
    return flat
