"""Copies: whether two records of one run are the same record, asked only when one comes twice."""

from __future__ import annotations

from typing import Any

from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.mapping import FieldMap
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.selection import Selection


class Copies:
    """Tells copies of records where nothing is kept of them but the ids of their runs.

    Nearly no source has any. So records are counted, and only when a run comes twice all files are
    read once more, to take down a digest of the first record of each run.
    """

    def __init__(self, fields: FieldMap) -> None:
        self._fields = fields
        self._files: list[SourceFile] = []
        self._selection: Selection | None = None
        self._counted = False
        self._number = 0
        self._record: Any = None
        self._digests: dict[str, str] | None = None
        """Of the first record of each run."""

    def begin(self, files: list[SourceFile], selection: Selection, *, counted: bool) -> None:
        """Begin with these files; without `counted` every record has its digest at once."""
        self._files, self._selection, self._counted = files, selection, counted

    def mark(self, record: Any) -> str:
        """Return the mark of a record: its number, unless digests are taken at once."""
        self._record = record
        self._number += 1
        return f"{self._number}" if self._counted else digest(record)

    def is_same(self, run_id: str) -> bool:
        """Tell whether the record just marked is the first one that was read of its run."""
        if not self._counted:
            return False
        if self._digests is None:
            self._digests = self._read()
        return self._digests.get(run_id) == digest(self._record)

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = {}
        assert self._selection is not None
        field, unheard = self._fields.by_name["run_id"], Findings()
        for file in self._files:
            for row in read_rows(file, self._selection, unheard):
                try:
                    run_id = field.convert(field.expression(row.value, row.places))
                except ValueError:
                    continue
                if run_id is not None:
                    found.setdefault(run_id, digest(row.value))
        return found
