"""Manifest: what a report was made from, as it may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from evalkit.report.sharing.cleaner import Cleaner
from evalkit.report.values.parts import ReportView

KEPT = ("version", "made_at", "versions", "seeds")


def shown(view: ReportView, clean: Cleaner) -> ReportView:
    """Return the view as it may be shown; hashes of its manifest are no secrets to be taken out."""
    manifest = view.manifest
    if manifest is None or clean.plain:
        return clean.parts(view)
    return replace(clean.parts(replace(view, manifest=None)), manifest=_shared(manifest, clean))


def _shared(manifest: Mapping[str, Any], clean: Cleaner) -> dict[str, Any]:
    """Return a manifest without what was asked and without hashes of small tables.

    A table of one line could be guessed from its hash; all of them together cannot.
    """
    tables = repr(sorted(manifest["configuration"].items())).encode()
    return {name: manifest[name] for name in KEPT} | {
        "shared": True,
        "configuration": {"": blake2b(tables, digest_size=16).hexdigest()},
        "experiments": [
            {**each, "name": clean.text(each["name"])} for each in manifest["experiments"]
        ],
        "gates": [
            {
                "experiment": clean.text(gate["experiment"]),
                "rule": clean.text(gate["rule"]),
                "limit": gate["limit"],
            }
            for gate in manifest["gates"]
        ],
    }
