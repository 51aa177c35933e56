"""Files: the few things a store asks of a folder, on a local disk or behind an fsspec URL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from evalkit.errors import StoreError

TEMPORARY = ".tmp-"
GUARDS: dict[str, Callable[[], None]] = {}
"""By the root of a folder behind a URL, what raises when this process lost its lock on it."""


class Files(Protocol):
    """A folder of files; names are relative and use `/`."""

    def read(self, name: str) -> bytes:
        """Return a file's bytes; a missing one raises `FileNotFoundError`."""

    def open(self, name: str) -> Any:
        """Return something pyarrow can read a file from."""

    def write(self, name: str, data: bytes) -> None:
        """Put a whole file in place at once: a reader sees the old one or the new one."""

    def size(self, name: str) -> int:
        """Return a file's length in bytes."""

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the files of a folder, sorted; a missing folder has none."""

    def folders(self) -> list[str]:
        """Return the names of the folders inside, sorted."""

    def remove(self, name: str) -> None:
        """Delete a file; a missing one is no error."""

    def child(self, name: str) -> Files:
        """Return a folder inside this one."""

    def moved(self, old: Path, new: Path) -> Files:
        """Return it for a machine that has in folder `new` what is in `old` here."""


def open_files(root: str | os.PathLike[str]) -> Files:
    """Return the folder at a path or an fsspec URL."""
    text = os.fspath(root)
    if "://" in text and not text.startswith("file://"):
        return RemoteFiles.of(text)
    return LocalFiles(Path(text.removeprefix("file://")))


class LocalFiles:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()  # user code may change the working folder

    def __str__(self) -> str:
        return str(self.root)

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        return (self.root / name).read_bytes()

    def open(self, name: str) -> Any:
        """Return the path; pyarrow reads it without copying through Python."""
        path = self.root / name
        if not path.is_file():
            raise FileNotFoundError(str(path))
        return str(path)

    def write(self, name: str, data: bytes) -> None:
        """Write to a temporary name, sync, rename, sync the folder."""
        path = self.root / name
        with refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
            try:
                with temporary.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)

    def size(self, name: str) -> int:
        """Return a file's length in bytes."""
        return (self.root / name).stat().st_size

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the files of a folder, sorted."""
        path = self.root / folder
        return (
            sorted(each.name for each in path.iterdir() if each.is_file()) if path.is_dir() else []
        )

    def folders(self) -> list[str]:
        """Return the names of the folders inside, sorted."""
        if not self.root.is_dir():
            return []
        return sorted(each.name for each in self.root.iterdir() if each.is_dir())

    def remove(self, name: str) -> None:
        """Delete a file."""
        with refusals(self.root / name):
            (self.root / name).unlink(missing_ok=True)

    def child(self, name: str) -> LocalFiles:
        """Return a folder inside this one."""
        return LocalFiles(self.root / name)

    def moved(self, old: Path, new: Path) -> LocalFiles:
        """Return it for a machine that has in folder `new` what is in `old` here."""
        inside = self.root.is_relative_to(old)
        return LocalFiles(new / self.root.relative_to(old)) if inside else self


class RemoteFiles:
    """A folder behind an fsspec URL: an object appears whole or not at all."""

    def __init__(self, url: str, system: Any, root: str) -> None:
        self.url, self.system, self.root = url, system, root

    @classmethod
    def of(cls, url: str) -> RemoteFiles:
        """Open the file system a URL names."""
        import fsspec

        try:
            system, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError, OSError) as error:
            raise StoreError(f"{url}: cannot be opened ({error}). Check the URL.") from None
        return cls(url, system, root.rstrip("/"))

    def __str__(self) -> str:
        return self.url

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a URL: keys stay here, another process takes its own from its environment."""
        return RemoteFiles.of, (self.url,)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def read(self, name: str) -> bytes:
        """Return an object's bytes."""
        return bytes(self.system.cat_file(self._path(name)))

    def open(self, name: str) -> Any:
        """Return an open file."""
        return self.system.open(self._path(name), "rb")

    def write(self, name: str, data: bytes) -> None:
        """Put an object; raises `StoreError` when another process took the lock over."""
        if (guard := GUARDS.get(self.root)) is not None:
            guard()
        with refusals(f"{self.url}/{name}"):
            self.replace(name, data)

    def replace(self, name: str, data: bytes) -> None:
        """Put an object, whoever holds the lock."""
        path = self._path(name)
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.system.pipe_file(path, data)

    def create(self, name: str, data: bytes) -> None:
        """Put an object where there is none; raises `FileExistsError` where there is one."""
        path = self._path(name)
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.system.pipe_file(path, data, mode="create")

    def size(self, name: str) -> int:
        """Return an object's length in bytes."""
        return int(self.system.size(self._path(name)))

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the objects of a folder, sorted."""
        return self._list(folder, "file")

    def folders(self) -> list[str]:
        """Return the names of the folders inside, sorted."""
        return self._list("", "directory")

    def _list(self, folder: str, kind: str) -> list[str]:
        path = self._path(folder)
        self.system.invalidate_cache(path)
        try:
            found = self.system.ls(path, detail=True)
        except FileNotFoundError:
            return []
        names = [str(each["name"]).rstrip("/") for each in found if each["type"] == kind]
        return sorted(name.rpartition("/")[2] for name in names)

    def remove(self, name: str) -> None:
        """Delete an object."""
        with refusals(f"{self.url}/{name}"):
            if self.system.exists(self._path(name)):
                self.system.rm_file(self._path(name))

    def child(self, name: str) -> RemoteFiles:
        """Return a folder inside this one."""
        return RemoteFiles(f"{self.url.rstrip('/')}/{name}", self.system, self._path(name))

    def moved(self, old: Path, new: Path) -> RemoteFiles:
        """Return it as it is: a URL is the same everywhere."""
        return self


@contextmanager
def refusals(path: object) -> Iterator[None]:
    """Turn a disk that refuses to be written into one line for people."""
    try:
        yield
    except PermissionError:
        raise StoreError(
            f"{path}: no permission to write. Make the store writable or choose another."
        ) from None
    except OSError as error:
        what = error.strerror or str(error)
        raise StoreError(
            f"{path}: cannot be written ({what}). What was stored before is untouched; "
            "free the disk or choose another store, then run the same command again."
        ) from None


def writer_of(name: str) -> int | None:
    """Return the process that writes a temporary file of this name; None: no name of ours."""
    pid = name.removeprefix(TEMPORARY).partition("-")[0]
    return int(pid) if pid.isdecimal() and name.startswith(TEMPORARY) else None


def is_alive(pid: int) -> bool:
    """Tell whether a process of this machine still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is somebody else's
    return True


def _sync_folder(path: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
