"""Numbers: how often something came before, which numbers it; the files before may be elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Numbers:
    """Counts by name, such as the runs of each example."""

    before: Mapping[str, int] = field(default_factory=dict)
    """What files that are not read here hold of it."""
    seen: Counter[str] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    """Names whose number was used: it would be another one if more had come before."""

    def number(self, name: str) -> int:
        """Return how often a name came until now."""
        self.asked.add(name)
        return self.before.get(name, 0) + self.seen[name]

    def count(self, name: str) -> None:
        """Take down that it came."""
        self.seen[name] += 1

    def next(self, name: str) -> int:
        """Return the number of a name, and take it down."""
        number = self.number(name)
        self.count(name)
        return number

    @property
    def repeats(self) -> bool:
        """Whether a name whose number was used came more than once."""
        return any(self.before.get(name, 0) + self.seen[name] > 1 for name in self.asked)

    def wrong_for(self, before: Mapping[str, int]) -> dict[str, int]:
        """Return what should have been in `before` of the names whose numbers were used."""
        right = {name: times for name in self.asked if (times := before.get(name, 0))}
        same = all(self.before.get(name, 0) == before.get(name, 0) for name in self.asked)
        return {} if same else right

    def add(self, later: Numbers) -> None:
        """Take in what the files after these hold."""
        self.seen.update(later.seen)
        self.asked |= later.asked
