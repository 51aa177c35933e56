"""The language of gates: one rule a line, parsed with positions for what is wrong.

correctness >= 0.9                                  a score's mean or rate
correctness.low >= 85%                              the lower end of its interval
correctness.pass^4 >= 0.6                           a reducer that the summary has
latency.p95 <= 8s                                   also ms, min, k, points
error_rate <= 2%
evaluator_errors == 0
latency.p95 <= baseline + 10%                       observed, against a baseline
correctness not worse than baseline by 0.02         statistical: blocks only on evidence
correctness proven not worse than baseline by 0.02  statistical: passes only on evidence
correctness better than baseline
correctness equivalent to baseline within 0.03
correctness >= 0.8 where metadata.topic = billing   one slice
correctness >= 0.7 for every metadata.topic         every slice
correctness >= 0.5 for every example                pass rate of each example's runs
correctness >= 0.5 for 95% of examples
correctness >= 0.9 sequential                       holds at every look while runs arrive
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from lark import Lark
from lark.exceptions import LarkError

from evalkit.errors import ConfigError

GRAMMAR = r"""
start: subject condition place? SEQUENTIAL?
subject: NAME | STRING
condition: OP quantity                                    -> absolute
         | OP _BASELINE [SIGN quantity]                   -> relative
         | PROVEN? _NOT _WORSE _THAN _BASELINE [_BY quantity]  -> not_worse
         | _BETTER _THAN _BASELINE [_BY quantity]         -> better
         | _EQUIVALENT _TO _BASELINE [_WITHIN quantity]   -> equivalent
place: _WHERE key "=" value                               -> one_slice
     | _FOR _EVERY _EXAMPLE                               -> every_example
     | _FOR quantity _OF _EXAMPLES                        -> most_examples
     | _FOR _EVERY key                                    -> every_slice
key: NAME | STRING
value: STRING | NAME | NUMBER
quantity: NUMBER [UNIT]

OP: ">=" | "<=" | "==" | "!=" | ">" | "<"
SIGN: "+" | "-" | "*"
NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
UNIT.2: "%" | "ms" | "min" | "s" | "k" | "points" | "tokens"
NAME: /[^\W\d][\w.^@\/:-]*(\(\d+\))?/
STRING: /"[^"\n]*"|'[^'\n]*'/
PROVEN.3: "proven"
SEQUENTIAL.4: "sequential"
_BASELINE.3: "baseline"
_NOT.3: "not"
_WORSE.3: "worse"
_THAN.3: "than"
_BETTER.3: "better"
_EQUIVALENT.3: "equivalent"
_TO.3: "to"
_WITHIN.3: "within"
_BY.3: "by"
_WHERE.3: "where"
_FOR.3: "for"
_EVERY.3: "every"
_OF.3: "of"
_EXAMPLE.4: "example"
_EXAMPLES.5: "examples"
%import common.WS_INLINE
%ignore WS_INLINE
"""
WORDS = [
    *("proven", "not", "worse", "than", "baseline", "by", "better", "equivalent", "to", "within"),
    *("where", "for", "every", "of", "example", "examples", "sequential"),
]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit as written."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value:g}{' ' if self.unit == 'points' else ''}{self.unit}"

    @property
    def plain(self) -> float:
        """Seconds, shares and counts: `8s` is 8, `200ms` 0.2, `90%` 0.9, `5k` 5000."""
        scale = {"%": 0.01, "points": 0.01, "ms": 0.001, "min": 60.0, "k": 1000.0}
        return self.value * scale.get(self.unit, 1.0)


@dataclass(frozen=True, slots=True)
class Gate:
    """One parsed rule."""

    text: str
    metric: str
    kind: str
    """absolute, relative, not_worse, better or equivalent."""
    op: str = ""
    sign: str = ""
    quantity: Quantity | None = None
    proven: bool = False
    place: str = ""
    """one_slice, every_slice, every_example, most_examples, or nothing for the whole."""
    slice_by: str = ""
    slice_value: str = ""
    share: float = 1.0
    """Share of examples that must comply."""
    sequential: bool = False
    """May be asked again while runs arrive: decided by bounds that hold at every look."""

    @property
    def needs_baseline(self) -> bool:
        """Whether the rule compares."""
        return self.kind != "absolute"


def parse(text: str) -> Gate:
    """Parse one rule; what cannot be read raises `ConfigError` with a caret under it."""
    line = text.strip()
    try:
        tree = _parser().parse(line)
    except LarkError as error:
        raise ConfigError(_explain(line, error)) from None
    return _gate(line, tree)


@lru_cache(maxsize=1)
def _parser() -> Any:
    return Lark(GRAMMAR, parser="lalr", lexer="contextual")


def _explain(line: str, error: Any) -> str:
    column = getattr(error, "column", -1)
    token = getattr(error, "token", None)
    at = column - 1 if isinstance(column, int) and column > 0 else len(line)
    if token is not None and getattr(token, "type", "") == "$END":
        at = len(line)
    wrong = line[at:].split()[0] if line[at:].split() else ""
    what = f"unexpected {wrong!r} at column {at + 1}" if wrong else "it ends too early"
    close = get_close_matches(wrong, WORDS, 1, 0.6) if wrong else []
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"gates: {what}.{hint} Write METRIC >= NUMBER, or METRIC not worse than baseline by NUMBER."
        f"\n  {line}\n  {' ' * at}^"
    )


def _gate(line: str, tree: Any) -> Gate:
    subject, condition, *rest = tree.children
    sequential = any(getattr(each, "type", "") == "SEQUENTIAL" for each in rest)
    rest = [each for each in rest if each is not None and getattr(each, "type", "") == ""]
    parts = [child for child in condition.children if child is not None]
    names = {getattr(part, "type", "quantity"): part for part in parts}
    quantity = next((_quantity(p) for p in parts if getattr(p, "data", "") == "quantity"), None)
    return Gate(
        text=line,
        metric=_text(subject.children[0]),
        kind=str(condition.data),
        op=str(names.get("OP", "")),
        sign=str(names.get("SIGN", "")),
        quantity=quantity,
        proven="PROVEN" in names,
        sequential=sequential,
        **(_place(rest[0]) if rest else {}),
    )


def _place(tree: Any) -> dict[str, Any]:
    kind = str(tree.data)
    if kind == "most_examples":
        return {"place": kind, "share": _quantity(tree.children[0]).plain}
    if kind == "every_example":
        return {"place": kind}
    found = {"place": kind, "slice_by": _text(tree.children[0].children[0])}
    if kind == "one_slice":
        found["slice_value"] = _text(tree.children[1].children[0])
    return found


def _quantity(tree: Any) -> Quantity:
    number, unit = tree.children
    return Quantity(float(number), str(unit) if unit is not None else "")


def _text(token: Any) -> str:
    text = str(token)
    return text[1:-1] if text[:1] in ("'", '"') else text
