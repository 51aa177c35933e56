"""Matching: when does one value, or the arguments of one call, count as the expected one?

A matcher is written as data, so that it can stand in a config:

* `"exact"`, `"ignore"`, `"subset"` (each actual argument is expected), `"superset"` (each expected
  argument is there);
* a list of dotted paths: only these are compared, and each must be present;
* a table from dotted path to rule: `"ignore"`, `"casefold"`, `"unordered"`, `{approx = 0.01}`,
  `{relative = 0.05}`, `{regex = "..."}`, `{jmespath = "..."}` or one of the words above; paths that
  are not in the table follow `"*"`, which is `"exact"` when left out;
* in Python, any callable `(actual, expected) -> bool`.

Expected values may hold markers: `{"$any": true}`, `{"$regex": "..."}`, `{"$one_of": [...]}`,
`{"$approx": 3, "within": 0.1}`. 1 and 1.0 are one number; `true` is not 1, as JSON has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

Matcher = Callable[[Any, Any], bool]
MatcherSpec = str | Sequence[str] | Mapping[str, Any] | Matcher

ABSENT = object()
MARKERS = frozenset({"$any", "$regex", "$approx", "$one_of"})


def same(actual: Any, expected: Any) -> bool:
    """Say whether `actual` equals `expected`, honouring the markers inside `expected`."""
    if actual == expected:
        return alike(actual, expected)
    if type(expected) is str:
        return False
    if type(expected) is dict or isinstance(expected, Mapping):
        if not MARKERS.isdisjoint(expected):
            return _marked(actual, expected)
        return (
            isinstance(actual, Mapping)
            and actual.keys() == expected.keys()
            and all(same(actual[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list | tuple):
        return (
            isinstance(actual, list | tuple)
            and len(actual) == len(expected)
            and all(map(same, actual, expected))
        )
    return False


def alike(actual: Any, expected: Any) -> bool:
    """Say of two values that are equal to Python whether no truth value stands for a number."""
    kind = type(expected)
    if kind is str or actual is expected:
        return True
    if kind is not dict and kind is not list:
        return (kind is bool) is (type(actual) is bool)
    try:
        if _written(actual) == _written(expected):  # the quickest way to see every type inside
            return True
    except TypeError:
        pass
    if kind is dict:
        return all(alike(actual[key], value) for key, value in expected.items())
    return all(map(alike, actual, expected))


_written = orjson.dumps


def _marked(actual: Any, marker: Mapping[str, Any]) -> bool:
    if actual is ABSENT:
        return False
    if "$any" in marker:
        return True
    if "$one_of" in marker:
        return any(same(actual, choice) for choice in marker["$one_of"])
    if "$regex" in marker:
        return isinstance(actual, str) and re.fullmatch(marker["$regex"], actual) is not None
    return near(actual, marker["$approx"], absolute=marker.get("within", 1e-9))


def near(actual: Any, expected: Any, *, absolute: float = 0.0, relative: float = 0.0) -> bool:
    """Say whether two numbers (or texts that are numbers) are within the larger tolerance."""
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    try:
        got, want = float(actual), float(expected)
    except (TypeError, ValueError, OverflowError):
        return False
    return abs(got - want) <= max(absolute, relative * abs(want))


def compile_matcher(spec: MatcherSpec) -> Matcher:
    """Turn a matcher written as data into a function; a callable is returned as it is.

    Raises `ValueError` naming the words that are known when `spec` is none of them.
    """
    if callable(spec):
        return spec
    if isinstance(spec, str):
        if spec not in MODES:
            raise ValueError(f"unknown argument matcher {spec!r}. Known: {', '.join(MODES)}")
        return MODES[spec]
    if isinstance(spec, Mapping):
        return _by_rule(spec)
    if isinstance(spec, Sequence):
        return _by_path(tuple(spec))
    raise ValueError(f"an argument matcher is a word, a list of paths or a table, not {spec!r}")


def _subset(actual: Any, expected: Any) -> bool:
    if not isinstance(actual, Mapping) or not isinstance(expected, Mapping):
        return same(actual, expected)
    return all(key in expected and same(value, expected[key]) for key, value in actual.items())


def _superset(actual: Any, expected: Any) -> bool:
    if not isinstance(actual, Mapping) or not isinstance(expected, Mapping):
        return same(actual, expected)
    return all(key in actual and same(actual[key], value) for key, value in expected.items())


def _ignore(actual: Any, expected: Any) -> bool:
    return True


MODES: dict[str, Matcher] = {
    "exact": same,
    "ignore": _ignore,
    "subset": _subset,
    "superset": _superset,
}


def look_up(value: Any, path: str) -> Any:
    """Return what stands at a dotted path, or `ABSENT`; a key that itself holds dots wins."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    if isinstance(value, Mapping) and head in value:
        return look_up(value[head], rest) if dot else value[head]
    if isinstance(value, list | tuple) and head.isdecimal() and int(head) < len(value):
        return look_up(value[int(head)], rest) if dot else value[int(head)]
    return ABSENT


