"""Keeps the values of channels that a database stores apart, by version, once for all checkpoints.

PostgreSQL and MySQL hold a channel's value in a row of its own, which every checkpoint that has not
changed it shares. They are read a few at a time, in the order in which checkpoints need them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

BATCH_BYTES = 8_000_000
KEPT_BYTES = 16_000_000
MOST_BATCH = 500
Key = tuple[str, str, str]
"""Namespace, channel and version."""
Load = Callable[[list[Key]], Iterable[tuple[Key, Any]]]


@dataclass(slots=True)
class Blobs:
    """The stored values of one thread; `sizes` are their bytes, `load` reads some of them."""

    sizes: Mapping[Key, int]
    load: Load
    _order: dict[Key, int] = field(init=False)
    _held: OrderedDict[Key, Any] = field(default_factory=OrderedDict)
    _spent: int = 0

    def __post_init__(self) -> None:
        self._order = {key: place for place, key in enumerate(self.sizes)}

    def values(self, namespace: str, versions: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        """Return the values of the channels at these versions that are stored, and their bytes."""
        keys = [(namespace, name, str(version)) for name, version in versions.items()]
        keys = [key for key in keys if key in self.sizes]
        missing = [key for key in keys if key not in self._held]
        if missing:
            self._fetch(missing)
        for key in keys:
            self._held.move_to_end(key)
        found = {name: self._held[namespace, name, version] for _, name, version in keys}
        self._let_go(set(keys))
        return found, sum(self.sizes[key] for key in keys)

    def _fetch(self, missing: list[Key]) -> None:
        """Load what is missing, and what comes next in order, up to a batch."""
        wanted = list(missing)
        spent = sum(self.sizes[key] for key in wanted)
        keys = list(self._order)
        for key in keys[self._order[missing[-1]] + 1 :]:
            if len(wanted) >= MOST_BATCH or (spent := spent + self.sizes[key]) > BATCH_BYTES:
                break
            if key not in self._held:
                wanted.append(key)
        for key, value in self.load(wanted):
            self._held[key] = value
            self._spent += self.sizes[key]

    def _let_go(self, needed: set[Key]) -> None:
        for key in list(self._held):
            if self._spent <= KEPT_BYTES:
                return
            if key not in needed:
                del self._held[key]
                self._spent -= self.sizes[key]
