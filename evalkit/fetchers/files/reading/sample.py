"""The beginning of a file, enough to tell which format it has."""

from __future__ import annotations

import zipfile
from typing import Any, NamedTuple

import orjson

from evalkit.errors import DatasetError
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.jsonstream import Broken, outline, window_of
from evalkit.fetchers.files.reading.paths import SourceFile, open_raw
from evalkit.fetchers.files.reading.rows import WHOLE, Kind, kind_of, read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.files.reading.sqlite import tables_of
from evalkit.fetchers.files.reading.unpack import BROKEN, open_bytes
from evalkit.fetchers.values import too_much


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
    findings = Findings()
    first = next(read_rows(file, Selection(None), findings), None)
    for broken in findings.broken if first is None else ():
        if _is_too_much(file, broken):
            raise DatasetError(f"{broken}.")
    return Sample(kind, file.suffix, None if first is None else first.value)


def _is_too_much(file: SourceFile, reason: str) -> bool:
    return file.too_large in reason or file.too_many in reason


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
            if len(head) <= WHOLE and not too_much(head, file.limit):
                return orjson.loads(head)
        except BROKEN:
            pass
    with open_bytes(file) as stream:
        try:
            return outline(window_of(stream, findings.mended, file))
        except Broken as broken:
            if _is_too_much(file, broken.reason):
                raise DatasetError(f"{file.shown}:{broken.line}: {broken.reason}.") from None
            return None
