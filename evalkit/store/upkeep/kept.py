"""Kept: what a page was packed from, kept for the next page; safe to delete at any time."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from hashlib import blake2b

import pyarrow as pa

from evalkit.store.disk.files import TEMPORARY, Files, LocalFiles, is_alive, writer_of

FOLDER = "traces"
MARK = 16
"""Bytes of the hash in front of a block."""
HEAD = MARK + 8
CODEC = pa.Codec("zstd", compression_level=1)


class KeptBlocks:
    """Blocks of bytes by the digest of what they were made from, beside an experiment.

    Nothing rests on them: one that is gone, torn or damaged is none, and a folder that cannot be
    written keeps none. So no lock is held and nothing is synced.
    """

    def __init__(self, files: LocalFiles) -> None:
        self._folder = files.root / FOLDER

    def get(self, key: str) -> bytes | None:
        """Return a block; None: there is no whole one."""
        try:
            data = (self._folder / key).read_bytes()
            if _mark(key, data[MARK:]) != data[:MARK]:
                return None
            size = int.from_bytes(data[MARK:HEAD], "little")
            held: bytes = CODEC.decompress(data[HEAD:], size, asbytes=True)
        except (OSError, pa.ArrowException):
            return None
        return held

    def put(self, key: str, data: bytes) -> None:
        """Keep a block, in place of what has its key."""
        body = len(data).to_bytes(8, "little") + CODEC.compress(data, asbytes=True)
        temporary = self._folder / f"{TEMPORARY}{os.getpid()}-{key}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(_mark(key, body) + body)
            temporary.replace(self._folder / key)

    def keep(self, keys: Collection[str]) -> None:
        """Forget all other blocks, and what writers left by half that are gone."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name not in keys and not _being_written(path.name):
                    with suppress(OSError):
                        path.unlink(missing_ok=True)


def _being_written(name: str) -> bool:
    pid = writer_of(name)
    return pid is not None and is_alive(pid)


def kept_blocks(files: Files) -> KeptBlocks | None:
    """Return the blocks beside an experiment; behind a URL reading them is no cheaper: none."""
    return KeptBlocks(files) if isinstance(files, LocalFiles) else None


def forget_blocks(files: Files) -> list[str]:
    """Delete all blocks; return their names."""
    names = [f"{FOLDER}/{name}" for name in files.names(FOLDER)]
    for name in names:
        files.remove(name)
    return names


def _mark(key: str, body: bytes) -> bytes:
    return blake2b(body, key=key.encode()[:64], digest_size=MARK).digest()
