"""State: what an experiment's manifest says is stored, and how it is replaced at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from evalkit.errors import StoreError
from evalkit.model.experiment import FORMAT_VERSION, Manifest
from evalkit.model.kept.seal import SEAL, refuse_broken, sealed
from evalkit.store.disk.files import Files
from evalkit.store.disk.parts import Part, digest, experiment_of, name_of

MANIFEST = "manifest.json"
DAMAGED = "damaged"
"""The folder of damaged files that lie aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The manifest, the parts it stands for, and rows of them that a later part replaced."""

    manifest: Manifest
    parts: tuple[Part, ...] = ()
    examples: Part | None = None
    dead: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    owed: int = 0
    """Runs of damaged parts that have not come again."""
    damaged: tuple[str, ...] = ()
    """Files that lie aside until what they held has come again."""
    scored: bool = False
    """Whether there are, or were, scores: then a list of evaluators has to be there."""
    after: str = ""
    """In a journal, the hash of the manifest it began from: once that is replaced, it is void."""

    @property
    def rows(self) -> int:
        """The number of runs."""
        gone = sum(len(rows) for rows in self.dead.values())
        return sum(part.rows for part in self.parts) - gone

    def with_manifest(self, **values: Any) -> State:
        """Return this state with other facts in its manifest."""
        return replace(self, manifest=replace(self.manifest, **values))


def manifest_hash(files: Files) -> str:
    """Return the hash of the manifest file; empty when there is none."""
    try:
        return digest(files.read(MANIFEST))
    except (FileNotFoundError, NotADirectoryError):
        return ""


def load(files: Files, name: str) -> State | None:
    """Read a state file; `None` when there is none."""
    try:
        data = files.read(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{files}/{name}: cannot be read ({error.strerror}).") from None
    try:
        raw = json.loads(data)
        state = _read(raw)
        if SEAL in raw and raw["experiment"] != name_of(files):
            raise ValueError(f"it is that of experiment {raw['experiment']!r}")
        return state
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{files}/{name}: is damaged ({error}). Delete this file, then run "
            f"`evalkit fetch {experiment_of(files)}`."
        ) from None
    except StoreError as error:
        raise StoreError(f"{files}/{name}: {error}") from None


def save(files: Files, name: str, state: State) -> None:
    """Replace a state file at once."""
    raw = state.manifest.to_dict() | {
        "format_version": FORMAT_VERSION,
        "parts": [asdict(part) for part in state.parts],
        "examples": asdict(state.examples) if state.examples else None,
        "dead": {part: list(rows) for part, rows in state.dead.items()},
        "owed": state.owed,
        "damaged": list(state.damaged),
        "scored": state.scored,
        "after": state.after,
    }
    files.write(name, json.dumps(sealed(raw), indent=1, default=str).encode())


def _read(raw: Mapping[str, Any]) -> State:
    version = raw["format_version"]
    if version > FORMAT_VERSION:
        raise StoreError(
            f"was written by a later evalkit (format {version}, this one reads {FORMAT_VERSION}). "
            "Update evalkit."
        )
    refuse_broken(raw, sealed_with="scored")
    examples = raw.get("examples")
    return State(
        manifest=Manifest.from_dict(raw),
        parts=tuple(Part(**part) for part in raw.get("parts") or ()),
        examples=Part(**examples) if examples else None,
        dead={part: tuple(rows) for part, rows in (raw.get("dead") or {}).items()},
        owed=raw.get("owed") or 0,
        damaged=tuple(raw.get("damaged") or ()),
        scored=bool(raw.get("scored")),
        after=raw.get("after") or "",
    )
