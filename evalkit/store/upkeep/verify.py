"""Verify: reads everything that is stored and says what does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from evalkit.errors import StoreError
from evalkit.model.kept.seal import SEAL
from evalkit.store.cells import infos
from evalkit.store.cells import parts as cells
from evalkit.store.cells.current import Now, current_blocks
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import Part, is_intact
from evalkit.store.disk.state import DAMAGED, MANIFEST, State
from evalkit.store.runs.mend import owed_by


@dataclass(frozen=True, slots=True)
class Finding:
    """One file or fact that was looked at."""

    name: str
    ok: bool
    text: str


def verify(files: Files, state: State) -> Iterator[Finding]:
    """Yield a finding for every file, then for the whole: counts, duplicates, stale cells."""
    sound = True
    for part in (*state.parts, *([state.examples] if state.examples else [])):
        finding = _part(files, part)
        sound &= finding.ok
        yield finding
    finding = _evaluators(files, state)
    sound &= finding.ok
    yield finding
    for name in cells.part_names(files):
        finding = _scores(files, name)
        sound &= finding.ok
        yield finding
    if owed := owed_by(state):
        yield Finding(DAMAGED, False, owed)
    if sound:
        yield _runs(files, state)
        yield _cells(files, state)


def hashed(files: Files, state: State) -> Iterator[Finding]:
    """Yield for every file whether it is the one it was given a hash for, and has one."""
    if SEAL not in json.loads(files.read(MANIFEST)):
        yield Finding(MANIFEST, False, "its hash is gone: evalkit writes one")
    yield _evaluators(files, state)
    parts = [*state.parts, *([state.examples] if state.examples else [])]
    for name in (*(part.name for part in parts), *cells.part_names(files)):
        try:
            ok = is_intact(name, files.read(name))
        except OSError as error:
            yield Finding(name, False, f"cannot be read ({error.strerror or error})")
            continue
        text = "as it was written" if ok else "its bytes do not match the hash in its name"
        yield Finding(name, ok, text)


def _part(files: Files, part: Part) -> Finding:
    try:
        data = files.read(part.name)
        if len(data) != part.size:
            return Finding(part.name, False, f"has {len(data)} bytes instead of {part.size}")
        if not is_intact(part.name, data):
            return Finding(part.name, False, "its bytes do not match the hash in its name")
        rows = PartFile(files, part).read(None).num_rows
    except (OSError, StoreError, pa.ArrowException) as error:
        return Finding(part.name, False, str(error))
    if rows != part.rows:
        return Finding(part.name, False, f"has {rows} rows instead of {part.rows}")
    return Finding(part.name, True, f"{rows:,} rows, {part.size:,} bytes")


def _evaluators(files: Files, state: State) -> Finding:
    try:
        there = infos.load_whole(files, scored=state.scored)
    except StoreError as error:
        return Finding(infos.FILE, False, str(error))
    return Finding(infos.FILE, True, f"{len(there):,} evaluators")


def _scores(files: Files, name: str) -> Finding:
    try:
        rows = cells.read_part(files, name, cells.SCHEMA.names).num_rows
    except (OSError, StoreError, pa.ArrowException) as error:
        return Finding(name, False, str(error))
    return Finding(name, True, f"{rows:,} cells")


def _runs(files: Files, state: State) -> Finding:
    ids: list[str] = []
    for part in state.parts:
        ids += PartFile(files, part).read(["run_id"]).column("run_id").to_pylist()
    twice = len(ids) - len(set(ids))
    if twice:
        return Finding("runs", False, f"{twice:,} runs are stored twice")
    if len(ids) != state.manifest.received:
        stated = state.manifest.received
        return Finding("runs", False, f"{len(ids):,} runs, but the manifest says {stated:,}")
    return Finding("runs", True, f"{len(ids):,} runs, none twice")


def _cells(files: Files, state: State) -> Finding:
    prints = [info.fingerprint for info in infos.load(files) if info.fingerprint]
    columns = ["run_id", "step_id", "key"]
    found = current_blocks(files, Now(files, state), prints, columns)
    current = twice = 0
    for blocks in found.values():
        rows = [tuple(row.values()) for b in blocks for row in b.table.select(columns).to_pylist()]
        current += len(rows)
        twice += len(rows) - len(set(rows))
    stored = sum(
        cells.read_part(files, name, ["outcome"]).num_rows for name in cells.part_names(files)
    )
    text = f"{current:,} current cells, {stored - current:,} stale or replaced"
    return Finding("cells", not twice, f"{twice:,} cells are there twice" if twice else text)
