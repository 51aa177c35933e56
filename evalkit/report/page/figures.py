"""Figures: what a page says, for programs, as JSON that can stand inside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from evalkit.report.values.parts import MetricPart, ReportView


def document(view: ReportView) -> dict[str, Any]:
    """Return the figures of the page for programs; the full documents are what `--json` prints."""
    names = [part.name for part in view.experiments]
    return {
        "type": "evalkit.report",
        "version": 1,
        "title": view.title,
        "verdict": "".join(span.text for span in view.verdict),
        "experiments": [
            {"name": e.name, "role": e.role, "outcomes": dict(e.outcomes), "cells": dict(e.cells)}
            for e in view.experiments
        ],
        "metrics": [_metric(row, names) for group in view.groups for row in group.rows],
        "gates": [dataclasses.asdict(gate) for gate in view.gates],
        **({"manifest": view.manifest} if view.manifest else {}),
    }


def rounded(value: Any) -> Any:
    """Return figures with the seven digits that a page needs; `--json` has all of them."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _metric(row: MetricPart, names: Sequence[str]) -> dict[str, Any]:
    figures = {
        name: {
            "value": f.value,
            "low": f.low,
            "high": f.high,
            "n": f.n,
            "text": f.text,
        }
        for name, f in zip(names, row.figures, strict=True)
    }
    changes: dict[str, Any] = {
        name: {
            "value": c.value,
            "low": c.low,
            "high": c.high,
            "pairs": c.pairs,
        }
        | {
            "reading": c.reading,
            "margin": c.margin_size,
            "p": c.p,
            "wins": c.wins,
            "losses": c.losses,
            "ties": c.ties,
        }
        for name, c in zip(names[1:], row.changes, strict=False)
        if c is not None
    }
    found = {"metric": row.name, "unit": row.unit, "figures": figures}
    return found | ({"changes": changes} if changes else {})


def script_json(value: Any) -> str:
    """Write JSON that can stand inside a script element: no `<`, `>`, `&` or line separators."""
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, default=str, separators=(",", ":")
    )
    text = text.encode("utf-8", "replace").decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
