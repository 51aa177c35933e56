"""A JMESPath expression, compiled once: checked with its position, quick on plain paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import jmespath
from jmespath import exceptions

from evalkit.errors import ConfigError, did_you_mean
from evalkit.fetchers.files.reading.arithmetic import translated
from evalkit.fetchers.files.reading.functions import Functions
from evalkit.fetchers.files.reading.places import BARE, NOWHERE, PLACES, PlacedInterpreter
from evalkit.fetchers.files.reading.quantities import SECONDS, mixed

Node = dict[str, Any]
Evaluate = Callable[[Any], Any]
Path = tuple[str, ...]

_interpreter = PlacedInterpreter(jmespath.Options(custom_functions=Functions()))
OPTIONAL = ("or_expression", "and_expression", "comparator", "not_expression")
"""Nodes below which a missing path is the author's intention."""
TOLERANT = ("not_null", "when", "contains")
DEEPEST = 150
"""Levels of an expression; each takes the interpreter several calls."""
FILTERS = ("filter_projection", "function_expression", "slice", *OPTIONAL)


class Expression:
    """One compiled expression; call it with a record."""

    def __init__(self, text: str, who: str) -> None:
        self.text = text
        self.who = who
        """Where it stands, e.g. `experiments.airline.fields.run_id`; begins every message."""
        try:
            self.node = _parse(text, who)
        except RecursionError:
            said = f"begins {text[:40]!r} and is nested too deep. Write it in parts."
            raise ConfigError(f"{who}: the JMESPath expression {said}") from None
        self._evaluate = compile_node(self.node)
        self.placed = any(self.names(word) for word in PLACES)
        """Whether it says where a record stands."""
        computes = any(name in BARE for name, _ in _calls(self.node))
        self._units: dict[tuple[int, int], set[str]] | None = {} if computes else None
        self.direct = None if self.placed or computes else self._evaluate
        """The same as a call, where nothing has to be known beside the record."""

    def __call__(self, record: Any, places: Mapping[str, Any] = NOWHERE) -> Any:
        """Return the value; raises `ValueError` where a function's types do not fit.

        `places` are values of the names `PLACES`, for expressions that use them (`placed`).
        """
        if self._units is None:
            return evaluated(self._evaluate, record, places)
        _interpreter.units = self._units
        try:
            return evaluated(self._evaluate, record, places)
        finally:
            _interpreter.units = None

    def mixed_units(self) -> list[str]:
        """Return the units of amounts that were computed with as if they were in one."""
        found = next((units for units in (self._units or {}).values() if mixed(units)), ())
        return sorted(found)

    def units(self) -> dict[tuple[int, int], set[str]]:
        """Return the units each function was given amounts in."""
        return self._units or {}

    def hear_units(self, told: dict[tuple[int, int], set[str]]) -> None:
        """Take in the units of records that were read elsewhere."""
        for place, units in told.items():
            if self._units is not None:
                self._units.setdefault(place, set()).update(units)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def required_paths(self) -> list[Path]:
        """Return the paths from the record that must lead somewhere in at least one record."""
        return sorted(path for path in set(_paths(self.node)) if path[0] not in PLACES)

    def branches(self) -> list[str]:
        """Return the names in an outermost `{name: ...}` whose values ought to be there sometime.

        Plain paths are covered by `required_paths`, and optional ones are the author's intention.
        """
        if self.node["type"] != "multi_select_dict":
            return []
        pairs = {pair["value"]: pair["children"][0] for pair in self.node["children"]}
        return [n for n, node in pairs.items() if plain_path(node) is None and not optional(node)]

    def wanted(self) -> list[str]:
        """Return the names in an outermost `{name: ...}` that are plain paths: there or missing."""
        if self.node["type"] != "multi_select_dict":
            return []
        pairs = {pair["value"]: pair["children"][0] for pair in self.node["children"]}
        return [name for name, node in pairs.items() if plain_path(node)]

    @property
    def is_path(self) -> bool:
        """Whether this is a chain of plain fields."""
        return plain_path(self.node) is not None

    @property
    def is_optional(self) -> bool:
        """Whether the author allowed for missing data, as in `` error || `null` ``."""
        return optional(self.node)

    @property
    def may_be_empty(self) -> bool:
        """Whether an empty list is a fair answer: something is filtered or computed."""
        return any(node["type"] in FILTERS for node in _walk(self.node))

    def names(self, word: str) -> bool:
        """Tell whether the text mentions a name, such as `_path`."""
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.text) is not None


def evaluated(evaluate: Evaluate, record: Any, places: Mapping[str, Any]) -> Any:
    """Evaluate a compiled node where `places` are known."""
    if not places:
        return evaluate(record)
    _interpreter.places = places
    try:
        return evaluate(record)
    finally:
        _interpreter.places = NOWHERE


def present(record: Any, path: Path) -> bool:
    """Tell whether the keys of `path` exist in the record, whatever value lies at its end."""
    for name in path:
        if not isinstance(record, dict) or name not in record:
            return False
        record = record[name]
    return True


