"""Planned: files divided among those who read them, and what is too much for one divided again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import IO

import fsspec
from pyarrow.parquet import ParquetFile

from evalkit.fetchers.files.pieces.piece import Piece
from evalkit.fetchers.files.reading.paths import GZIP, URL, ZSTD, SourceFile, open_raw
from evalkit.fetchers.files.reading.rows import kind_of
from evalkit.fetchers.files.reading.unpack import WIDE
from evalkit.fetchers.unforeseen import UNFORESEEN

LEAST, MOST = 4 << 20, 64 << 20
"""Bytes of a piece: what is smaller is not worth sending, what is larger keeps others waiting."""
CHUNK = 1 << 16
UNCUT = (GZIP, ZSTD, *WIDE)
"""How files begin of which bytes in the middle mean nothing by themselves."""


def planned(files: Sequence[SourceFile], width: int, *, splits: bool) -> list[Piece]:
    """Divide files among so many who read: neighbours together, large ones by rows or lines."""
    sizes = [size_of_bytes(file) for file in files]
    most = min(max(sum(sizes) // (4 * max(width, 1)), LEAST), MOST)
    found: list[tuple[SourceFile, ...]] = []
    pile: list[SourceFile] = []
    held = 0
    for file, size in zip(files, sizes, strict=True):
        parts = [*_split(file, size, most)] if splits and size > most else [(file, size)]
        for each, part in parts:
            if pile and (held + part > most or each.span or pile[-1].span):
                found.append(tuple(pile))
                pile, held = [], 0
            pile.append(each)
            held += part
    return [
        Piece(number=number, files=some)
        for number, some in enumerate([*found, tuple(pile)], start=1)
    ]


def halves(piece: Piece) -> list[tuple[SourceFile, ...]]:
    """Return the files of a piece in two parts; one part where it cannot be divided."""
    if len(piece.files) > 1:
        middle = len(piece.files) // 2
        return [piece.files[:middle], piece.files[middle:]]
    (file,) = piece.files
    if file.groups is not None and file.groups[1] - file.groups[0] > 1:
        first, last = file.groups
        cuts = [first, (first + last) // 2, last]
        return [(replace(file, groups=(a, b)),) for a, b in pairwise(cuts)]
    if file.span is not None:
        first, last = file.span
        with open_raw(file) as raw:
            raw.seek(first)
            ends = raw.read((last - first) // 2).rfind(b"\n")
            middle = first + ends + 1 if ends >= 0 else _line_end(raw, first, last)
        spans = [(first, middle), (middle, last)] if middle < last else [(first, last)]
        return [(replace(file, span=span),) for span in spans]
    return [piece.files]


def _split(file: SourceFile, size: int, most: int) -> Iterator[tuple[SourceFile, int]]:
    """Yield parts of a file that can be read by themselves, or the file as it is."""
    kind = kind_of(file)
    if kind == "parquet":
        yield from _groups(file, size, most)
    elif kind == "lines" and not file.growing:
        yield from _spans(file, size, most)
    else:
        yield file, size


def _spans(file: SourceFile, size: int, most: int) -> Iterator[tuple[SourceFile, int]]:
    """Yield whole lines of a file, some megabytes at a time."""
    with open_raw(file) as raw:
        if raw.read(4).startswith(UNCUT):
            yield file, size
            return
        first = 0
        while first < size:
            last = _line_end(raw, first + most, size)
            yield replace(file, span=(first, last)), last - first
            first = last


def _line_end(raw: IO[bytes], at: int, last: int) -> int:
    """Return where the line ends that a byte is in, the end of line included."""
    raw.seek(at)
    while at < last and (chunk := raw.read(CHUNK)):
        if (found := chunk.find(b"\n")) >= 0:
            return min(at + found + 1, last)
        at += len(chunk)
    return last


def _groups(file: SourceFile, size: int, most: int) -> Iterator[tuple[SourceFile, int]]:
    """Yield groups of rows of a Parquet file."""
    with open_raw(file) as raw:
        try:
            about = ParquetFile(raw).metadata
            sizes = [about.row_group(n).total_byte_size for n in range(about.num_row_groups)]
        except UNFORESEEN:  # what is wrong is said by who reads it
            yield file, size
            return
    first, held = 0, 0
    for group, part in enumerate(sizes):
        if group > first and held + part > most:
            yield replace(file, groups=(first, group)), held
            first, held = group, 0
        held += part
    yield replace(file, groups=(first, len(sizes))) if first else file, held


def size_of_bytes(file: SourceFile) -> int:
    """Return the bytes of a file as it lies; 0 where that cannot be known."""
    try:
        if not URL.match(file.url):
            return os.stat(file.url).st_size
        system, path = fsspec.core.url_to_fs(file.url)
        return int(system.size(path) or 0)
    except (OSError, ValueError):
        return 0
