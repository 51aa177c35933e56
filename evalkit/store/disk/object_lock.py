"""Object lock: one process at a time writes behind a URL, by objects that only one can create.

Locks are numbered objects, and the highest number holds. Whoever wants the lock creates the next
number, which exactly one of any number of clients can do; nothing is ever deleted and made again,
which two could do at once. A lock that was let go says so in its object, so that numbers only grow.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from evalkit.errors import StoreError
from evalkit.store.disk.files import GUARDS, RemoteFiles, is_alive

RENEW_S = 20.0
LOST_S = 120.0
"""A lock nobody renewed for so long may be taken over. Clocks of machines may differ by less."""
LOCK = re.compile(r"\.lock-(\d{6,})\.json")


class CannotCreate(Exception):
    """The store behind the URL cannot create an object only where there is none."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as its object says."""

    host: str = "another machine"
    pid: int = 0
    token: str = ""
    since: float = 0.0
    renewed: float = 0.0
    released: bool = False

    @property
    def is_free(self) -> bool:
        """Whether the lock may be taken: let go, not renewed, or of a process here that is gone."""
        if self.released or time.time() - self.renewed > LOST_S:
            return True
        return self.host == socket.gethostname() and not is_alive(self.pid)

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.since))
        return f"another evalkit process (pid {self.pid} on {self.host}, since {since})"


class ObjectLock:
    """The lock of one experiment behind a URL, held until `release`."""

    def __init__(self, files: RemoteFiles, experiment: str, number: int) -> None:
        self._files, self._experiment, self._number = files, experiment, number
        now = time.time()
        self._me = Holder(socket.gethostname(), os.getpid(), token_hex(8), now, now)
        self._ended = threading.Event()

    @property
    def name(self) -> str:
        """The object's name."""
        return f".lock-{self._number:06d}.json"

    def create(self) -> bool:
        """Create the object; return whether nobody else did. Raises `CannotCreate`."""
        try:
            self._files.create(self.name, _encode(self._me))
        except FileExistsError:
            return False
        except (TypeError, ValueError, NotImplementedError):
            raise CannotCreate from None
        # A store may take the wish to create for leave to replace; and of numbers that grew
        # meanwhile, ours may have been cleared away before it was made again.
        mine = _read(self._files, self.name).token == self._me.token
        return mine and self._is_highest()

    def _is_highest(self) -> bool:
        return numbers(self._files)[-1:] == [self._number]

    def hold(self) -> None:
        """Renew the lock from now on, and let every write look first whether it still holds."""
        GUARDS[self._files.root] = self.check
        threading.Thread(target=self._renew, name="evalkit-lock", daemon=True).start()

    def check(self) -> None:
        """Raise `StoreError` if another process took the lock over."""
        if not self._is_highest():
            raise StoreError(
                f"experiment {self._experiment!r}: another process took over its lock, since this "
                f"one did not renew it for {LOST_S:.0f} s. What was written before is kept; "
                "run the same command again."
            )

    def release(self) -> None:
        """Let the lock go, and clear away the objects of those before it."""
        self._ended.set()
        GUARDS.pop(self._files.root, None)
        with suppress(Exception):  # it can be taken over later all the same
            gone = Holder(**{**_fields(self._me), "released": True})
            self._files.write(self.name, _encode(gone))
            for number in numbers(self._files):
                if number < self._number:
                    self._files.remove(f".lock-{number:06d}.json")

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_S):
            with suppress(Exception):  # an outage: the next turn tries again, writes look anyway
                if not self._is_highest():
                    return
                now = Holder(**{**_fields(self._me), "renewed": time.time()})
                self._files.replace(self.name, _encode(now))


def take(files: RemoteFiles, experiment: str, wait: float = 0.0) -> ObjectLock:
    """Return the lock, held; raise `StoreError` when another process has it after `wait` seconds.

    Raises `CannotCreate` for a store in which no two clients can be kept apart.
    """
    give_up = time.monotonic() + wait
    while True:
        known = numbers(files)
        holder = _read(files, f".lock-{known[-1]:06d}.json") if known else Holder(released=True)
        if holder.is_free:
            lock = ObjectLock(files, experiment, known[-1] + 1 if known else 1)
            if lock.create():
                lock.hold()
                return lock
            continue  # somebody was faster: look who
        if time.monotonic() >= give_up:
            ends = time.strftime("%H:%M:%SZ", time.gmtime(holder.renewed + LOST_S))
            raise StoreError(
                f"experiment {experiment!r}: {holder} is writing to it. Wait until it ends, then "
                f"run the same command again; if it is gone, its lock ends at {ends}."
            )
        time.sleep(0.2)


def numbers(files: RemoteFiles) -> list[int]:
    """Return the numbers of the locks there are, the highest last."""
    return sorted(int(found[1]) for name in files.names() if (found := LOCK.fullmatch(name)))


def _read(files: RemoteFiles, name: str) -> Holder:
    try:
        said: dict[str, Any] = json.loads(files.read(name))
        return Holder(**{key: said[key] for key in Holder.__dataclass_fields__})
    except FileNotFoundError:
        return Holder(released=True)
    except (ValueError, KeyError, TypeError):
        return Holder()


def _fields(holder: Holder) -> dict[str, Any]:
    return {key: getattr(holder, key) for key in Holder.__dataclass_fields__}


def _encode(holder: Holder) -> bytes:
    return json.dumps(_fields(holder)).encode()
