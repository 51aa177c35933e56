"""Makes odd inputs out of good ones: other types, keys gone, numbers no machine holds, bytes hurt.

What JSON itself cannot be asked to write (`NaN`, nesting thousands deep, whole numbers of five
thousand digits) is put in as a marked text first and written by hand afterwards.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from random import Random
from typing import Any

import zstandard

DEEP, BROAD = 20_000, 5_000
RAW = {
    "\x01deep list\x01": "[" * DEEP + "]" * DEEP,
    "\x01deep object\x01": '{"a":' * DEEP + "1" + "}" * DEEP,
    "\x01quite deep\x01": '{"messages":[' * 300 + "1" + "]}" * 300,
    "\x01nan\x01": "NaN",
    "\x01infinity\x01": "-Infinity",
    "\x01digits\x01": "9" * BROAD,
    "\x01exponent\x01": "1e999",
    "\x01twice\x01": '{"id": 1, "id": [2]}',
    "\x01half\x01": '"\\ud800 and \\udc00"',
}
ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1e308, 5e-324, 2**63, -(2**63), 2**70, 3.5, -0.0, 10**30),
    *("", "x", "\ud800", "nan", "\x00", "1e999", "-1", "a" * BROAD, "../" * 1_700, "�", "=1+1"),
    *("2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "{", "[1"),
    *([], {}, [[]], [None], {"a": None}, {"": {}}, ["a", 1], [{}], [[["x"]]], {"id": {"id": []}}),
    *('{"a": NaN}', "[[1], {}]", '"', "-inf", "١٢٣", "1_000", "0x10", "P1D", "1,5", "\u2028"),
    *RAW,
)
SUFFIXES = ("", ".gz", ".zst")


def changed(value: Any, rng: Random) -> Any:
    """Return the value with one thing in it odd, gone, doubled or moved."""
    if isinstance(value, dict) and value:
        return _changed_object(value, rng)
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.15:
            return [*value[:at], *([rng.choice(ODD)] * rng.randrange(2)), *value[at + 1 :]]
        if kind < 0.2:
            return value + value
        return [*value[:at], changed(value[at], rng), *value[at + 1 :]]
    if isinstance(value, str) and rng.random() < 0.2:
        return value[: len(value) // 2] + rng.choice(["\ud83d", "\x00", '"', "\n", "}", "é" * 50])
    if isinstance(value, str) and value[:1] in "[{" and rng.random() < 0.5:
        return _inside(value, rng)
    return rng.choice(ODD)


def _changed_object(value: dict[str, Any], rng: Random) -> dict[str, Any]:
    key, kind = rng.choice(list(value)), rng.random()
    if kind < 0.25:
        return {**value, key: rng.choice(ODD)}
    if kind < 0.35:
        return {name: each for name, each in value.items() if name != key}
    if kind < 0.4:
        return {**value, rng.choice(["", "id", "\ud800", "a" * BROAD]): value[key]}
    if kind < 0.45:
        return {**value, key: rng.choice([value, [value[key]], {"value": value[key]}])}
    return {**value, key: changed(value[key], rng)}


def _inside(text: str, rng: Random) -> str:
    """Change JSON that is written inside a text."""
    try:
        return json.dumps(changed(json.loads(text), rng))
    except ValueError:
        return text


def several(value: Any, rng: Random) -> Any:
    """Return the value after one to five changes."""
    for _ in range(rng.randint(1, 5)):
        value = changed(value, rng)
    return value


def written(value: Any) -> str:
    """Write JSON, what is marked by hand."""
    text = json.dumps(value)
    for mark, raw in RAW.items():
        quoted = json.dumps(mark)
        if quoted in text:
            text = text.replace(quoted, raw, 1).replace(quoted, "0")
    return text


def damaged(data: bytes, rng: Random) -> bytes:
    """Return the bytes with some of them others, cut off, doubled, or in another encoding."""
    if not data:
        return data
    kind = rng.random()
    if kind < 0.1:
        return data.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-32", "utf-16-le"]))
    if kind < 0.15:
        return b"\xef\xbb\xbf" + data
    found = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        found[rng.randrange(len(found))] = rng.randrange(256)
    if rng.random() < 0.3:
        at = rng.randrange(len(found))
        found[at:at] = bytes(rng.choices(b'"[]{},:\n\x00\xff', k=rng.randrange(1, 9)))
    return bytes(found[: rng.randrange(len(found)) + 1] if rng.random() < 0.4 else found)


def mutated(name: str, data: bytes, rng: Random) -> bytes:
    """Return the bytes of a file of this name after some changes that suit it."""
    if name.endswith(("json", "traj")):
        out = written(several(json.loads(data), rng)).encode()
    elif name.endswith("jsonl"):
        rows = several([json.loads(line) for line in data.splitlines() if line.strip()], rng)
        rows = rows if isinstance(rows, list) else [rows]
        out = "\n".join(map(written, rows)).encode()
    elif name.endswith("csv"):
        out = _cells(data, rng)
    else:
        return damaged(data, rng)
    return damaged(out, rng) if rng.random() < 0.15 else out


def _cells(data: bytes, rng: Random) -> bytes:
    """Change cells of a table; those that hold JSON, inside."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    for _ in range(rng.randint(1, 4)):
        row = rng.choice(rows)
        if row:
            at = rng.randrange(len(row))
            new = changed(row[at], rng)
            row[at] = new if isinstance(new, str) else written(new)
        if rng.random() < 0.1:
            row.append("more")
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def packed(data: bytes, rng: Random) -> tuple[str, bytes]:
    """Return a suffix and the bytes packed as it says, most times, sometimes hurt or twice."""
    suffix = rng.choice(SUFFIXES)
    for _ in range(2 if rng.random() < 0.1 else 1):
        if suffix == ".gz":
            data = gzip.compress(data, 1)
        elif suffix == ".zst":
            data = zstandard.compress(data)
    if rng.random() < 0.1:
        suffix = rng.choice(SUFFIXES)
    return suffix, damaged(data, rng) if rng.random() < 0.3 else data


def archive(members: dict[str, bytes], rng: Random) -> bytes:
    """Return a zip archive whose members and directory may lie, be encrypted, or be archives."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as made:
        for name, data in members.items():
            inner = archive({name: data}, rng) if rng.random() < 0.05 else data
            made.writestr(name if rng.random() < 0.9 else "../" + name * 99, inner)
    data = bytearray(out.getvalue())
    kind = rng.random()
    if kind < 0.3:  # a field of some header: flags (1 is encrypted), method, sizes, lengths
        for mark, fields in ((b"PK\x03\x04", range(4, 30)), (b"PK\x01\x02", range(6, 46))):
            at = bytes(data).find(mark)
            if at >= 0 and at + 46 < len(data):
                data[at + rng.choice(fields)] = rng.choice([0, 1, 9, 12, 93, 95, 99, 255])
    return bytes(data) if kind < 0.6 else damaged(bytes(data), rng)
