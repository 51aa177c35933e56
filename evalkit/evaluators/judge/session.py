"""Session: the ledger and the cache of answers that the judges of one command share.

A command says once where they are (`configure`); worker processes learn it from the environment.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from evalkit.evaluators.judge.money.book import Paid, Totals
from evalkit.evaluators.judge.money.ledger import BUDGET, FRESH, HOME, Ledger
from evalkit.model.kept.seal import SEAL, refuse_broken, sealed


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said, and what it took."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: float | None = None
    cached: bool = False
    problem: str = ""
    """Why the answer holds no verdict although it was paid: cut off, refused, filtered."""
    refused: bool = False
    call: str = ""
    """The ledger's name of the call that brought it."""
    unseen: int = 0
    """Images of the question that the endpoint does not take, and was not sent."""

    @property
    def paid(self) -> Paid:
        """What it took, for the ledger."""
        return Paid(self.cost, self.input_tokens, self.output_tokens)


FIELDS = tuple(each.name for each in fields(Answer))


class Closable(Protocol):
    """What a session keeps open, such as connections."""

    def close(self) -> None:
        """Let go of it."""


Kept = TypeVar("Kept", bound=Closable)


class Session:
    """Ledger, cache and connections; `folder` keeps the first two on disk."""

    def __init__(self, folder: Path | None, budget: float | None, fresh: bool = False) -> None:
        self.made_with = (folder, budget, fresh)
        self.folder, self.fresh = folder, fresh
        self.ledger = Ledger(folder, budget, self._answered)
        self.found = Totals()
        """What was in flight when an earlier command was killed."""
        self._folder = str(folder / "answers") if folder else None
        self._memory: dict[str, Answer] = {}
        self._open: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._asked: dict[str, list[Any]] = {}

    def shared(self, key: str, make: Callable[[], Kept]) -> Kept:
        """Return what was made under this key before, or make it; it is closed with the session."""
        with self._lock:
            if key not in self._open:
                self._open[key] = make()
            kept: Kept = self._open[key]
            return kept

    def close(self) -> None:
        """Close every connection of the session, and its ledger."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
        self.ledger.close()

    @staticmethod
    def key(url: str, body: dict[str, Any]) -> str:
        """Return the key of a request: the endpoint and everything that is sent."""
        text = json.dumps([url, body], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let one thread ask a question at a time: the next finds the answer."""
        with self._lock:
            entry = self._asked.setdefault(key, [threading.Lock(), 0])
            entry[1] += 1
        try:
            with entry[0]:
                yield
        finally:
            with self._lock:
                entry[1] -= 1
                if not entry[1]:
                    self._asked.pop(key, None)

    def known(self, key: str) -> Answer | None:
        """Return the answer given to the same request before, if any."""
        if key in self._memory:
            return self._memory[key]
        found = None if self.fresh else self._read(key)
        return None if found is None else replace(found, cached=True)

    def keep(self, key: str, answer: Answer) -> None:
        """Remember an answer: it was paid, whether it holds a verdict or not."""
        self._memory[key] = replace(answer, cached=True)
        if self._folder is None:
            return
        file = self._file(key)
        temporary = f"{file}.{answer.call or threading.get_ident()}.tmp"
        text = json.dumps(sealed({name: getattr(answer, name) for name in FIELDS})).encode()
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600)
        with open(handle, "wb") as stream:
            stream.write(text)
        os.replace(temporary, file)

    def _read(self, key: str) -> Answer | None:
        if self._folder is None:
            return None
        try:
            with open(self._file(key), "rb") as stream:
                found = dict(json.loads(stream.read()))
            refuse_broken(found)
            found.pop(SEAL, None)
            return Answer(**found)
        except (OSError, ValueError, TypeError):
            return None  # none, a file of another version, altered or cut: ask again

    def _answered(self, key: str, call: str) -> Paid | None:
        found = self._read(key) if key else None
        return found.paid if found is not None and found.call == call else None

    def _file(self, key: str) -> str:
        return f"{self._folder}/{key[:2]}/{key}.json"


_lock = threading.Lock()
_session: Session | None = None


def configure(folder: Path | None, *, budget: float | None = None, fresh: bool = False) -> Session:
    """Begin a command: nothing spent yet, answers of earlier commands known unless `fresh`.

    `budget` is in the currency of the judges' prices. Worker processes started afterwards share it.
    """
    global _session
    for name, value in ((HOME, folder), (BUDGET, budget), (FRESH, fresh or None)):
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(value)
    with _lock:
        if _session is not None:
            _session.close()
            atexit.unregister(_session.close)
        _session = Session(folder, budget, fresh)
        _session.found = _session.ledger.begin()
        atexit.register(_session.close)
        return _session


def ensure(folder: Path, *, budget: float | None = None, fresh: bool = False) -> Session:
    """Go on with the session of this process when it is of this kind, else begin one."""
    with _lock:
        same = _session is not None and _session.made_with == (folder, budget, fresh)
    return current() if same else configure(folder, budget=budget, fresh=fresh)


def current() -> Session:
    """Return the session of this process, made from the environment when nobody configured one."""
    global _session
    with _lock:
        if _session is None:
            folder, budget = os.environ.get(HOME), os.environ.get(BUDGET)
            _session = Session(
                Path(folder) if folder else None,
                float(budget) if budget else None,
                bool(os.environ.get(FRESH)),
            )
            atexit.register(_session.close)
        return _session


def _begin_again() -> None:
    """A forked worker has its own connections and locks; where things are, the environment says."""
    global _lock, _session
    _lock, _session = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again)
