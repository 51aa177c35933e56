"""Which files a pattern means, local or behind any fsspec URL, and their bytes as they lie."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from evalkit.errors import DatasetError, ExperimentNotFound, SourceUnavailable
from evalkit.fetchers.values import ROOM

URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
USER = re.compile(r"(?<=://)[^/\s]*@")
"""User and password of an address, which nobody is told."""
BRACES = re.compile(r"\{([^{},]*(?:,[^{},]*)+)\}")
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".eval", ".traj")
RECORD_LIMIT = ROOM
PACKED = (".gz", ".zst", ".zstd")
GROWING = ".received.jsonl"
"""How files end that a receiver still writes to: there, a line without an end is not yet there."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of an experiment: where it is, and how people are told about it."""

    url: str
    shown: str
    """Path relative to the config where it lies below it, the URL otherwise."""
    limit: int = RECORD_LIMIT
    """Bytes one record may have: what is larger is skipped and named."""
    part: str | None = None
    """Which of the experiments it holds is meant, where it holds several."""
    groups: tuple[int, int] | None = None
    """Of a Parquet file, the first group of rows that is meant, and the one after the last."""
    span: tuple[int, int] | None = None
    """Of JSON Lines that are not packed, the bytes that are meant: whole lines."""
    lines: int = 0
    """Lines that come before these bytes."""

    @property
    def too_large(self) -> str:
        """Say that a record is larger than it may be."""
        return f"larger than {self.limit / 1e6:g} MB; `max_record_mb` raises the limit"

    @property
    def too_many(self) -> str:
        """Say that a record takes more with its values than it may."""
        return f"of too many values for {self.limit / 1e6:g} MB; `max_record_mb` raises the limit"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.shown.rstrip("/").rsplit("/", 1)[-1]

    @property
    def growing(self) -> bool:
        """Whether a receiver may be writing to it."""
        return self.name.endswith(GROWING)

    @property
    def suffix(self) -> str:
        """The suffix in lower case, `.gz` and `.zst` looked through."""
        name = self.name.lower()
        for packed in PACKED:
            name = name.removesuffix(packed)
        return Path(name).suffix


def find_files(patterns: str | Iterable[str], base: Path, who: str) -> list[SourceFile]:
    """Return the files the patterns name, in pattern order and sorted within a pattern, each once.

    A folder means every file with a known suffix below it; `{a,b}` stands for both, and what begins
    with `!` is left out. Raises `ExperimentNotFound` for a
    pattern that names nothing.
    """
    listed = [patterns] if isinstance(patterns, str) else list(patterns)
    every = [each for pattern in listed for each in braces(pattern)]
    excluded = [pattern[1:] for pattern in every if pattern.startswith("!")]
    found: dict[str, SourceFile] = {}
    for pattern in every:
        if pattern.startswith("!"):
            continue
        files = _remote(pattern, who) if URL.match(pattern) else _local(pattern, base)
        if not files:
            raise ExperimentNotFound(
                f"{who}: no file matches {_public(pattern)!r} (looked in {base}). Correct `path`."
            )
        found.update((file.url, file) for file in files)
    kept = [file for file in found.values() if not _excluded(file, excluded)]
    if every and len(excluded) == len(every):
        raise ExperimentNotFound(
            f"{who}: `path` only says what is left out ({_public(every[0])!r}). "
            "Name what is read, too."
        )
    if found and not kept:
        raise ExperimentNotFound(f"{who}: `!` patterns of `path` leave no file. Correct `path`.")
    return kept


def braces(pattern: str) -> list[str]:
    """Return the patterns that `{a,b}` stands for; braces without a comma are a name's own."""
    found = BRACES.search(pattern)
    if found is None:
        return [pattern]
    ends = (f"{pattern[: found.start()]}{part}{pattern[found.end() :]}"
            for part in found[1].split(","))  # fmt: skip
    return [each for end in ends for each in braces(end)]


def _excluded(file: SourceFile, patterns: list[str]) -> bool:
    """Tell whether a pattern names the file, a folder around it, or its name alone."""
    folders = file.shown.split("/")
    places = ["/".join(folders[:end]) for end in range(1, len(folders) + 1)]
    meant = [_public(each).removeprefix("./").rstrip("/") for each in patterns]
    return any(fnmatchcase(place, each) for each in meant
               for place in (*places, file.name))  # fmt: skip


def _local(pattern: str, base: Path) -> list[SourceFile]:
    full = base / Path(pattern).expanduser()
    if full.exists():
        paths = [full]
    else:
        paths = [Path(match) for match in sorted(glob.glob(str(full), recursive=True))]
    files = [file for path in paths for file in ([path] if path.is_file() else _below(path))]
    return [SourceFile(str(path), _shown(path, base)) for path in files]


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and _known(path.name))


def _known(name: str) -> bool:
    return not name.startswith(".") and SourceFile("", name).suffix in SUFFIXES


def _shown(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _remote(pattern: str, who: str) -> list[SourceFile]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(pattern)
        if system.isdir(path):
            names = [name for name in system.find(path) if _known(name.rsplit("/", 1)[-1])]
        else:
            names = system.glob(path) if glob.has_magic(path) else [path]
        urls = [system.unstrip_protocol(name) for name in sorted(names) if system.isfile(name)]
    except ImportError as error:
        raise SourceUnavailable(_public(f"{who}: {pattern}: {error}.")) from error
    except (OSError, ValueError) as error:
        said = f"{who}: {pattern} cannot be listed: {error}."
        raise SourceUnavailable(_public(said)) from error
    return [SourceFile(url, _public(url)) for url in urls]


def _public(text: str) -> str:
    return USER.sub("[hidden]@", text)


def open_raw(file: SourceFile) -> IO[bytes]:
    """Open the file's bytes as they lie there, seekable where the file system can seek."""
    try:
        if not URL.match(file.url):
            return open(file.url, "rb")
        import fsspec

        handle: IO[bytes] = fsspec.open(file.url, "rb").open()
        return handle
    except OSError as error:
        raise DatasetError(f"{file.shown}: cannot be read: {error.strerror or error}.") from error


def digest_of(files: Iterable[SourceFile]) -> str | None:
    """Return a digest of the names and all bytes of files; None when one is behind a URL."""
    whole = hashlib.sha256()
    for file in _with_journals(files):
        if URL.match(file.url):
            return None
        with open_raw(file) as raw:
            content = hashlib.sha256()
            while piece := raw.read(1 << 20):
                content.update(piece)
        name = f"{file.url}\0{file.shown}".encode("utf-8", "surrogateescape")
        whole.update(hashlib.sha256(name).digest() + content.digest())
    return whole.hexdigest()


def marks_of(files: Iterable[SourceFile]) -> list[tuple[str, int, int, int]]:
    """Return name, size, time of change and place on the disk of every local file."""
    local = [file for file in _with_journals(files) if not URL.match(file.url)]
    found = [(file.url, os.stat(file.url)) for file in local]
    return [(url, each.st_size, each.st_mtime_ns, each.st_ino) for url, each in found]


def _with_journals(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Yield files, and beside a database the file that holds what is not in it yet."""
    for file in files:
        yield file
        journal = SourceFile(f"{file.url}-wal", f"{file.shown}-wal")
        if not URL.match(file.url) and os.path.isfile(journal.url):
            yield journal


def size_of(file: SourceFile) -> int:
    """Return the bytes a file will give, guessed at eight times its size where it is packed."""
    with open_raw(file) as raw:
        packed = raw.read(4).startswith((GZIP, ZSTD))
        size = raw.seek(0, io.SEEK_END) if raw.seekable() else 0
    return size * 8 if packed else size
