"""Drift: how the fields of bodies differ from those seen before, or from most of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.metrics.documents.validation import Finding, Level, counted, named
from evalkit.metrics.validation.shape import Count, Field

RARE = 0.05
"""Share of bodies up to which a kind, or a missing field, is odd among the others."""
ENOUGH = 20
Known = Mapping[str, Mapping[str, Any]]
"""By path: the kinds it had, and whether it was always there."""


def known_of(fields: Mapping[str, Field]) -> dict[str, dict[str, Any]]:
    """Return what is kept of fields, in plain JSON types."""
    return {
        path: {"kinds": sorted(each.kinds), "always": not each.missing.n}
        for path, each in fields.items()
    }


def drifted(
    part: str, fields: Mapping[str, Field], known: Known, since: str, what: str = "run"
) -> Iterator[Finding]:
    """Yield what is not as it was: new fields, fields that are gone, other kinds.

    `part` names the body, `outputs`; `since` says what it was seen in before, `baseline`.
    """
    if "" not in fields or not any(fields[""].kinds) or not known:
        return
    for path, each in fields.items():
        before = known.get(path)
        if before is None:
            if path and _parent(path) in known and not path.endswith("[]"):
                yield _new(part, path, each, since, what)
            continue
        yield from _other_kinds(part, path, each, before, since, what)
        if before.get("always") and each.missing.n:
            text = f"{_at(part, path)} is missing in {{}}; in {since} it was always there"
            yield _finding(part, path, each.missing, each.of, text, what)
    for path in known:
        if path not in fields and _parent(path) in fields and known[path].get("always"):
            if path.endswith("[]") or "object" not in fields[_parent(path)].kinds:
                continue
            parent = fields[_parent(path)].kinds["object"]
            text = f"{_at(part, path)} is missing in {{}}; in {since} it was always there"
            yield _finding(part, path, parent, parent.n, text, what)


def odd_ones(part: str, fields: Mapping[str, Field], what: str = "run") -> Iterator[Finding]:
    """Yield kinds that few bodies have where nearly all have another, and rare gaps."""
    for path, each in fields.items():
        told = {kind: count for kind, count in each.kinds.items() if kind != "null"}
        n = sum(count.n for count in told.values())
        if n < ENOUGH or path.endswith("[]"):
            continue
        usual = max(told, key=lambda kind: told[kind].n)
        for kind, count in told.items():
            if kind != usual and count.n <= RARE * n:
                text = f"{_at(part, path)} is {_a(kind)} in {{}}, {_a(usual)} in the others"
                yield _finding(part, path, count, each.n, text, what)
        if 0 < each.missing.n <= RARE * each.of:
            text = f"{_at(part, path)} is missing in {{}}"
            yield _finding(part, path, each.missing, each.of, text, what, "note")


def _other_kinds(
    part: str, path: str, each: Field, before: Mapping[str, Any], since: str, what: str
) -> Iterator[Finding]:
    kinds = before["kinds"]
    if not kinds or kinds == ["null"]:
        return
    for kind, count in each.kinds.items():
        if kind not in kinds:
            was = " or ".join(_a(k) for k in kinds if k != "null")
            level: Level = "note" if path.endswith("[]") else "finding"
            text = f"{_at(part, path)} is {_a(kind)} in {{}}; in {since} it was {was}"
            yield _finding(part, path, count, each.n, text, what, level)


def _new(part: str, path: str, each: Field, since: str, what: str) -> Finding:
    first = Count()
    for count in each.kinds.values():
        first.add(count.n, count.ids)
    kinds = " or ".join(_a(kind) for kind in each.kinds)
    text = f"{_at(part, path)} is new, {kinds} in {{}}; {since} had no such field"
    return _finding(part, path, first, max(each.of, first.n), text, what, "note")


def _finding(
    part: str, path: str, count: Count, of: int, text: str, what: str, level: Level = "finding"
) -> Finding:
    some = f"{counted(count.n, max(of, count.n), what)} ({named(count.ids, count.n)})"
    return Finding(
        "schema",
        level,
        text.replace("{}", some) + ".",
        where=_at(part, path),
        n=count.n,
        of=max(of, count.n),
        ids=tuple(count.ids),
    )


def _at(part: str, path: str) -> str:
    return part + (path if path.startswith("[") or not path else f".{path}")


def _a(kind: str) -> str:
    return {"null": "null", "object": "an object", "array": "a list"}.get(kind, f"a {kind}")


def _parent(path: str) -> str:
    if path.endswith("]"):
        return path[: path.rindex("[")]
    return path.rpartition(".")[0]
