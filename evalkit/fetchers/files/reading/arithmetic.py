"""Arithmetic in expressions: `latency_ms / 1000` becomes JMESPath before it is compiled.

JMESPath has no operators for numbers. `+ - * /` with a space on both sides are turned into the
functions `add`, `subtract`, `multiply` and `divide`; what they are given may be text that holds a
number, with or without a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FUNCTIONS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
TOKEN = re.compile(
    r"""'(?:\\.|[^'])*'|"(?:\\.|[^"])*"|`(?:\\.|[^`])*`"""  # what is quoted
    r"""| [-+*/] (?=\S)|\|\||&&|[=!<>]=|\[\?|[][(){},:|<>!&]|[^][(){},:|<>!&'"`\s]+|\s+"""
)
CLOSING = {"(": ")", "[": "]", "[?": "]", "{": "}"}
BREAKS = frozenset({",", ":", "|", "||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", "&"})
NUMBER = re.compile(r"\d+(\.\d+)?([eE][-+]?\d+)?")


def translated(text: str) -> str:
    """Return the expression with its arithmetic written as functions; others stay as they are."""
    if not re.search(r"\S [-+*/] \S", text):
        return text
    tokens = [found.group() for found in TOKEN.finditer(text)]
    if "".join(tokens) != text:
        return text  # JMESPath says where it is wrong
    return "".join(_level(iter(tokens), None))


def _level(tokens: Iterator[str], until: str | None) -> Iterator[str]:
    """Yield what stands up to a closing mark, each stretch between marks computed."""
    stretch: list[str] = []
    for token in tokens:
        if token == until:
            break
        if token in CLOSING:
            inner = "".join(_level(tokens, CLOSING[token]))
            stretch.append(f"{token}{inner}{CLOSING[token]}")
        elif token in BREAKS:
            yield _computed(stretch)
            yield token
            stretch = []
        else:
            stretch.append(token)
    yield _computed(stretch)


def _computed(stretch: list[str]) -> str:
    """Write one stretch with functions, from the left, products before sums."""
    text = "".join(stretch)
    start = text[: len(text) - len(text.lstrip())]
    for signs in ("+-", "*/"):
        for at in range(len(stretch) - 1, 0, -1):
            sign = stretch[at].strip()
            if stretch[at] == f" {sign} " and sign in signs:
                left, right = _computed(stretch[:at]), _computed(stretch[at + 1 :])
                return f"{start}{FUNCTIONS[sign]}({_operand(left)}, {_operand(right)})"
    return text


def _operand(text: str) -> str:
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return f"`{text}`" if NUMBER.fullmatch(text) else text
