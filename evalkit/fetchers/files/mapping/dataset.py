"""Examples from a file of their own, joined to runs by id, else by equal inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from evalkit.errors import DatasetError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.mapping.examples import OTHER, Dataset
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.mapping import FieldMap
from evalkit.fetchers.files.mapping.targets import EXAMPLE_TARGETS
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import find_files
from evalkit.fetchers.files.reading.places import NOWHERE
from evalkit.fetchers.files.reading.plain import plain_dataset
from evalkit.fetchers.files.reading.rows import Row, read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.plain import PlainOptions
from evalkit.model.example import Example

if TYPE_CHECKING:
    from evalkit.fetchers.files.mapping.options import DatasetOptions

NAMES = {
    "example_id": ("example_id", "id", "key"),
    "inputs": ("inputs", "input", "question", "prompt"),
    "reference_outputs": ("reference_outputs", "expected_outputs", "outputs", "expected", "answer"),
    "metadata": ("metadata",),
    "split": ("split", "dataset_split"),
}
"""Keys a dataset row may use when no `fields` are given; the first one present counts."""


def read_dataset(
    options: str | DatasetOptions | PlainOptions, context: FetchContext, findings: Findings
) -> Dataset:
    """Read all examples of a dataset file; raises `DatasetError` where a row names no example."""
    if isinstance(options, str):
        options = plain_dataset(options)
    who = f"experiments.{context.experiment}.dataset"
    examples = _examples(options, context, findings, who)
    return Dataset(examples, who, subset=options.subset, other=partial(findings.note, OTHER))


def _examples(
    options: DatasetOptions | PlainOptions, context: FetchContext, findings: Findings, who: str
) -> Iterator[Example]:
    selection = Selection(Expression(options.records, f"{who}.records"))
    fields = FieldMap(options.fields, EXAMPLE_TARGETS, f"{who}.fields") if options.fields else None
    read = 0
    for file in find_files(options.path, context.base, who):
        for row in read_rows(file, selection, findings):
            read += 1
            yield _mapped(row, fields) if fields else _plain(row)
    if not read:
        raise DatasetError(f"{who}: no row in {options.path!r}. Correct `path` or `records`.")
    if fields:
        fields.check(read, findings)


def _mapped(row: Row, fields: FieldMap) -> Example:
    values = fields.values(row.value, row.where, row.places if fields.placed else NOWHERE)
    whole = {top: fields.whole(values, top) for top in EXAMPLE_TARGETS}
    return _example(whole, row)


def _plain(row: Row) -> Example:
    record = row.value
    if not isinstance(record, Mapping):
        raise DatasetError(f"{row.where}: a dataset row is an object. Give `dataset.fields`.")
    found = {
        field: next((record[name] for name in names if record.get(name) is not None), None)
        for field, names in NAMES.items()
    }
    return _example(found, row)


def _example(values: Mapping[str, Any], row: Row) -> Example:
    example_id, inputs = values.get("example_id"), values.get("inputs")
    if example_id is None and inputs is None:
        raise DatasetError(
            f"{row.where}: a dataset row needs an example_id or inputs. Map them in "
            "`dataset.fields`."
        )
    metadata, names = values.get("metadata") or {}, _splits(values.get("split"), row)
    if not isinstance(metadata, Mapping):
        raise DatasetError(f"{row.where}: metadata of a dataset row is an object.")
    return Example(
        example_id=digest(inputs) if example_id is None else str(example_id),
        inputs=inputs,
        reference_outputs=values.get("reference_outputs"),
        metadata=metadata,
        split=names[0] if len(names) == 1 else names or None,
    )


def _splits(split: Any, row: Row) -> tuple[str, ...]:
    """Return the splits of a row; a number is a word, as for an id."""
    names = split if isinstance(split, list | tuple) else () if split is None else (split,)
    if not all(isinstance(name, str | int) for name in names):
        raise DatasetError(f"{row.where}: split of a dataset row is a word or a list of words.")
    return tuple(map(str, names))