def _parse(text: str, who: str) -> Node:
    text = translated(text)
    try:
        node = cast(Node, jmespath.compile(text).parsed)
    except exceptions.EmptyExpressionError:
        raise ConfigError(f"{who}: the JMESPath expression is empty.") from None
    except exceptions.IncompleteExpressionError:
        raise _bad(text, who, len(text), "the expression ends too early") from None
    except exceptions.LexerError as error:
        raise _bad(text, who, error.lexer_position, str(error.message)) from None
    except exceptions.ParseError as error:
        reason = f"unexpected {error.token_value!r}" if error.token_value else "it ends too early"
        raise _bad(text, who, error.lex_position, reason) from None
    except exceptions.JMESPathError as error:
        raise _bad(text, who, 0, str(error)) from None
    except ValueError as error:  # a number longer than Python reads
        raise _bad(text, who, 0, str(error)) from None
    if _depth(node) > DEEPEST:
        raise RecursionError
    for name, arguments in _calls(node):
        _check_call(text, who, name, arguments)
    return node


def _depth(node: Node) -> int:
    """Return how deep an expression is nested, without going down by calls."""
    level, depth = [node], 0
    while level:
        level = [child for each in level for child in _children(each)]
        depth += 1
    return depth


def _ended(reason: str) -> str:
    return reason if reason.endswith(("?", ".")) else f"{reason}."


def _bad(text: str, who: str, at: int, reason: str) -> ConfigError:
    return ConfigError(
        f"{who}: not a JMESPath expression at column {at + 1}: {_ended(reason)}\n"
        f"  {text}\n  {' ' * at}^"
    )


def _check_call(text: str, who: str, name: str, arguments: list[Node]) -> None:
    """JMESPath finds unknown functions and wrong arity only when it runs: find them now."""
    at = max(text.find(f"{name}("), 0)
    spec = Functions.FUNCTION_TABLE.get(name)
    if spec is None:
        hint = did_you_mean(name, Functions.FUNCTION_TABLE)
        raise _bad(text, who, at, f"no function is called {name!r}.{hint}")
    signature = spec["signature"]
    variadic = bool(signature) and signature[-1].get("variadic", False)
    if len(arguments) < len(signature) or (len(arguments) > len(signature) and not variadic):
        wanted = f"{'at least ' if variadic else ''}{len(signature)}"
        raise _bad(text, who, at, f"{name}() takes {wanted} arguments, not {len(arguments)}")
    if name == "seconds":
        _check_unit(text, who, at, arguments[1:])
    if name.startswith("regex_") and arguments[1]["type"] == "literal":
        try:
            re.compile(arguments[1]["value"])
        except (re.error, TypeError) as error:
            raise _bad(text, who, at, f"the pattern is no regular expression: {error}") from None


def _check_unit(text: str, who: str, at: int, arguments: list[Node]) -> None:
    """Refuse what is no unit of time behind the value whose seconds are asked for."""
    if len(arguments) > 1:
        raise _bad(text, who, at, f"seconds() takes 1 or 2 arguments, not {len(arguments) + 1}")
    for unit in arguments:
        if unit["type"] != "literal" or unit["value"] not in SECONDS:
            raise _bad(text, who, at, "the unit of seconds() is one of 'ms', 's', 'min', 'h' ...")


def _children(node: Node) -> Iterator[Node]:
    return (child for child in node["children"] if isinstance(child, dict))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _walk(child)


def optional(node: Node) -> bool:
    """Tell whether an expression is one whose author thought of missing data."""
    tolerant = node["type"] == "function_expression" and node["value"] in TOLERANT
    return tolerant or node["type"] in OPTIONAL


def _calls(node: Node) -> Iterator[tuple[str, list[Node]]]:
    for each in _walk(node):
        if each["type"] == "function_expression":
            yield each["value"], list(_children(each))


def plain_path(node: Node) -> Path | None:
    """Return the names of a chain of plain fields (`a.b.c`, `@.a`), or None for anything else."""
    if node["type"] in ("current", "identity"):
        return ()
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression":
        parts = [plain_path(child) for child in node["children"]]
        if all(part is not None for part in parts):
            return tuple(name for part in parts if part is not None for name in part)
    return None


def _paths(node: Node) -> Iterator[Path]:
    """Walk the parts of an expression that see the whole record, and give their paths."""
    path = plain_path(node)
    if path is not None:
        if path:
            yield path
        return
    kind, children = node["type"], list(_children(node))
    if optional(node):
        return
    if kind == "function_expression" or kind.startswith("multi_select"):
        for child in children:
            yield from _paths(child)
    elif kind == "key_val_pair" or (children and kind not in ("expref", "literal")):
        yield from _paths(children[0])  # what stands to the right sees only a part


def compile_node(node: Node) -> Evaluate:
    """Return a function for the node: closures for the plain cases, JMESPath for all others."""
    path = plain_path(node)
    if path is not None and not set(path) & set(PLACES):
        return _follow(path)
    if node["type"] == "multi_select_dict":
        pairs = [(pair["value"], compile_node(pair["children"][0])) for pair in node["children"]]
        return lambda record: {name: each(record) for name, each in pairs}
    if node["type"] == "literal":
        value = node["value"]
        return lambda record: value
    return lambda record: _interpreter.visit(node, record)


def _follow(path: Path) -> Evaluate:
    if not path:
        return lambda record: record
    if len(path) == 1:
        (only,) = path
        return lambda record: record.get(only) if isinstance(record, dict) else None

    def follow(record: Any) -> Any:
        for name in path:
            if not isinstance(record, dict):
                return None
            record = record.get(name)
        return record

    return follow
