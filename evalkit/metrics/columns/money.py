"""Money: what the costs of runs are in and where they come from, read beside the costs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from evalkit.metrics.columns.arrays import Floats, unique
from evalkit.metrics.columns.arrow import codes
from evalkit.model.usage import MONEY_WORDS


class Money(NamedTuple):
    """What the costs of an experiment are in."""

    currencies: list[str]
    computed: int
    """Runs whose cost was not recorded but computed."""
    prices: list[str]


NOTHING_PAID = Money([], 0, [])


class Counted:
    """Takes the runs piece by piece and says what their money is."""

    def __init__(self) -> None:
        self._currencies: set[str] = set()
        self._prices: set[str] = set()
        self._computed = 0

    def add(self, table: Any, costs: Floats) -> None:
        """Take a piece of the runs, and what each of them cost."""
        (currency, known), (source, sources) = (codes(table.column(name)) for name in MONEY_WORDS)
        paid = currency[~np.isnan(costs)]
        self._currencies |= {known[code] for code in unique(paid).tolist() if code >= 0}
        self._prices |= set(sources)
        self._computed += int((source[~np.isnan(costs)] >= 0).sum())

    @property
    def money(self) -> Money:
        """What was taken until now."""
        return Money(sorted(self._currencies), self._computed, sorted(self._prices))
