"""Inspect's logs (.json, .eval): samples become runs, with the scores and timings they hold.

Shape: inspect_ai's `EvalLog` and `EvalSample` (log version 2); an `.eval` file is a zip of
`header.json` and `samples/ID_epoch_N.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.inspect.archive import Archive
from evalkit.fetchers.files.formats.inspect.notes import facts, say
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
from evalkit.fetchers.values import too_much

HEADER, START = "header.json", "_journal/start.json"


BESIDE = frozenset({"eval-set.json", "logs.json"})
"""What `eval_set` writes beside its logs."""


def fits(sample: Sample) -> bool:
    """Tell whether a file is a log: by its header, or by the names inside an .eval."""
    if sample.kind == "zip":
        return HEADER in sample.value or START in sample.value
    header = sample.first.get("eval")
    return isinstance(header, dict) and "task" in header and "model" in header


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield the samples of all logs; a log that did not finish makes the fetch incomplete.

    Of several logs of one task (a set that retries writes a new one each time) the newest counts.
    """
    for file in chosen(files, reading):
        read_samples = _zipped if sample_of(file).kind == "zip" else _plain
        header: dict[str, Any] = {}
        kept: list[Mapping[str, Any]] = []
        for sample, where in read_samples(file, header, reading.findings):
            try:
                made = to_run(sample, header)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reading.findings.break_at(where, f"not a sample of Inspect: {error!r}")
                continue
            kept.append(facts(sample))
            if made.example is not None:
                reading.book.add(made.example)
            limit = (sample.get("limit") or {}).get("type")
            yield Item(made.run, digest(sample), where, limit)
        _settle(file, header, len(kept), reading)
        say(file, header, kept, reading)


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
        archive = Archive(raw, file.limit, file.too_large)
        names = archive.names
        if archive.cut_off:
            findings.break_at(file.shown, f"the log was cut off: {len(names)} members are whole")
        head = HEADER if HEADER in names else START
        if head in names:
            header.update(_entry(archive, head, file, findings) or {})
        for name in sorted(name for name in names if name.startswith("samples/")):
            sample = _entry(archive, name, file, findings)
            if sample is not None:
                yield sample, f"{file.shown}/{name}"


def _entry(archive: Archive, name: str, file: SourceFile, findings: Findings) -> Any:
    where = f"{file.shown}/{name}"
    try:
        raw = archive.read(name)
        if too_much(raw, file.limit):
            raise ValueError(f"it is {file.too_many}")
        read = loads(raw, findings.mended, where)
    except (ValueError, OSError, NotImplementedError, EOFError) as error:
        findings.break_at(where, f"cannot be read: {error}")
        return None
    if isinstance(read, dict):
        return read
    findings.break_at(where, f"holds a {type(read).__name__}, expected an object")
    return None


def chosen(files: list[SourceFile], reading: Reading) -> list[SourceFile]:
    """Return the logs that count: of each task the newest, in the order given."""
    logs = [file for file in files if file.shown.rpartition("/")[2] not in BESIDE]
    if len(logs) < 2:
        return logs
    by_task: dict[str, tuple[str, SourceFile]] = {}
    for file in logs:
        about = _about(file)
        task = str(about.get("task_id") or file.shown)
        made = (str(about.get("created") or ""), file)
        before = by_task.get(task)
        if before is None or (made[0], file.shown) >= (before[0], before[1].shown):
            by_task[task] = made
    kept = [file for file in logs if any(file is each for _, each in by_task.values())]
    for file in logs:
        if file not in kept:
            reading.findings.note("older log of a task that was tried again left out", file.shown)
    return kept


def _about(file: SourceFile) -> Mapping[str, Any]:
    """Return what a log says of its task, without reading its samples."""
    if sample_of(file).kind == "zip":
        header: Any = {}
        with open_raw(file) as raw:
            archive = Archive(raw, file.limit, file.too_large)
            name = next((each for each in (HEADER, START) if each in archive.names), None)
            if name is not None:
                header = _entry(archive, name, file, Findings())
    else:
        header = sample_of(file).first
    about = header.get("eval") if isinstance(header, Mapping) else None
    return about if isinstance(about, Mapping) else {}
