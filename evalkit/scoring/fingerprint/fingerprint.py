"""Fingerprint: a hash of everything that decides what an evaluator says of a run.

That is the code it can reach inside the project (comments and layout do not count), the values
bound into it, its options, its declared version, and evalkit's rules for what may be returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from evalkit.scoring.definition.coerce import COERCION_VERSION
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.fingerprint.reachable import describe, sources_of

Causes = dict[str, str]


def fingerprint(evaluator: Evaluator, root: Path | None = None) -> Causes:
    """Return the hashes that make up an evaluator's fingerprint, by what each is of.

    `root` is the project's folder: the modules below it are followed, see `source`.
    """
    parts: dict[str, object] = {
        "options": describe(_with_contents(evaluator.all_options())),
        "version": evaluator.version,
        "settings": [evaluator.name, evaluator.scope, evaluator.failed_runs, evaluator.injected],
        "evalkit": COERCION_VERSION,
    }
    causes = {name: hash_of(value) for name, value in parts.items()}
    for name, source in sources_of(evaluator.function, root).items():
        causes[name] = hash_of(source)
    return causes


def _with_contents(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in which a file that is read stands for what it holds, not for its name."""
    return {
        name: contents_of(value) if name.endswith(FILE) and isinstance(value, str) else value
        for name, value in options.items()
    }


FILE = "_file"
"""How the name of an option ends whose value is the path of a file that the evaluator reads."""


def contents_of(path: str) -> str:
    """Return the hash of what a file holds; of a file that is not there the path itself."""
    try:
        return blake2b(Path(path).read_bytes(), digest_size=12).hexdigest() if path else path
    except OSError:
        return path


def combined(causes: Causes) -> str:
    """Return the fingerprint that these hashes make."""
    return hash_of(sorted(causes.items()))


def fingerprinted(
    evaluators: Sequence[Evaluator], root: Path | None = None
) -> tuple[list[Evaluator], dict[str, Causes]]:
    """Return the evaluators with their fingerprints, and by name what these are made of."""
    causes = {each.name: fingerprint(each, root) for each in evaluators}
    stamped = [replace(each, fingerprint=combined(causes[each.name])) for each in evaluators]
    return stamped, causes


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return what differs between the causes of two fingerprints, in words."""
    names = [name for name in now if before.get(name) != now[name]]
    return names + [f"{name} (gone)" for name in before if name not in now]


def hash_of(value: object) -> str:
    """Return the hash of a JSON-ready value."""
    return blake2b(orjson.dumps(value), digest_size=12).hexdigest()
