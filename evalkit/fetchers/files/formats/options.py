"""What stands in the configuration of an experiment that is in files.

What `files.plain` takes as it is has to be taken here, with the same defaults.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from evalkit.fetchers.files.mapping.grouping import Rule, check_rule
from evalkit.fetchers.files.mapping.options import (
    DatasetOptions,
    ExpressionText,
    FileName,
    FileNames,
    flat_fields,
)
from evalkit.fetchers.files.mapping.targets import RUN_TARGETS, check_target
from evalkit.fetchers.files.reading.paths import RECORD_LIMIT
from evalkit.fetchers.options import SourceOptions


class FileOptions(SourceOptions):
    """Options every fetcher of files takes."""

    path: FileNames
    """A file, folder, glob or fsspec URL, relative to the config, or a list of them; `{a,b}` \
stands for both, and what begins with `!` is left out."""
    max_record_mb: float = Field(RECORD_LIMIT / 1e6, gt=0, le=1e6)
    """Megabytes a record may have, with what its values take; a larger one is skipped, named, and \
the fetch ends with 3."""
    experiments: ExpressionText | None = None
    """JMESPath that tells experiments apart; `_filename`: each file is one of its own."""
    experiment: str | None = None
    """Of those, or of what a store holds, the one that is read; a pattern stands for many."""


class AutoOptions(FileOptions):
    """Keys of an experiment with `fetcher = "files"`."""

    format: str | None = None
    """Name of the format. Default: found out from the files."""
    dataset: FileName | DatasetOptions | None = None
    """A file with the examples, joined by id, else by equal inputs."""


class LangSmithFileOptions(FileOptions):
    """Keys of an experiment with `fetcher = "langsmith-files"`."""

    dataset: FileName | DatasetOptions | None = None
    """A file with the examples, joined by id, else by equal inputs."""
    session: str | None = None
    """Id or name of the experiment, where the files hold runs of several."""


def _field_name(name: str) -> str:
    check_target(name, RUN_TARGETS)
    return name


class RecordsOptions(FileOptions):
    """Keys of an experiment with `fetcher = "records"`."""

    records: ExpressionText = "@"
    """JMESPath to the list of records. Default: the document itself, or its lines."""
    fields: Annotated[
        dict[Annotated[str, AfterValidator(_field_name)], ExpressionText],
        BeforeValidator(flat_fields),
    ] = Field(min_length=1)
    """JMESPath on each record, by field of Run; dotted names for parts."""
    group_by: ExpressionText | None = None
    """JMESPath on each record: those with the same value are one run. `_filename`: a file each."""
    line_id: ExpressionText | None = None
    """With `group_by`: records of a run with the same value are one, and the last one counts."""
    combine: Annotated[
        dict[Annotated[str, AfterValidator(_field_name)], Rule], BeforeValidator(flat_fields)
    ] = Field(default_factory=dict)
    """With `group_by`, by field: first, last, sum, list, min or max of what the records say."""
    dataset: FileName | DatasetOptions | None = None
    """A file with the examples, joined by `example_id`, else by equal inputs."""
    source: str = "records"
    """Name under which recorded scores appear."""

    @model_validator(mode="after")
    def _grouped(self) -> RecordsOptions:
        """Refuse rules for groups where nothing is grouped, and those that cannot be."""
        if self.group_by is None and (self.line_id is not None or self.combine):
            key = "line_id" if self.line_id is not None else "combine"
            by = self.line_id or "session_id"
            raise ValueError(f"{key} has no meaning without group_by. Write group_by = {by!r}")
        for name, rule in self.combine.items():
            check_rule(name, rule)
        return self
