"""Shorten: names that only the writers of a program read, as two letters in the page's copy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from string import ascii_letters

from evalkit.report.page import dense

TOKEN = re.compile(
    r"[A-Za-z_$][\w$]*|[(){}\[\],;:]"
    r"|" + dense.PATTERN + r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    r"|\.?\d[\w.]*|\.\.\.|\?\.(?!\d)|=>|[^\w\s\"'$]|\s+"
)
QUOTED = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
NAME = frozenset(ascii_letters + "_$")
KEYWORDS = frozenset([
    "async", "await", "break", "case", "catch", "class", "const", "continue", "default", "delete",
    "do", "else", "extends", "false", "finally", "for", "function", "get", "if", "in",
    "instanceof", "let", "new", "null", "of", "return", "set", "static", "super", "switch", "this",
    "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "yield",
])  # fmt: skip
KEPT = frozenset([
    "close", "event", "fence", "find", "history", "length", "location", "name", "onclick", "open",
])  # fmt: skip
"""Names of ours that are a window's too: no reading of a token tells which is meant.
A test holds that there are no others."""
BLOCK = frozenset([")", "=>", "else", "try", "finally", "do", ";", "{", "}", ""])
"""What stands before a brace that opens statements; after anything else it opens an object."""
OPENS, CLOSES = frozenset("([{"), frozenset(")]}")
VARIABLE, SHORT = 1, 2
"""What a token may be: a variable, or one that names a property too (`{name}`)."""


def shorten(text: str) -> str:
    """Return a dense script in which names it declares are short; properties keep theirs.

    A name is one name wherever it stands, so that scopes need not be known: what shadows it is
    renamed alike.
    """
    tokens = list(read(text))
    roles, declared = _roles(tokens)
    names = _names(tokens, roles, declared)
    for at, role in roles.items():
        if short := names.get(tokens[at]):
            tokens[at] = f"{tokens[at]}:{short}" if role == SHORT else short
    return "".join(tokens)


def renamed(text: str) -> dict[str, str]:
    """Return the short name of every name that `shorten` gives one."""
    tokens = list(read(text))
    return _names(tokens, *_roles(tokens))


def read(text: str) -> Iterator[str]:
    """Yield the tokens; what stands in a template's braces is code like any other."""
    at = 0
    depths: list[int] = []
    while at < len(text):
        sign = text[at]
        inside = sign == "}" and depths and depths[-1] == 0
        if sign == "`" or inside:
            if inside:
                depths.pop()
            found = QUOTED.match(text, at + 1)
            end = found.end() if found else at + 1
            opened = text.startswith("${", end)
            end += 2 if opened else 1
            if opened:
                depths.append(0)
            yield text[at:end]
            at = end
            continue
        if depths and sign in "{}":
            depths[-1] += 1 if sign == "{" else -1
        token = TOKEN.match(text, at)
        assert token is not None, text[at : at + 40]
        yield token[0]
        at = token.end()


def _roles(tokens: Sequence[str]) -> tuple[dict[int, int], set[str]]:
    """Return what each name is by its place among the tokens, and which names are declared."""
    roles: dict[int, int] = {}
    declared: set[str] = set()
    places: list[tuple[str, int]] = [("", 0)]
    code = [(at, token) for at, token in enumerate(tokens) if not token.isspace()]
    words = [token for _, token in code] + ["", ""]
    for n, (at, token) in enumerate(code):
        if token in OPENS:
            places.append((_opened(words, n, places[-1][0]), n))
        elif token in CLOSES:
            place, start = places.pop()
            arrow = token == ")" and words[n + 1] == "=>"
            if place == "params" or arrow or words[start - 1] == "let":
                declared.update(_bound(words, start, n))
        elif token[0] in NAME and token not in KEYWORDS:
            role = _role(places[-1][0], words[n - 1] if n else "", words[n + 1])
            if role:
                roles[at] = role
                if words[n - 1] in ("let", "function", "class") or words[n + 1] == "=>":
                    declared.add(token)
    return roles, declared


def _role(place: str, before: str, after: str) -> int:
    if before in (".", "?.") or place == "class":
        return 0
    if place == "object" and before in ("{", ",", "async", "get", "set"):
        if after in (",", "}", "="):
            return SHORT
        if after in (":", "("):
            return 0
    return VARIABLE


def _opened(words: Sequence[str], n: int, place: str) -> str:
    """Return what a bracket opens: `class`, `object`, `params`, or what its sign says."""
    sign, before = words[n], words[n - 1] if n else ""
    if sign == "{":
        if "class" in (words[n - 2], words[n - 4]) and before not in BLOCK:
            return "class"
        return "{" if before in BLOCK else "object"
    named = n > 1 and words[n - 2] == "function"
    if sign == "(" and (named or place == "class" or before in ("catch", "function")):
        return "params"
    return sign


def _bound(words: Sequence[str], start: int, end: int) -> Iterator[str]:
    """Yield the names that a list of parameters or a pattern binds."""
    for n in range(start + 1, end):
        if words[n][0] in NAME and words[n - 1] in ("(", "[", "{", ",", ":", "..."):
            yield words[n]


def _names(tokens: Sequence[str], roles: dict[int, int], declared: set[str]) -> dict[str, str]:
    """Return a short name for each declared one, the shortest for what stands there most."""
    counts = Counter(tokens[at] for at in roles)
    taken = {*tokens, *KEYWORDS}
    chosen = [n for n in declared - KEPT - KEYWORDS if len(n) > 2 and counts[n]]
    chosen.sort(key=lambda name: (-counts[name], name))
    free = ("".join(pair) for pair in product(ascii_letters, ascii_letters + "$_"))
    return dict(zip(chosen, (short for short in free if short not in taken), strict=False))
