"""Reading: a file that anybody may have made: ours or not, whole or not, signed or not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import CannotVerify, ConfigError, StoreError
from evalkit.pipeline.evidence.manifest import VERSION
from evalkit.pipeline.verifying.finding import Verified
from evalkit.report.page.opened import is_page
from evalkit.report.page.trailer import MARK

LARGEST = 2 * 1000**3
"""Bytes of a file that is read."""
KINDS = ("evalkit.summary", "evalkit.run", "evalkit.report")
UNLIKE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What is raised where something is read that somebody altered."""
END = 2_000_000


def read_file(path: Path) -> bytes | dict[str, Any]:
    """Return the bytes of a page or a document of figures; anything else is `ConfigError`."""
    alien = ConfigError(
        f"{path}: is no page and no summary of evalkit. Name a report.html, or what `--json` wrote."
    )
    try:
        with path.open("rb") as file:
            begins = file.read(64).lstrip()[:1]
        size = path.stat().st_size
        ours = is_page(path) or _ends_as_ours(path, size)
        if not path.is_file() or not (ours or begins == b"{"):
            raise alien
        if size > LARGEST:
            raise CannotVerify(f"{path}: has {size:,} bytes, more than {LARGEST:,} are not read.")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror or error}). Check the path."
        ) from None
    return data if ours else _document(data, alien)


def _ends_as_ours(path: Path, size: int) -> bool:
    """Tell whether a file has the last line of a page: its beginning may have been altered."""
    with path.open("rb") as file:
        file.seek(max(0, size - END))
        return MARK in file.read()


def _document(data: bytes, alien: ConfigError) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise alien from None
    if not isinstance(found, dict) or found.get("type") not in KINDS:
        raise alien
    return found


def manifest_of(path: Path, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a page or document; `CannotVerify` where it has none we can read."""
    manifest = figures.get("manifest")
    if manifest is None:
        raise CannotVerify(
            f"{path}: carries no manifest: an earlier evalkit made it. `evalkit report` makes a "
            "page that can be verified."
        )
    version = manifest.get("version") if isinstance(manifest, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise CannotVerify(f"{path}: was made by a later evalkit. Update evalkit to verify it.")
    if not isinstance(manifest, dict) or not _is_whole(manifest):
        raise StoreError(f"{path}: its manifest was altered: it is not as evalkit writes one.")
    return manifest


def _is_whole(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a manifest has the shape of ours, so that nobody who reads it need ask."""
    tables = ("versions", "seeds", "configuration")
    asked = manifest.get("asked")
    experiments, gates = manifest.get("experiments"), manifest.get("gates")
    return (
        isinstance(manifest.get("made_at"), str)
        and all(isinstance(manifest.get(name), dict) for name in tables)
        and (isinstance(asked, dict) if not manifest.get("shared") else asked is None)
        and isinstance(experiments, list)
        and bool(experiments)
        and all(_is_experiment(each) for each in experiments)
        and isinstance(gates, list)
        and all(isinstance(g, dict) and {"experiment", "rule", "limit"} <= g.keys() for g in gates)
    )


def _is_experiment(each: Any) -> bool:
    return (
        isinstance(each, dict)
        and isinstance(each.get("name"), str)
        and isinstance(each.get("data"), dict)
        and isinstance(each.get("evaluators"), dict)
    )


def check_signature(found: Verified, signed: Any, digest: bytes, key: str | None) -> None:
    """Note a signature that is wrong, or is not that of `key`; say whose it is where none is given.

    `digest` is the hash of what was read, not the one that is stated beside the signature.
    """
    if signed is None:
        if key is not None:
            found.differs("signature", "it is not signed, and a key was given")
        return
    from evalkit.pipeline.evidence.signing import vouches  # for what is signed

    named = signed.get("key") if isinstance(signed, dict) else None
    if not isinstance(signed, dict) or not vouches(signed, digest):
        found.differs("signature", "the signature is not that of what stands here", page=named)
    elif key is not None and named != key:
        text = f"it is signed by another key: {named}, not {key}"
        found.differs("signature", text, page=named, right=key)
    else:
        found.signer = str(named)
        if key is None:
            found.open.append(f"Who signed it: the key is {named}; --key says whose it must be.")
