"""What can be wrong with the server; every test switches on what it is about."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

WEEK = 7 * 86_400


@dataclass
class Faults:
    """Switches, all off; counters of what was asked."""

    keys: set[str] | None = None
    """Keys that are let in; None: any key."""
    org_scoped: bool = False
    info_missing: bool = False
    fail: list[dict[str, Any]] = field(default_factory=list)
    """Each `{path, method?, status, times, headers?, body?, skip?}`: answer so, so many times."""
    tiers: bool = False
    """Enforce the documented limits of run queries, on `clock`."""
    clock: Callable[[], float] = time.monotonic
    delay: float = 0.0
    lost_pages: set[int] = field(default_factory=set)
    """Pages of bulk run queries (counted from 1) whose rows are left out."""
    doubled_rows: int = 0
    """So many rows of a page come again at the head of the next."""
    cut_after: int | None = None
    """Bulk run queries end after so many pages, as if there were no more."""
    hide_runs: int = 0
    """So many newest roots show up only after `show_after` root listings."""
    show_after: int = 0
    no_subtree_usage: bool = False
    slow_above: int | None = None
    """v2 pages above this size answer 504."""
    feedback_session_filter: bool = True
    """Whether `GET /feedback` understands `session`."""
    example_ids_ignored: bool = False
    """`GET /examples` does not heed `id` and gives pages of the dataset."""
    feedback_ids_conflict: bool = False
    """Creating feedback with a known id answers 409 instead of replacing it."""
    drop_connections: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    times: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=100_000))
    throttled: int = 0
    page: int = 0
    rows: int = 0
    """Rows of the last bulk query that were sent."""
    listings: int = 0
    unknown: list[str] = field(default_factory=list)
    headers: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def failure(self, method: str, path: str) -> dict[str, Any] | None:
        """The next planned failure for this call, if any."""
        for plan in self.fail:
            if plan["path"] not in path or plan.get("method", method) != method:
                continue
            if plan.get("skip", 0) > 0:
                plan["skip"] -= 1
                continue
            if plan.get("times", 1) > 0:
                plan["times"] = plan.get("times", 1) - 1
                return plan
        return None

    def over_limit(self, version: int, window: float | None) -> bool:
        """Count a run query and say whether it is above its tier."""
        if not self.tiers:
            return False
        if version == 2:
            limits = [("v2", 300)]
        elif window is None or window > WEEK:
            limits = [("v1", 15), ("v1 long", 3)]
        else:
            limits = [("v1", 15), ("v1 short", 10)]
        now = self.clock()
        recent = Counter(tier for at, tier in self.times if now - at < 10)
        if any(recent[tier] >= most for tier, most in limits):
            self.throttled += 1
            return True
        self.times.extend((now, tier) for tier, _ in limits)
        return False
