"""JSON match: the output against the reference, key by key, with tolerances and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.evaluators.answers import answer_of, at, no_reference
from evalkit.evaluators.matching import ABSENT, same
from evalkit.evaluators.structure.parsed import ABSENT as NO_JSON
from evalkit.evaluators.structure.parsed import parsed_answer, parsed_reference
from evalkit.evaluators.structure.records import RecordRules, by_key, make_rules, pair_records
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator

Table = dict[str, bool]


@evaluator(
    version="2",
    range=(0, 1),
    cases=[
        case(outputs={"a": 1, "b": 2}, reference_outputs={"a": 1, "b": 3}, expect=0.5),
        case(
            outputs={"a": 1},
            reference_outputs={"a": 1, "b": 3},
            options={"weights": {"b": 3}},
            expect=0.25,
        ),
        case(
            outputs={"a": 2.0},
            reference_outputs={"a": 2.02},
            options={"tolerance": 0.02},
            expect=1.0,
        ),
        case(
            outputs={"a": 1, "b": 2},
            reference_outputs={"a": 1, "b": 3},
            options={"combine": "all"},
            expect=0.0,
        ),
        case(
            outputs={"a": 1, "b": 2},
            reference_outputs={"a": 1, "b": 3},
            options={"combine": "each"},
            expect={"json_match.a": True, "json_match.b": False},
        ),
        case(outputs=[{"a": 1}, {"a": 2}], reference_outputs=[{"a": 2}, {"a": 1}], expect=1.0),
        case(outputs=None, reference_outputs={"a": 1}, expect=0.0),
        case(outputs={"a": 1}, expect=None),
    ],
)
def json_match(
    outputs: Any,
    reference_outputs: Any,
    *,
    ignore: Sequence[str] = (),
    weights: dict[str, float] | None = None,
    tolerance: float = 0.0,
    compare: dict[str, Any] | None = None,
    lists: str = "unordered",
    combine: str = "average",
    combine_items: str = "average",
    answer_at: str = "",
    reference_at: str = "",
) -> Score | list[Score]:
    """Share of the keys, of all that either side has, whose values are the same.

    `ignore` leaves keys out, `weights` makes some count more, `tolerance` (relative) is for
    numbers, `compare` gives single keys a rule (`casefold`, `{approx = 0.1}`, `{regex = "..."}`).
    `combine` is `average`, `all` (1 when every key agrees) or `each` (a score a key). Lists of
    tables are aligned first (`lists`: unordered, ordered, subset, superset), each pair is combined,
    then the pairs by `combine_items` (average, all). 0 to 1, higher is better; a run without output
    is 0. A table is compared as it is; one that only wraps JSON under a usual name (`answer`,
    `output` ...) is unwrapped, on either side, and the comment says so. The definition of
    openevals' JSON match, less its model.
    """
    raw = at(reference_outputs, reference_at)
    if raw is None or raw in ({}, ""):
        return no_reference()
    got, taken = parsed_answer(outputs, answer_at, other=raw)
    want, meant = parsed_reference(reference_outputs, reference_at, other=outputs)
    if want is NO_JSON:
        want = raw  # a reference that is a word
    if got is NO_JSON and isinstance(raw, str) and isinstance(answer_of(outputs, answer_at), str):
        got = answer_of(outputs, answer_at)
    if got is NO_JSON:
        return Score(score=0.0, comment="the output is no JSON")
    rules = make_rules(ignore, compare or {}, tolerance)
    tables = compared(got, want, lists, rules)
    if combine == "each":
        return _each(tables, combine_items)
    weight = weights or {}
    shares = [combined(table, combine, weight) for table in tables if table]
    several = isinstance(got, list) or isinstance(want, list)
    figure = over_items(shares, combine_items if several else "average")
    wrong = _wrong(tables)
    if taken is None and meant is None:
        return Score(score=figure, comment=wrong)
    said = [wrong, _taken(taken, "the output"), _taken(meant, "the reference")]
    return Score(score=figure, comment="; ".join(filter(None, said)) or None)


def _taken(key: str | None, side: str) -> str | None:
    """Say which part of a side was compared."""
    return None if key is None else f"of {side} {key!r}"


def compared(got: Any, want: Any, lists: str, rules: RecordRules) -> list[Table]:
    """Return one table key -> agrees for each pair of records (one pair where there is no list)."""
    if isinstance(want, list) or isinstance(got, list):
        pairs = pair_records(
            got if isinstance(got, list) else [got],
            want if isinstance(want, list) else [want],
            lists,
            rules,
        )
        return [_pair(a, b, rules) for a, b in pairs]
    return [_pair(got, want, rules)]


def _pair(got: Any, want: Any, rules: RecordRules) -> Table:
    if isinstance(got, Mapping) or isinstance(want, Mapping):
        table = by_key(got, want, rules)
        lonely = got is ABSENT or want is ABSENT
        return table or ({"(record)": False} if lonely else {})
    return {"(value)": got is not ABSENT and want is not ABSENT and same(got, want)}


def combined(table: Table, combine: str, weights: Mapping[str, float]) -> float:
    """Return the figure of one pair of records."""
    if combine == "all":
        return float(all(table.values()))
    if combine != "average":
        raise ValueError(f"unknown way to combine {combine!r}. Known: average, all, each")
    total = sum(weights.get(key, 1.0) for key in table)
    return sum(weights.get(k, 1.0) for k, ok in table.items() if ok) / total if total else 1.0


def over_items(shares: Sequence[float], combine: str) -> float:
    """Return the figure of all pairs; no keys at all agree completely."""
    if not shares:
        return 1.0
    return float(all(s == 1 for s in shares)) if combine == "all" else sum(shares) / len(shares)


def _each(tables: Sequence[Table], combine_items: str) -> list[Score]:
    by_name: dict[str, list[bool]] = {}
    for table in tables:
        for key, agrees in table.items():
            by_name.setdefault(key, []).append(agrees)
    if len(tables) == 1:
        return [Score(key=f"json_match.{k}", score=v[0]) for k, v in by_name.items()]
    return [
        Score(key=f"json_match.{k}", score=over_items([float(a) for a in v], combine_items))
        for k, v in by_name.items()
    ]


def _wrong(tables: Sequence[Table]) -> str | None:
    keys = [key for table in tables for key, agrees in table.items() if not agrees]
    if not keys:
        return None
    names = list(dict.fromkeys(keys))
    return (
        f"differ: {', '.join(ascii(n)[1:-1] for n in names[:6])}{', …' if len(names) > 6 else ''}"
    )
