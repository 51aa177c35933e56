"""Copies: whether two records of one run are the same record, asked only when one comes twice."""

from __future__ import annotations

from collections import Counter
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
        self._elsewhere, self._piece = False, 0
        self._digests: dict[str, list[str]] | None = None
        """Of the records of each run: of the first, or of all where others read them."""
        self._times: Counter[str] = Counter()

    def begin(
        self,
        files: list[SourceFile],
        selection: Selection,
        *,
        counted: bool,
        elsewhere: bool = False,
        piece: int = 0,
    ) -> None:
        """Begin with these files; without `counted` every record has its digest at once.

        `elsewhere` says that records are read and marked by somebody else, in the same order.
        """
        self._files, self._selection, self._counted = files, selection, counted
        self._elsewhere, self._piece = elsewhere, piece

    def mark(self, record: Any) -> str:
        """Return the mark of a record: its number, unless digests are taken at once."""
        self._record = record
        self._number += 1
        return f"{self._piece}-{self._number}" if self._counted else digest(record)

    def is_same(self, run_id: str) -> bool:
        """Tell whether the record just marked is the first one that was read of its run."""
        if not self._counted:
            return False
        if self._digests is None:
            self._digests = self._read()
        found = self._digests.get(run_id, [])
        if not self._elsewhere:
            return found == [digest(self._record)]
        self._times[run_id] += 1
        return found[0] == found[self._times[run_id]]

    def _read(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        assert self._selection is not None
        field, unheard = self._fields.by_name["run_id"], Findings()
        for file in self._files:
            for row in read_rows(file, self._selection, unheard):
                try:
                    run_id = field.convert(field.expression(row.value, row.places))
                except ValueError:
                    continue
                if run_id is not None and (self._elsewhere or run_id not in found):
                    found.setdefault(run_id, []).append(digest(row.value))
        return found
