"""Flat records sorted into traces; too many for memory are sorted into files first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import orjson

from evalkit.fetchers.langsmith.convert.traces import Grouped, group
from evalkit.model.schema.content import dumps

Payload = dict[str, Any]
BUCKETS = 64


class Buckets:
    """Collects flat records, then gives them back as traces, a part of the traces at a time.

    Records of one trace share a `trace_id`; with `spill` each goes to the file its trace's hash
    says, so that one 64th of the records is in memory at a time.
    """

    def __init__(self, *, spill: bool) -> None:
        self._records: list[Any] = []
        self._folder = tempfile.TemporaryDirectory(prefix="evalkit-") if spill else None
        self._files: list[BinaryIO] = []
        if self._folder is not None:
            root = Path(self._folder.name)
            self._files = [(root / str(n)).open("w+b") for n in range(BUCKETS)]

    def add(self, record: Any) -> None:
        """Take one record."""
        if not self._files:
            self._records.append(record)
            return
        trace = record.get("trace_id") or str(record.get("dotted_order") or "")[22:58]
        at = crc32(str(trace or record["id"]).encode()) % BUCKETS
        self._files[at].write(dumps(record) + b"\n")

    def told(self) -> list[Any]:
        """Return all records; afterwards they are gone."""
        if not self._files:
            found, self._records = self._records, []
            return found
        for file in self._files:
            file.seek(0)
        return [orjson.loads(line) for file in self._files for line in file]

    def groups(self) -> Iterator[Grouped]:
        """Yield the traces, group by group; afterwards the records are gone."""
        if not self._files:
            yield group(self._records)
            self._records = []
            return
        for file in self._files:
            file.seek(0)
            yield group(map(orjson.loads, file))
            file.close()

    def close(self) -> None:
        """Remove what was written."""
        for file in self._files:
            file.close()
        if self._folder is not None:
            self._folder.cleanup()
