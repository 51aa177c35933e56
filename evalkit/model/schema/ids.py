"""Ids: numbers what comes, in the order it first came, in some 30 bytes however long it is."""

from __future__ import annotations

from array import array
from hashlib import blake2b

SIZE = 16
"""Bytes of a hash: no two ids share one by chance, whatever their number."""
FEW = 16_384
"""Ids that a dict holds, which is four times as quick; with more of them it is given up."""
SLOTS = 1024
GROWTH = 4


class Ids:
    """Numbers by id. A dict of text takes six times the memory, and one is held for every run."""

    def __init__(self) -> None:
        self._few: dict[str, int] | None = {}
        self._hashes = bytearray()
        """Of all ids, in the order of their numbers."""
        self._slots = array("I", bytes(4 * SLOTS))
        """Where a hash is looked for: the number after its own, 0 where there is none."""

    def __len__(self) -> int:
        return len(self._hashes) // SIZE if self._few is None else len(self._few)

    def number(self, name: str) -> int:
        """Return the number of an id; one that is new gets the next."""
        few = self._few
        if few is None:
            return self._hashed(name)
        number = few.setdefault(name, len(few))
        if number >= FEW:
            self._few = None
            for each in few:
                self._hashed(each)
        return number

    def _hashed(self, name: str) -> int:
        hashed = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()
        slots, hashes = self._slots, self._hashes
        slot = self._slot(hashed)
        if there := slots[slot]:
            return there - 1
        hashes += hashed
        slots[slot] = count = len(hashes) // SIZE
        if 3 * count > 2 * len(slots):
            self._grow()
        return count - 1

    def find(self, name: str) -> int | None:
        """Return the number of an id; `None`: it never came."""
        if self._few is not None:
            return self._few.get(name)
        hashed = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()
        there = self._slots[self._slot(hashed)]
        return there - 1 if there else None

    def _slot(self, hashed: bytes) -> int:
        """Return the slot that a hash is in, or would be."""
        slots, hashes = self._slots, self._hashes
        last = len(slots) - 1
        slot = int.from_bytes(hashed[:8], "little") & last
        while there := slots[slot]:
            if hashes[SIZE * there - SIZE : SIZE * there] == hashed:
                break
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        """Make more slots: the fewer are free, the longer one is looked for."""
        self._slots, hashes = array("I", bytes(4 * GROWTH * len(self._slots))), self._hashes
        slots, last = self._slots, len(self._slots) - 1
        for number, first in enumerate(range(0, len(hashes), SIZE), start=1):
            slot = int.from_bytes(hashes[first : first + 8], "little") & last
            while slots[slot]:
                slot = (slot + 1) & last
            slots[slot] = number
