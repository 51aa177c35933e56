"""Lacks: what an endpoint does not take, learnt from its refusals once for all calls and processes.

A refusal counts against what was sent, not against what is known by now: of several calls in
flight that meet the same refusal the first one learns, the others ask again in the learnt form.
What is learnt is kept when an answer proves it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from evalkit.evaluators.judge.asking.refusals import Refusal
from evalkit.evaluators.judge.images.parts import image_urls, without_images

Body = dict[str, Any]
SCHEMA_WORDS = ("json_schema", "response_format", "schema", "structured", "guided", "grammar")
STEPS: dict[str, tuple[str, ...]] = {
    "images": (),
    "json_schema": SCHEMA_WORDS,
    "response_format": (*SCHEMA_WORDS, "json_object", "json mode"),
    "max_completion_tokens": ("max_completion_tokens",),
    "max_tokens": ("max_tokens", "max_completion_tokens"),
    "temperature": ("temperature",),
    "seed": ("seed",),
    "system": ("system role", "system message", "system prompt", "role 'system'", "developer"),
}
"""What can be left out or said otherwise, in this order, and the words that refuse it (images: a
refusal says so itself)."""
TOO_LONG = ("context length", "context window", "too long", "too large", "maximum context")
"""The run is too long: no form of the question mends that."""


class Lacks:
    """What one model at one endpoint does not take; `file` keeps it for the next process.

    What it `never` lacks is sent whatever it says.
    """

    def __init__(self, file: Path | None = None, never: Collection[str] = ()) -> None:
        self._file, self._lock, self._never = file, threading.Lock(), never
        self._known = set(_read(file)) - set(never)
        self._proven = set(self._known)

    def spoken(self, body: Body) -> Body:
        """Return the body as the endpoint takes it."""
        known = self._known
        if not known:
            return body
        said = {name: value for name, value in body.items() if name not in known}
        if "max_tokens" in known and "max_tokens" in body and "max_completion_tokens" not in known:
            said["max_completion_tokens"] = body["max_tokens"]
        if "json_schema" in known and "response_format" in said:
            said["response_format"] = {"type": "json_object"}
        if "images" in known:
            said["messages"] = without_images(said["messages"])
        if "system" in known:
            said["messages"] = _without_system(said["messages"])
        return said

    def learn(self, refusal: Refusal, sent: Body) -> bool:
        """Note what was refused; returns whether there is another way to ask than was tried."""
        low = f"{refusal.words} {refusal.param}".lower()
        if refusal.kind == "content" or any(words in low for words in TOO_LONG):
            return False
        with self._lock:
            for name, words in STEPS.items():
                said = refusal.of_images if name == "images" else any(w in low for w in words)
                if said and name not in self._never and _sends(sent, name):
                    self._known.add(name)
                    return True
        return False

    def proven(self, sent: Body) -> None:
        """Keep what is known, now that a question without it was answered."""
        if self._known <= self._proven:
            return
        with self._lock:
            self._proven |= {name for name in self._known if not _sends(sent, name)}
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                temporary = self._file.with_suffix(f".{os.getpid()}.tmp")
                temporary.write_text(json.dumps(sorted(self._proven)), "utf-8")
                os.replace(temporary, self._file)

    def doubt(self, names: set[str]) -> None:
        """Forget what one call seemed to learn and that helped nothing."""
        with self._lock:
            self._known -= names - self._proven

    @property
    def known(self) -> frozenset[str]:
        """What is left out or said otherwise by now."""
        return frozenset(self._known)


def lacks_file(folder: Path | None, url: str, model: str) -> Path | None:
    """Return where it is kept what a model at an endpoint does not take."""
    if folder is None:
        return None
    name = hashlib.sha256(json.dumps([url, model]).encode()).hexdigest()[:24]
    return folder / "lacks" / f"{name}.json"


def _read(file: Path | None) -> list[str]:
    try:
        found = json.loads(file.read_bytes()) if file is not None else []
    except (OSError, ValueError):
        return []
    return [name for name in found if name in STEPS] if isinstance(found, list) else []


def _sends(sent: Body, name: str) -> bool:
    if name == "json_schema":
        form = sent.get("response_format")
        return isinstance(form, Mapping) and form.get("type") == "json_schema"
    if name == "images":
        return any(True for _ in image_urls(sent["messages"]))
    if name == "system":
        return any(each["role"] == "system" for each in sent["messages"])
    return name in sent


def _without_system(messages: list[Body]) -> list[Body]:
    """Put the rules before the first question, for models that know no system."""
    rules = [each["content"] for each in messages if each["role"] == "system"]
    rest = [dict(each) for each in messages if each["role"] != "system"]
    if rules and rest:
        said, own = "\n\n".join(rules), rest[0]["content"]
        with_images = isinstance(own, list)
        parts = [{"type": "text", "text": said}, *own] if with_images else f"{said}\n\n{own}"
        rest[0]["content"] = parts
    return rest
