"""The beginning of a file, enough to tell which format it has."""

from __future__ import annotations

import zipfile
from typing import Any, NamedTuple

import orjson

from evalkit.errors import DatasetError
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.jsonstream import Broken, Window, outline
from evalkit.fetchers.files.reading.paths import SourceFile, open_raw
from evalkit.fetchers.files.reading.rows import WHOLE, Kind, kind_of, read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.files.reading.sqlite import tables_of
from evalkit.fetchers.files.reading.unpack import BROKEN, open_bytes


class Sample(NamedTuple):
    """What a format is recognised by."""

    kind: Kind
    suffix: str
    value: Any
    """The document (a large one in outline) or the first row; names of a zip's files, of tables."""

    @property
    def first(self) -> dict[str, Any]:
        """The first object: of a list its first element, of an object the object itself."""
        value = self.value[0] if isinstance(self.value, list) and self.value else self.value
        return value if isinstance(value, dict) else {}

    def has(self, *keys: str) -> bool:
        """Tell whether the first object has all of these keys."""
        return all(key in self.first for key in keys)


def sample_of(file: SourceFile) -> Sample:
    """Look at the beginning of a file; what cannot be read gives an empty sample."""
    kind = kind_of(file)
    if kind == "zip":
        return Sample(kind, file.suffix, _names(file))
    if kind == "sqlite":
        return Sample(kind, file.suffix, tables_of(file))
    if kind == "json":
        return Sample(kind, file.suffix, _document(file))
    first = next(read_rows(file, Selection(None), Findings()), None)
    return Sample(kind, file.suffix, None if first is None else first.value)


def _names(file: SourceFile) -> list[str]:
    try:
        with open_raw(file) as raw, zipfile.ZipFile(raw) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, *BROKEN):  # of a version nobody has yet
        return []


def _document(file: SourceFile) -> Any:
    findings = Findings()
    with open_bytes(file) as stream:
        try:
            head = stream.read(WHOLE + 1)
            if len(head) <= WHOLE:
                return orjson.loads(head)
        except BROKEN:
            pass
    with open_bytes(file) as stream:
        try:
            limit = (file.limit, file.too_large)
            return outline(Window(stream, findings.mended, file.shown, limit=limit))
        except Broken as broken:
            if file.too_large in broken.reason:
                raise DatasetError(f"{file.shown}:{broken.line}: {broken.reason}.") from None
            return None
