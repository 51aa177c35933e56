"""The elements of one huge JSON document, one after the other, in bounded memory.

The standard library's C decoder reads one element at a time off a sliding window of text. Unlike
event parsers it takes what Python programs write (`NaN`, integers of any size, half surrogates),
and a document that breaks off still gives every element before the break.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from evalkit.fetchers.files.reading.jsontext import SUSPECT, Mended, mend
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.unpack import BROKEN
from evalkit.fetchers.values import may_take, room_for, takes

CHUNK = 1 << 20
SPACE = re.compile(r"[ \t\n\r]*")
WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity", ".", "e+", "e-", "E+", "E-")
"""What a text may end in the middle of: literals, and numbers before their next digit."""
OPEN = ("Unterminated", "Invalid \\")
"""Errors of texts that never end, or end within an escape."""
NEAR_END = 16
"""An error this close to the end of the window may be mere lack of text."""


class Broken(Exception):
    """The document ends early or is no JSON from here on; says line and reason."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


class Window:
    """A window of text over a stream, with a decoder that asks for more when it runs out."""

    def __init__(
        self,
        stream: Any,
        mended: Mended,
        shown: str,
        *,
        chunk: int = CHUNK,
        limit: tuple[int, str] = (sys.maxsize, ""),
        values: tuple[int, str] = (sys.maxsize, ""),
    ) -> None:
        self._chunk = chunk
        self._limit, self._too_large = limit
        """How much text one value may take, and what to say of one that takes more."""
        self._room, self._too_many = values
        """How much it may take with its values, and what to say of one that takes more."""
        self._may_be_much: bool | None = None
        """Whether what is in the window from some place on may; None: nobody counted yet."""
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._decoder = json.JSONDecoder()
        self._mended = mended
        self._shown = shown
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._failure: Exception | None = None

    @property
    def line(self) -> int:
        """The line, counted from 1, of what comes next."""
        return self._line + self._text.count("\n", 0, self._at)

    def peek(self) -> str:
        """Return the next character that is not white space, or an empty string at the end."""
        while True:
            self._at = SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Consume the next character, which must be one of `expected`."""
        char = self.peek()
        if not char:
            raise Broken(self.line, "the file ends in the middle of the document")
        if char not in expected and self._ends_with_part_of_a_word():
            raise Broken(self.line, "the file ends in the middle of a value")
        if char not in expected:
            raise Broken(self.line, f"{char!r} where {' or '.join(map(repr, expected))} belongs")
        self._at += 1
        return char

    def _ends_with_part_of_a_word(self) -> bool:
        rest = self._text[self._at :].strip()
        return any(word.startswith(rest) for word in WORDS) and not self._more()

    def value(self) -> Any:
        """Read one whole value."""
        self.peek()
        while True:
            self._refuse_many()
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                at, said = error.pos, error.msg  # the error itself holds the whole text
            except RecursionError:
                raise Broken(self.line, "nested deeper than can be read") from None
            else:
                number, size = type(value) in (int, float), end - self._at
                if number and end + len("e+") >= len(self._text) and self._more():
                    continue  # it may go on in the next chunk
                return self._mend(value, self._at + size)
            self._not_yet(at, said)

    def _refuse_many(self) -> None:
        """Refuse a value of too many values; what the window holds is counted when it grew."""
        if self._may_be_much is None:
            self._may_be_much = may_take(self._text, self._room, self._at)
        if not self._may_be_much:  # as of nearly all windows: nothing is searched for in them
            return
        if takes(self._text, room_for(self._text, self._room, self._at), self._at):
            raise Broken(self.line, f"a value {self._too_many}")

    def _mend(self, value: Any, end: int) -> Any:
        if SUSPECT.search(self._text, self._at, end):
            try:
                value = mend(value, self._mended, f"{self._shown}:{self.line}")
            except RecursionError:
                raise Broken(self.line, "nested deeper than can be read") from None
        self._at = end
        return value

    def _not_yet(self, at: int, said: str) -> None:
        """Read on when the window merely ends too early; raise `Broken` when the text is wrong."""
        short = at >= len(self._text) - NEAR_END or said.startswith("Unterminated")
        beyond = at - self._at
        if short and self._more():
            return
        at = self._at + beyond  # looking for more moves the window
        rest = self._text[at:].strip()
        cut = said.startswith(OPEN) or any(word.startswith(rest) for word in WORDS)
        line = self._line + self._text.count("\n", 0, at)
        raise Broken(line, "the file ends in the middle of a value" if cut else said)

    def _more(self) -> bool:
        if self._ended:
            return False
        if len(self._text) - self._at > self._limit:
            raise Broken(self.line, f"a value {self._too_large}")
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :], 0
        size = len(self._text)
        raw = self._read(max(self._chunk, min(size, self._limit - size + 1)))
        self._ended = not raw
        chunk = self._decode(raw, final=not raw)
        del raw  # no more of a large value than has to be is in memory twice
        if not chunk:
            return not self._ended
        self._text += chunk
        self._may_be_much = None
        return True

    def _read(self, size: int) -> bytes:
        """Read about `size` bytes; what came before a failure is used before it is raised."""
        parts, found = [], 0
        while found < size and self._failure is None:
            try:
                part = self._stream.read1(size - found)
            except BROKEN as error:
                self._failure = error
                break
            if not part:
                break
            parts.append(part)
            found += len(part)
        if not parts and self._failure is not None:
            raise Broken(self.line, f"unpacking fails: {self._failure}") from self._failure
        return b"".join(parts)


def window_of(stream: Any, mended: Mended, file: SourceFile) -> Window:
    """Return a window over a file, in which a value may take what a record of it may."""
    limits = (file.limit, file.too_large), (file.limit, file.too_many)
    return Window(stream, mended, file.shown, limit=limits[0], values=limits[1])


def elements(
    window: Window, path: Sequence[str], holds: str = "any"
) -> Iterator[tuple[str | None, Any]]:
    """Yield `(key, element)` of what lies at `path` in the document.

    With `holds="list"` that must be a list (keys are None), with `"object"` an object; with
    `"any"` an object is itself the one element. What is not there yields nothing.
    """
    for name in path:
        if not _enter(window, name):
            return
    kind = window.peek()
    if kind == "[" and holds != "object":
        for value in _items(window):
            yield None, value
    elif kind == "{" and holds == "object":
        yield from _members(window)
    elif holds == "any":
        yield None, window.value()
        while not path and window.peek() == "{":  # one behind the other, as consoles print them
            yield None, window.value()
    else:
        return
    if not path and window.peek():
        raise Broken(window.line, "something follows the end of the document")


def _enter(window: Window, name: str) -> bool:
    """Move to the value of member `name`; False when the value here has none."""
    if window.peek() != "{":
        return False
    window.take("{")
    while window.peek() != "}":
        key = window.value()
        window.take(":")
        if key == name:
            return True
        window.value()
        if window.peek() == ",":
            window.take(",")
    return False


def _items(window: Window) -> Iterator[Any]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    while True:
        yield window.value()
        if window.take(",]") == "]":
            return


def _members(window: Window) -> Iterator[tuple[str, Any]]:
    window.take("{")
    if window.peek() == "}":
        window.take("}")
        return
    while True:
        key = window.value()
        window.take(":")
        yield key, window.value()
        if window.take(",}") == "}":
            return


def outline(window: Window) -> Any:
    """Return the beginning of a document: of each list the first element, of an object the members
    up to its first list of objects."""
    if window.peek() == "[":
        return _first(window)
    if window.peek() != "{":
        return window.value()
    found: dict[str, Any] = {}
    window.take("{")
    while window.peek() == '"':
        key = window.value()
        window.take(":")
        if window.peek() == "[":
            found[key] = _first(window)
            if found[key] and isinstance(found[key][0], dict):
                return found
            while window.peek() == ",":
                window.take(",")
                window.value()
            window.take("]")
        else:
            found[key] = window.value()
        if window.peek() == ",":
            window.take(",")
    return found


def _first(window: Window) -> list[Any]:
    window.take("[")
    return [] if window.peek() == "]" else [window.value()]
