"""Held: the images of one question, numbered as they come, each once, as many as may be shown."""

from __future__ import annotations

import re

from evalkit.evaluators.judge.images.reading import (
    DATA_URL,
    SIGNATURES,
    TOGETHER,
    TOO_LARGE,
    Picture,
    read_picture,
)
from evalkit.model.messages.part import Part

SHORTEST = 64
"""Characters below which bare text is no picture."""


class Images:
    """Collects what a prompt shows; `most` is how many may be shown, 0: all are named only."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._numbers: dict[str, int] = {}
        self._unseen: set[str] = set()
        self.shown: list[Picture] = []

    @property
    def unseen(self) -> int:
        """Images that are named and not shown."""
        return len(self._unseen)

    def put(self, part: Part) -> str:
        """Return the words that stand for an image in the text."""
        if not self._most:
            return self._named(part, "")
        found = read_picture(part)
        return self._named(part, f", {found}") if isinstance(found, str) else self._add(part, found)

    def bare(self, text: str) -> str:
        """Return the words for text that is nothing but a picture in base64; other text as is."""
        if len(text) < SHORTEST or not text.startswith(SIGNATURES):
            return text
        part = Part(kind="image", data=text)
        found = read_picture(part)
        return self.put(part) if isinstance(found, Picture) or found == TOO_LARGE else text

    def lifted(self, text: str) -> str:
        """Return text with words for the data URLs of pictures in it."""
        if "data:image/" not in text:
            return text

        def words(match: re.Match[str]) -> str:
            return self.put(Part(kind="image", url=match[0], mime_type=f"image/{match[1]}"))

        return DATA_URL.sub(words, text)

    def _add(self, part: Part, found: Picture) -> str:
        number = self._numbers.get(found.url)
        if number is None:
            if len(self.shown) >= self._most:
                return self._named(part, f", only {self._most} are")
            if self._size + len(found.url) > TOGETHER:
                return self._named(part, ", too large beside the others")
            self._size += len(found.url)
            self.shown.append(found)
            number = self._numbers[found.url] = len(self.shown)
        return f"[image {number}: {found}]"

    def _named(self, part: Part, why: str) -> str:
        self._unseen.add(part.data or part.url or part.name or "")
        said = " ".join(filter(None, (part.kind, part.name, part.mime_type)))[:200]
        return f"[{said}: not shown{why}]"
