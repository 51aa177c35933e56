"""Records: tables compared key by key, and lists of tables aligned before they are compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.evaluators.matching import ABSENT, Matcher, compile_rule, same

LISTS = ("unordered", "ordered", "subset", "superset")
Pairs = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class RecordRules:
    """Which keys count and when two values of a key are the same."""

    ignore: Collection[str] = ()
    rules: Mapping[str, Matcher] = field(default_factory=dict)
    default: Matcher = same

    def agree(self, key: str, got: Any, want: Any) -> bool:
        """Say whether the values of `key` are the same; a key that one side lacks never is."""
        if got is ABSENT or want is ABSENT:
            return False
        return self.rules.get(key, self.default)(got, want)


def make_rules(
    ignore: Collection[str], compare: Mapping[str, Any], tolerance: float
) -> RecordRules:
    """Compile rules written as data; `tolerance` is relative and for numbers of other keys."""
    rules = {key: compile_rule(rule) for key, rule in compare.items()}
    default = _close(tolerance) if tolerance else same
    return RecordRules(ignore=frozenset(ignore), rules=rules, default=default)


def _close(tolerance: float) -> Matcher:
    def close(got: Any, want: Any) -> bool:
        if isinstance(got, Mapping) and isinstance(want, Mapping):
            return got.keys() == want.keys() and all(close(got[k], want[k]) for k in want)
        if isinstance(got, list) and isinstance(want, list):
            return len(got) == len(want) and all(map(close, got, want))
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (got, want))
        return abs(got - want) <= tolerance * abs(want) if numbers else same(got, want)

    return close


def by_key(got: Any, want: Any, rules: RecordRules) -> dict[str, bool]:
    """Return, for each key that either side has, whether the values agree."""
    left = got if isinstance(got, Mapping) else {}
    right = want if isinstance(want, Mapping) else {}
    keys = [*right, *(key for key in left if key not in right)]
    return {
        str(key): rules.agree(str(key), left.get(key, ABSENT), right.get(key, ABSENT))
        for key in keys
        if key not in rules.ignore
    }


def pair_records(got: Sequence[Any], want: Sequence[Any], lists: str, rules: RecordRules) -> Pairs:
    """Pair the records of two lists; `ABSENT` stands for a partner that is missing.

    `ordered` pairs by position. The others pair the most similar first (equal ones before all):
    `subset` forgives reference records without a partner, `superset` forgives extra ones.
    """
    if lists == "ordered":
        longer = max(len(got), len(want))
        fill = [ABSENT] * longer
        return list(zip([*got, *fill][:longer], [*want, *fill][:longer], strict=True))
    if lists not in LISTS:
        raise ValueError(f"unknown way to align lists {lists!r}. Known: {', '.join(LISTS)}")
    partner = _most_similar_first(got, want, rules)
    taken = set(partner.values())
    pairs: Pairs = [(got[i], want[j]) for i, j in sorted(partner.items())]
    if lists != "superset":
        pairs += [(item, ABSENT) for i, item in enumerate(got) if i not in partner]
    if lists != "subset":
        pairs += [(ABSENT, item) for j, item in enumerate(want) if j not in taken]
    return pairs


def _most_similar_first(
    got: Sequence[Any], want: Sequence[Any], rules: RecordRules
) -> dict[int, int]:
    scored = [
        (_similarity(a, b, rules), -abs(i - j), -i, -j)
        for i, a in enumerate(got)
        for j, b in enumerate(want)
    ]
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, i, j in sorted(scored, reverse=True):
        if -i not in partner and -j not in taken:
            partner[-i] = -j
            taken.add(-j)
    return partner


def _similarity(a: Any, b: Any, rules: RecordRules) -> tuple[bool, int]:
    if not isinstance(a, Mapping) or not isinstance(b, Mapping):
        return same(a, b), int(same(a, b))
    keys = by_key(a, b, rules)
    return all(keys.values()), sum(keys.values())
