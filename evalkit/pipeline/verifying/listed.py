"""Listed: the runs that a page lists, as it says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.pipeline.verifying.finding import Verified
from evalkit.report.runs.unpack import Columns

NUMBERS = {"latency": "latency", "ttft": "time_to_first_token"}
"""Column of a run's time, and its name in the run's trace."""


class Listed:
    """What a page knows of every run that it lists."""

    def __init__(self, columns: Columns) -> None:
        self.head = columns.head
        self._columns = columns
        self.experiments = [str(each["name"]) for each in self.head["experiments"]]
        self.of = columns.column("exp")
        self.ids = columns.column("id")
        self.outcomes = [self.head["outcomes"][code] for code in columns.column("outcome")]
        self.examples = columns.column("ex")
        self.example_ids = columns.column("ex.id")

    def numbers(self, name: str) -> list[Any]:
        """Return a column of numbers; one that the page has not holds none."""
        return self._columns.column(name) if name in self._columns.names else [None] * len(self.of)

    def scores(self) -> Iterator[tuple[str, list[Any], Mapping[str, Any]]]:
        """Yield the scores of whole runs: name, values, and what is said of them."""
        for at, each in enumerate(self.head["evaluators"]):
            if each["scope"] == "run":
                yield str(each["key"]), self._columns.column(f"s{at}"), each

    def weights(self) -> Iterator[list[int]]:
        """Yield of each score of whole runs how many values the one that is listed stands for."""
        for at, each in enumerate(self.head["evaluators"]):
            if each["scope"] == "run":
                there = f"w{at}" in self._columns.names
                yield self._columns.column(f"w{at}") if there else [1] * len(self.of)

    @property
    def total(self) -> int:
        """How many runs there are, as the page says."""
        said = self.head.get("chosen")
        return said["total"] if isinstance(said, dict) else len(self.of)

    def are_all(self, found: Verified, whole: int) -> bool:
        """Tell whether every run is listed; hold what is said of the choice against the page.

        `whole` is how many traces it has.
        """
        said = self.head.get("chosen")
        if not isinstance(said, dict):
            return True
        for name, n in (("listed", len(self.of)), ("whole", max(said["whole"], whole))):
            if said[name] != n:
                text = f"runs {name}: the page says {said[name]}, and it has {n}"
                found.differs("run", text, page=said[name], right=n)
        if self.total <= len(self.of):
            return True
        found.open.append(
            f"Means, and counts but for their sum: they are of {self.total:,} runs, of which the "
            f"page lists {len(self.of):,}."
        )
        return False
