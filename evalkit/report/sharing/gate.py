"""Gate: one look at a text that says which kinds of secrets it may hold; most hold none.

All kinds are one automaton of RE2, which reads each character once. What stands here lets through
whatever the patterns of `patterns.py`, `vendors.py` and `named.py` find, and more: `widened` writes
a pattern without what it looks at around itself, so that both cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import re2

WIDER = {"d": "0-9", "w": r"\w\x80-\xff", "s": r"\s\x0b\x1c-\x1f"}
"""Classes that hold at least what Python's hold; a character beyond ASCII is bytes beyond it."""
NARROWER = {"d": r"\d", "w": r"\w", "s": r"\s"}
"""Classes that hold at most that, for what must not stand somewhere."""
DIGITS, SPACES = re.compile(r"[^\D0-9]"), re.compile(r"[^\S\x00-\x7f]")
"""Digits and spaces of other scripts, which Python's classes hold too."""
MEMORY = 64 << 20
AROUND = re.compile(r"\(\?<?[!=]")
CODE = re.compile(r"\\u00a0")
MANY = re.compile(r"\{(\d+)(,?)(\d*)\}")
COUNTED = 16
"""RE2 counts up to here; more takes it a state for each, and memory."""
PLAIN = re.compile(r"[^\\\[\](]+")
"""What is written as it is, inside of a class and outside."""
SYMBOL = re.compile(r"\\.|\[\^?\]?|\]|.", re.DOTALL)


def widened(pattern: str) -> str:
    """Write a pattern for RE2 so that it finds what Python's does and more.

    Of what it looks at around itself only single classes of characters are kept.
    """
    pattern = MANY.sub(_fewer, pattern)
    out, at, classes = [], 0, WIDER
    inside = False
    while at < len(pattern):
        if (plain := PLAIN.match(pattern, at)) is not None:
            out.append(plain[0])
            at = plain.end()
            continue
        around = None if inside else AROUND.match(pattern, at)
        code = CODE.match(pattern, at)
        if around:
            end = _closed(pattern, at)
            out.append(_edge(around[0], pattern[around.end() : end - 1]))
            at = end
        elif code:
            out.append(" ")
            at = code.end()
        else:
            symbol = SYMBOL.match(pattern, at)[0]  # type: ignore[index]
            at += len(symbol)
            if symbol[0] == "[" and not inside:
                inside, classes = True, NARROWER if "^" in symbol else WIDER
            elif symbol == "]":
                inside, classes = False, WIDER
            out.append(_wide(symbol, inside, classes))
    return "".join(out)


def _wide(symbol: str, inside: bool, classes: Mapping[str, str]) -> str:
    if symbol == r"\Z":
        return r"\z"
    name = symbol[1:] if symbol[0] == "\\" else ""
    if name in classes:
        return classes[name] if inside else f"[{classes[name]}]"
    if name.lower() in classes and not inside:
        return f"[^{NARROWER[name.lower()]}]"
    return symbol


def _fewer(count: re.Match[str]) -> str:
    least, most = count[1], count[3]
    if int(most or least) <= COUNTED:
        return count[0]
    return f"{{{min(int(least), COUNTED)},}}"


def _closed(pattern: str, at: int) -> int:
    """Return where the group that begins at `at` is over."""
    depth, inside = 0, False
    while True:
        symbol = SYMBOL.match(pattern, at)[0]  # type: ignore[index]
        at += len(symbol)
        if symbol[0] == "[" and not inside:
            inside = True
        elif symbol == "]":
            inside = False
        elif not inside and symbol in "()":
            depth += 1 if symbol == "(" else -1
            if depth == 0:
                return at


def _edge(opened: str, inner: str) -> str:
    """Return what must stand before or behind: the class itself, or nothing that is asked for."""
    if not re.fullmatch(r"\[[^\]^]*\]", inner) or opened == "(?=":
        return ""
    if opened == "(?<=":
        return widened(inner)
    border = "^" if "<" in opened else r"\z"
    return f"(?:{border}|{widened('[^' + inner[1:])})"


class Gate:
    """Patterns by number, asked all at once."""

    def __init__(self, patterns: Iterable[str]) -> None:
        options = re2.Options()
        options.max_mem, options.log_errors = MEMORY, False
        options.encoding = re2.Options.Encoding.LATIN1
        self._set = re2.Set.SearchSet(options)
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def matching(self, text: str) -> list[int]:
        """Return the numbers of the patterns that stand somewhere in the text."""
        if not text.isascii():
            text = SPACES.sub(" ", DIGITS.sub("0", text))
        return sorted(self._set.Match(text.encode("utf-8", "replace")) or ())
