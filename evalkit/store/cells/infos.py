"""Infos: what is known of the evaluators whose cells are stored, kept beside the cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from evalkit.errors import StoreError
from evalkit.model.score import EvaluatorInfo
from evalkit.store.disk.files import Files
from evalkit.store.disk.parts import experiment_of

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
    data = json.dumps(list(merged.values()), indent=1, default=str).encode()
    if data != _bytes(files):
        files.write(FILE, data)
    return [_read(json.loads(json.dumps(each, default=str))) for each in merged.values()]


def _bytes(files: Files) -> bytes:
    try:
        return files.read(FILE)
    except (FileNotFoundError, NotADirectoryError):
        return b"[]"


def _raw(files: Files) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(_bytes(files))
    except ValueError as error:
        raise StoreError(
            f"{files}/{FILE}: is damaged ({error}). Delete this file, then run "
            f"`evalkit score {experiment_of(files)}`."
        ) from None
    return rows


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
