"""Reads a written report back: what a stranger with a text editor and gunzip would find in it."""

import base64
import gzip
import json
import re
from pathlib import Path
from struct import unpack_from
from uuid import UUID

BLOCK = re.compile(r'<script type="([^"]*)" id="([^"]*)"[^>]*>(.*?)</script>', re.DOTALL)
SIZES = {"u8": ("B", 1), "u16": ("H", 2), "u32": ("I", 4), "f64": ("d", 8)}


class ReportFile:
    """The blocks of a report, unpacked."""

    def __init__(self, path: Path) -> None:
        self.html = path.read_text("utf-8")
        blocks = {name: body for _, name, body in BLOCK.findall(self.html)}
        self.document = json.loads(blocks["evalkit-summary"])
        self._blocks = {n: b for n, b in blocks.items() if n not in ("evalkit-summary", "ek-core")}
        raw = gzip.decompress(base64.b64decode(blocks["ek-core"]))
        size = int.from_bytes(raw[:4], "little")
        self.head = json.loads(raw[4 : 4 + size])
        self._raw, self._base = raw, 4 + size

    def column(self, name: str) -> list:
        """Return one column as Python values."""
        rule = self.head["columns"][name]
        at, n = self._base + rule["at"], rule["n"]
        if rule["t"] == "uuid":
            return [str(UUID(bytes=self._raw[at + 16 * i : at + 16 * i + 16])) for i in range(n)]
        if rule["t"] == "str":
            ends = unpack_from(f"<{n}I", self._raw, at)
            text = self._raw[self._base + rule["bytes"] :][: rule["size"]]
            return [text[a:b].decode() for a, b in zip((0, *ends), ends, strict=False)]
        letter, _ = SIZES[rule["t"]]
        values = unpack_from(f"<{n}{letter}", self._raw, at)
        return [self._value(v, rule) for v in values]

    @staticmethod
    def _value(value, rule):
        if value == rule.get("missing") or value != value:
            return None
        if "dict" in rule:
            return rule["dict"][value]
        return value / rule["scale"] if "scale" in rule else value

    def member(self, name: str) -> object:
        """Return one member of traces or shared texts."""
        return json.loads(gzip.decompress(base64.b64decode(self._blocks[f"ek-{name}"])))

    def traces(self) -> dict[int, object]:
        """Return the trace of every row that has one."""
        found = {}
        for row, where in enumerate(self.column("where")):
            if where != 2**32 - 1:
                place, at = divmod(where, self.head["memberRuns"])
                found[row] = self._expand(*self.member(f"m{place}")[at])
        return found

    def _expand(self, own: list, value: object) -> object:
        if isinstance(value, dict):
            return {key: self._expand(own, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._expand(own, item) for item in value]
        if not isinstance(value, str) or value[:1] != "\0":
            return value
        if value[1] == "b":
            place, at = divmod(int(value[2:]), self.head["memberTexts"])
            return self._expand(own, self.member(f"b{place}")[at])
        if value[1] == "r":
            return self._expand(own, own[int(value[2:])])
        return int(value[2:]) if value[1] == "i" else value[2:]

    def everything(self) -> str:
        """Return all text in the file, packed or not."""
        packed = [json.dumps(self.member(n[3:]), ensure_ascii=False) for n in self._blocks]
        return "\n".join([self.html, self._raw.decode("utf-8", "replace"), *packed])
