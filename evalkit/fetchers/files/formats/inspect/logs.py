"""Inspect's logs (.json, .eval): samples become runs, with the scores and timings they hold.

Shape: inspect_ai's `EvalLog` and `EvalSample` (log version 2); an `.eval` file is a zip of
`header.json` and `samples/ID_epoch_N.json`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.inspect.samples import to_run
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.jsontext import loads
from evalkit.fetchers.files.reading.paths import SourceFile, open_raw
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample, sample_of
from evalkit.fetchers.files.reading.selection import Selection

HEADER, START = "header.json", "_journal/start.json"


def fits(sample: Sample) -> bool:
    """Tell whether a file is a log: by its header, or by the names inside an .eval."""
    if sample.kind == "zip":
        return HEADER in sample.value or START in sample.value
    header = sample.first.get("eval")
    return isinstance(header, dict) and "task" in header and "model" in header


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield the samples of all logs; a log that did not finish makes the fetch incomplete."""
    for file in files:
        read_samples = _zipped if sample_of(file).kind == "zip" else _plain
        header: dict[str, Any] = {}
        kept = 0
        for sample, where in read_samples(file, header, reading.findings):
            try:
                made = to_run(sample, header)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reading.findings.break_at(where, f"not a sample of Inspect: {error!r}")
                continue
            kept += 1
            if made.example is not None:
                reading.book.add(made.example)
            limit = (sample.get("limit") or {}).get("type")
            yield Item(made.run, digest(sample), where, limit)
        _settle(file, header, kept, reading)


def _settle(file: SourceFile, header: Mapping[str, Any], kept: int, reading: Reading) -> None:
    """Hold what came against what the log says of itself."""
    status = header.get("status", "without an end")
    if status != "success":
        reading.findings.break_at(file.shown, f"the evaluation is {status}: {kept} samples")
    results = header.get("results") or {}
    total = results.get("total_samples")
    if isinstance(total, int):
        reading.tally.expected = (reading.tally.expected or 0) + total
        if kept < total:
            reason = f"{kept} of {total} samples are in the log"
            reading.findings.break_at(file.shown, reason)
    if results.get("scores"):
        reading.tally.source_stats[file.shown] = results["scores"]


Samples = Iterator[tuple[Any, str]]


def _plain(file: SourceFile, header: dict[str, Any], findings: Findings) -> Samples:
    first = sample_of(file).first
    header.update({name: value for name, value in first.items() if name != "samples"})
    samples = Selection(Expression("samples[]", file.shown))
    for row in read_rows(file, samples, findings):
        yield row.value, row.where


def _zipped(file: SourceFile, header: dict[str, Any], findings: Findings) -> Samples:
    with open_raw(file) as raw:
        try:
            archive = zipfile.ZipFile(raw)
        except zipfile.BadZipFile as error:
            findings.break_at(file.shown, f"not a whole .eval file: {error}")
            return
        with archive:
            names = archive.namelist()
            head = HEADER if HEADER in names else START
            header.update(_entry(archive, head, file, findings) or {})
            for name in sorted(name for name in names if name.startswith("samples/")):
                sample = _entry(archive, name, file, findings)
                if sample is not None:
                    yield sample, f"{file.shown}/{name}"


def _entry(archive: zipfile.ZipFile, name: str, file: SourceFile, findings: Findings) -> Any:
    where = f"{file.shown}/{name}"
    try:
        return loads(archive.read(name), findings.mended, where)
    except (ValueError, OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        findings.break_at(where, f"cannot be read: {error}")
        return None
