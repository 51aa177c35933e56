"""Options that hold expressions or name files: checked when the configuration is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from evalkit.errors import ConfigError
from evalkit.fetchers.files.mapping.targets import EXAMPLE_TARGETS, check_target
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.options import SourceOptions


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


def _field_name(name: str) -> str:
    check_target(name, EXAMPLE_TARGETS)
    return name


class DatasetOptions(SourceOptions):
    """`[experiments.NAME.dataset]`: a file with the examples."""

    path: FileNames
    """A file, glob or fsspec URL, relative to the config."""
    records: ExpressionText = "@"
    """JMESPath to the list of rows."""
    fields: Annotated[
        dict[Annotated[str, AfterValidator(_field_name)], ExpressionText],
        BeforeValidator(flat_fields),
    ] = Field(default_factory=dict)
    """JMESPath on each row: example_id, inputs, reference_outputs, metadata, split. Default: \
those keys."""
    subset: bool = False
    """The runs answered only part of the dataset: leave out examples without a run."""
