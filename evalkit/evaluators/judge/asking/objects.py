"""Objects: the JSON objects that stand in an answer, and none that only look so.

An object inside another, or inside one that is broken, may be a quote of what was judged: it is
never taken for the answer itself.
"""

from __future__ import annotations

import json
import re
from typing import Any

THINKING = re.compile(r"<(think(?:ing)?|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
OPENED = re.compile(r"<(?:think(?:ing)?|thought|reasoning)>", re.IGNORECASE)
CLOSED = re.compile(r"</(?:think(?:ing)?|thought|reasoning)>", re.IGNORECASE)
VERDICT_BEGINS = re.compile(r'\{\s*["\u201c]?(?:reasoning|verdict)["\u201d]?\s*:', re.IGNORECASE)


class Doubled(ValueError):
    """An object says the same name twice, with different values."""


def read_objects(text: str) -> list[dict[str, Any]]:
    """Return the objects at the top of an answer, without what it thought aloud.

    Raises `ValueError` where an object that begins as a verdict is broken.
    """
    whole = _whole(text)
    if whole is not None:
        return [whole]
    answer = _spoken(text)
    whole = _whole(answer)
    return [whole] if whole is not None else _scan(answer)


def _spoken(text: str) -> str:
    """Return what follows the thinking; chat templates may open it before the answer begins."""
    rest = THINKING.sub("", text)
    closed = list(CLOSED.finditer(rest))
    if closed:
        rest = rest[closed[-1].end() :]
    opened = OPENED.search(rest)
    return rest[: opened.start()] if opened else rest


def _whole(text: str) -> dict[str, Any] | None:
    """Return the object that the text is."""
    stripped = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    if not stripped.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(stripped, strict=False, object_pairs_hook=_once)
    except Doubled:
        raise
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _scan(text: str) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=_once)
    found, position = [], text.find("{")
    while position >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
            found.append(value)
        except Doubled:
            raise
        except (ValueError, RecursionError):
            if VERDICT_BEGINS.match(text, position):
                raise ValueError("the JSON object in the answer is broken") from None
            end = _closing(text, position)
        position = text.find("{", end)
    return found


def _closing(text: str, position: int) -> int:
    """Return where the brace at `position` is closed; just after it when it never is."""
    depth = 0
    for place in range(position, len(text)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if not depth:
                return place + 1
    return position + 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs) and any(said[name] != value for name, value in pairs):
        raise Doubled("an object in the answer says one name twice, with different values")
    return said
