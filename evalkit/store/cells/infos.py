"""Infos: what is known of the evaluators whose cells are stored, kept beside the cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any, NamedTuple

from evalkit.errors import StoreError
from evalkit.model.score import EvaluatorInfo
from evalkit.store.cells.parts import part_names
from evalkit.store.disk.files import Files
from evalkit.store.disk.parts import digest, experiment_of, name_of

FILE = "scores/evaluators.json"


def load(files: Files) -> list[EvaluatorInfo]:
    """Return the evaluators that were last said to be current."""
    return [_read(each) for each in _raw(files)]


def load_causes(files: Files) -> dict[str, dict[str, str]]:
    """Return, by evaluator name, the hashes that went into the fingerprint it had."""
    return {each["name"]: dict(each.get("causes") or {}) for each in _raw(files)}


def save(
    files: Files,
    infos: Iterable[EvaluatorInfo],
    causes: Mapping[str, Mapping[str, str]],
    *,
    keep_others: bool,
) -> list[EvaluatorInfo]:
    """Replace the current evaluators, or those of the same names, and return them all."""
    old = {each["name"]: each for each in _raw(files)}
    rows = {}
    for info in infos:
        known = old.get(info.name)
        if known and known["fingerprint"] == info.fingerprint and info.keys == (info.name,):
            info = replace(info, keys=tuple(known["keys"]))
        rows[info.name] = asdict(info) | {"causes": dict(causes.get(info.name, {}))}
    merged = {**old, **rows} if keep_others else rows
    _write(files, _Guarded(list(merged.values()), part_names(files), name_of(files)))
    return [_read(json.loads(json.dumps(each, default=str))) for each in merged.values()]


def load_whole(files: Files, *, scored: bool) -> list[EvaluatorInfo]:
    """Return the evaluators for who reads figures: what was lost raises `StoreError`.

    `scored` is what the manifest says: whether there ever was a list. Parts of scores that the list
    knows and that are gone would make all figures over a part of the scores.
    """
    guarded = _document(files)
    there = set(part_names(files))
    again = f"`evalkit score {experiment_of(files)}` makes its cells again."
    if guarded is None:
        if scored or there:
            raise StoreError(f"{files}/{FILE}: the list of evaluators is gone. {again}")
        return []
    if lost := sorted(set(guarded.parts) - there):
        raise StoreError(f"{files}/{lost[0]}: the file is gone. {again}")
    return [_read(each) for each in guarded.rows]


class _Guarded(NamedTuple):
    """What the file says: the evaluators, the parts of scores there were then, and whose."""

    rows: list[dict[str, Any]]
    parts: list[str]
    experiment: str = ""


def keep_parts(files: Files, names: Iterable[str]) -> None:
    """Write down which parts of scores there are, before others are deleted."""
    guarded = _document(files)
    if guarded is not None:
        _write(files, _Guarded(guarded.rows, sorted(names), name_of(files)))


def _write(files: Files, guarded: _Guarded) -> None:
    body = json.dumps(guarded._asdict(), default=str)
    document = {"hash": digest(body.encode()), **json.loads(body)}
    data = json.dumps(document, indent=1).encode()
    if data != _bytes(files):
        files.write(FILE, data)


def _bytes(files: Files) -> bytes | None:
    try:
        return files.read(FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _raw(files: Files) -> list[dict[str, Any]]:
    guarded = _document(files)
    return [] if guarded is None else guarded.rows


def _document(files: Files) -> _Guarded | None:
    """Return what the file says; a plain list is that of an evalkit which did not guard it."""
    data = _bytes(files)
    if data is None:
        return None
    try:
        found = json.loads(data)
        guarded = _Guarded(found, []) if isinstance(found, list) else _checked(found)
        if guarded.experiment not in ("", name_of(files)):
            raise ValueError(f"it is that of experiment {guarded.experiment!r}")
        for row in guarded.rows:
            _read(row)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{files}/{FILE}: is damaged ({error}). Delete this file, then run "
            f"`evalkit score {experiment_of(files)}`."
        ) from None
    if found == [] and part_names(files):
        raise StoreError(
            f"{files}/{FILE}: names no evaluator, and there are scores. Delete this file, then run "
            f"`evalkit score {experiment_of(files)}`."
        )
    return guarded


def _checked(found: Any) -> _Guarded:
    """Return a guarded list whose hash is right; an earlier evalkit did not say whose it is."""
    body = {name: found[name] for name in _Guarded._fields if name in found}
    if digest(json.dumps(body).encode()) != found["hash"]:
        raise ValueError("it does not match its hash")
    return _Guarded(**body)


def _read(raw: Mapping[str, Any]) -> EvaluatorInfo:
    known = {each.name for each in fields(EvaluatorInfo)}
    values = {name: value for name, value in raw.items() if name in known}
    values["keys"] = tuple(values.get("keys") or ())
    if values.get("range") is not None:
        values["range"] = tuple(values["range"])
    return EvaluatorInfo(**values)


def with_keys(
    infos: Iterable[EvaluatorInfo], known: Mapping[str | None, tuple[str, ...]]
) -> list[EvaluatorInfo]:
    """Return infos with the keys that were seen when the same fingerprint scored."""
    return [
        replace(info, keys=known[info.fingerprint])
        if info.fingerprint in known and info.keys == (info.name,)
        else info
        for info in infos
    ]
