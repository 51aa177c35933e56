"""LangSmith's filter language, as far as tests need it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[(),\[\]]))"""
)
Test = Callable[[dict[str, Any]], bool]


class FilterError(ValueError):
    """The filter is not of the language; the server answers 400."""


def parse(text: str) -> Test:
    """Return the predicate a filter stands for."""
    tokens = _tokens(text)
    node, rest = _node(tokens)
    if rest:
        raise FilterError(f"unexpected {rest[0][1]!r}")
    return _test(node)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"cannot read {text[at : at + 20]!r}")
        found.append((str(match.lastgroup), match[match.lastgroup]))
        at = match.end()
    return found


def _node(tokens: list[tuple[str, str]]) -> tuple[Any, list[tuple[str, str]]]:
    if not tokens:
        raise FilterError("ends too early")
    (kind, text), rest = tokens[0], tokens[1:]
    if kind == "string":
        return ("value", text[1:-1]), rest
    if kind == "number":
        return ("value", float(text)), rest
    if text == "[":
        items = []
        while rest and rest[0][1] != "]":
            item, rest = _node(rest)
            items.append(item[1])
            if rest and rest[0][1] == ",":
                rest = rest[1:]
        return ("value", items), rest[1:]
    if kind == "name" and rest and rest[0][1] == "(":
        args, rest = [], rest[1:]
        while rest and rest[0][1] != ")":
            arg, rest = _node(rest)
            args.append(arg)
            if rest and rest[0][1] == ",":
                rest = rest[1:]
        if not rest:
            raise FilterError("a bracket is not closed")
        return ("call", text, args), rest[1:]
    if kind == "name":
        words = {"true": True, "false": False, "null": None}
        return (("value", words[text]) if text in words else ("field", text)), rest
    raise FilterError(f"unexpected {text!r}")


def _test(node: Any) -> Test:
    if node[0] != "call":
        raise FilterError("a filter is a call")
    name, args = node[1], node[2]
    if name == "and" and (paired := _paired(args)):
        return paired
    if name in ("and", "or"):
        tests = [_test(arg) for arg in args]
        return lambda run: (all if name == "and" else any)(test(run) for test in tests)
    if name == "not":
        inner = _test(args[0])
        return lambda run: not inner(run)
    if name == "search":
        words = str(args[0][1]).lower()
        return lambda run: (
            words in json.dumps([run.get("inputs"), run.get("outputs")], default=str).lower()
        )
    return _comparison(name, args)


def _paired(args: list[Any]) -> Test | None:
    """`and(eq(metadata_key, "k"), eq(metadata_value, "v"))` speaks of one pair."""
    fields = [
        arg[2][0][1] for arg in args if arg[0] == "call" and arg[2] and arg[2][0][0] == "field"
    ]
    if fields != ["metadata_key", "metadata_value"]:
        return None
    keys, value = args[0][2][1][1], args[1][2][1][1]
    keys = keys if isinstance(keys, list) else [keys]
    return lambda run: any(str(_metadata(run).get(key)) == str(value) for key in keys)


def _comparison(name: str, args: list[Any]) -> Test:
    if len(args) != 2 or args[0][0] != "field":
        raise FilterError(f"{name} takes a field and a value")
    field, wanted = args[0][1], args[1][1]
    compare: dict[str, Callable[[Any], bool]] = {
        "eq": lambda got: _plain(got) == _plain(wanted),
        "neq": lambda got: _plain(got) != _plain(wanted),
        "gt": lambda got: got is not None and _plain(got) > _plain(wanted),
        "gte": lambda got: got is not None and _plain(got) >= _plain(wanted),
        "lt": lambda got: got is not None and _plain(got) < _plain(wanted),
        "lte": lambda got: got is not None and _plain(got) <= _plain(wanted),
        "has": lambda got: wanted in (got or ()),
        "in": lambda got: _plain(got) in [_plain(each) for each in wanted],
    }
    if name not in compare:
        raise FilterError(f"no comparison {name!r}")
    return lambda run: compare[name](_value(run, field))


def _value(run: dict[str, Any], field: str) -> Any:
    if field == "is_root":
        return run.get("parent_run_id") is None
    if field == "latency":
        end = run.get("end_time")
        return None if end is None else (end - run["start_time"]).total_seconds()
    if field == "metadata_key":
        return list(_metadata(run))
    return run.get(field)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d[T ].*", value):
        from .shape import to_time

        return to_time(value).timestamp()
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?s", value):
        return float(value[:-1])
    return value


def _metadata(run: dict[str, Any]) -> dict[str, Any]:
    return (run.get("extra") or {}).get("metadata") or {}