def _by_path(paths: tuple[str, ...]) -> Matcher:
    def matches(actual: Any, expected: Any) -> bool:
        return all(_both(actual, expected, path, same) for path in paths)

    return matches


def _both(actual: Any, expected: Any, path: str, rule: Matcher) -> bool:
    got, want = look_up(actual, path), look_up(expected, path)
    return got is not ABSENT and want is not ABSENT and rule(got, want)


def _by_rule(table: Mapping[str, Any]) -> Matcher:
    rules = {path: compile_rule(rule) for path, rule in table.items() if path != "*"}
    rest = compile_matcher(table.get("*", "exact"))
    ignored = {path for path, rule in table.items() if rule == "ignore"}

    def matches(actual: Any, expected: Any) -> bool:
        checked = all(
            path in ignored
            or _both(actual, expected, path, rule)
            or _neither(actual, expected, path)
            for path, rule in rules.items()
        )
        return checked and rest(_without(actual, rules), _without(expected, rules))

    return matches


def _neither(actual: Any, expected: Any, path: str) -> bool:
    return look_up(actual, path) is ABSENT and look_up(expected, path) is ABSENT


def _without(value: Any, paths: Mapping[str, Matcher], prefix: str = "") -> Any:
    """Return `value` less what stands at the paths, so that the rest can be compared."""
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if path not in paths:
            deeper = any(each.startswith(f"{path}.") for each in paths)
            kept[key] = _without(inner, paths, f"{path}.") if deeper else inner
    return kept


def compile_rule(rule: Any) -> Matcher:
    """Turn the rule of one argument into a function of the actual and the expected value."""
    if callable(rule):
        return rule  # type: ignore[no-any-return]
    if isinstance(rule, str):
        named: dict[str, Matcher] = {**MODES, "casefold": _casefold, "unordered": _unordered}
        if rule not in named:
            raise ValueError(f"unknown argument rule {rule!r}. Known: {', '.join(named)}")
        return named[rule]
    if isinstance(rule, Mapping) and len(rule) == 1:
        ((word, value),) = rule.items()
        if word in ("approx", "relative"):
            kind = "absolute" if word == "approx" else "relative"
            return lambda actual, expected: near(actual, expected, **{kind: float(value)})
        if word == "regex":
            return _regex(value)
        if word == "jmespath":
            return _jmespath(value)
    raise ValueError(f"unknown argument rule {rule!r}. Known: approx, relative, regex, jmespath")


def _casefold(actual: Any, expected: Any) -> bool:
    return " ".join(str(actual).casefold().split()) == " ".join(str(expected).casefold().split())


def _unordered(actual: Any, expected: Any) -> bool:
    if not isinstance(actual, list | tuple) or not isinstance(expected, list | tuple):
        return same(actual, expected)
    left = list(expected)
    for item in actual:
        found = next((i for i, want in enumerate(left) if same(item, want)), None)
        if found is None:
            return False
        del left[found]
    return not left


def _regex(pattern: str) -> Matcher:
    compiled = re.compile(pattern)
    return lambda actual, expected: compiled.fullmatch(str(actual)) is not None


def _jmespath(expression: str) -> Matcher:
    import jmespath

    compiled = jmespath.compile(expression)
    return lambda actual, expected: same(compiled.search(actual), compiled.search(expected))


def agreement(actual: Any, expected: Any) -> float:
    """Return the share of argument names, of all on either side, whose values are the same."""
    if not isinstance(actual, Mapping) or not isinstance(expected, Mapping):
        return float(same(actual, expected))
    names = actual.keys() | expected.keys()
    if not names:
        return 1.0
    agreed = sum(same(actual.get(n, ABSENT), expected.get(n, ABSENT)) for n in names)
    return agreed / len(names)
