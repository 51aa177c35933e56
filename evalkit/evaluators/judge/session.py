"""Session: the ledger and the cache of answers that the judges of one command share.

A command says once where they are (`configure`); worker processes learn it from the environment.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from evalkit.evaluators.judge.ledger import BUDGET, FRESH, HOME, Ledger


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said, and what it took."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: float | None = None
    cached: bool = False


class Closable(Protocol):
    """What a session keeps open, such as connections."""

    def close(self) -> None:
        """Let go of it."""


Kept = TypeVar("Kept", bound=Closable)


class Session:
    """Ledger, cache and connections; `folder` keeps the first two on disk."""

    def __init__(self, folder: Path | None, budget: float | None, fresh: bool = False) -> None:
        self.made_with = (folder, budget, fresh)
        self.ledger = Ledger(folder, budget)
        self._folder = folder / "answers" if folder else None
        self._memory: dict[str, Answer] = {}
        self._fresh = fresh
        self._open: dict[str, Any] = {}
        self._lock = threading.Lock()

    def shared(self, key: str, make: Callable[[], Kept]) -> Kept:
        """Return what was made under this key before, or make it; it is closed with the session."""
        with self._lock:
            if key not in self._open:
                self._open[key] = make()
            kept: Kept = self._open[key]
            return kept

    def close(self) -> None:
        """Close every connection of the session."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    @staticmethod
    def key(url: str, body: dict[str, Any]) -> str:
        """Return the key of a request: the endpoint and everything that is sent."""
        text = json.dumps([url, body], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def known(self, key: str) -> Answer | None:
        """Return the answer given to the same request before, if any."""
        if key in self._memory:
            return self._memory[key]
        file = self._file(key)
        if self._fresh or file is None or not file.exists():
            return None
        try:
            return Answer(**{**json.loads(file.read_text("utf-8")), "cached": True})
        except (ValueError, TypeError):
            return None  # a file of another version, or cut: ask again

    def keep(self, key: str, answer: Answer) -> None:
        """Remember an answer whose form was right."""
        self._memory[key] = Answer(**{**asdict(answer), "cached": True})
        file = self._file(key)
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(asdict(answer), stream)
        os.replace(name, file)

    def _file(self, key: str) -> Path | None:
        return self._folder / key[:2] / f"{key}.json" if self._folder else None


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
    if folder is not None:
        (folder / "ledger.json").unlink(missing_ok=True)
    with _lock:
        if _session is not None:
            _session.close()
            atexit.unregister(_session.close)
        _session = Session(folder, budget, fresh)
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
