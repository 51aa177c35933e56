"""What `evalkit list` shows of each kind of thing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalkit.cli.text.columns import aligned
from evalkit.errors import EvalkitError
from evalkit.project import plugins
from evalkit.project.config import Project
from evalkit.project.layout import shown
from evalkit.project.local import catalogue
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator
from evalkit.store.store import Store

Row = dict[str, Any]


def experiments(project: Project) -> list[Row]:
    """Return the experiments of the configuration with what is stored of each."""
    store = Store(project.store)
    rows = []
    for name, config in project.experiments.items():
        row: Row = {"name": name, "fetcher": config.fetcher, "runs": None, "fetched_at": None}
        stored = store.experiment(name)
        if stored.exists:
            manifest = stored.manifest
            row |= {"runs": manifest.received, "fetched_at": manifest.fetched_at}
            row["complete"] = manifest.complete
        rows.append(row)
    return rows


def evaluators(project: Project) -> list[Row]:
    """Return the project's evaluators and the installed ones."""
    rows = [_evaluator_row(each, "project") for each in catalogue(project).select()]
    named = {row["name"] for row in rows}
    for name, point in plugins.evaluators().items():
        if name in named:
            continue
        origin = point.dist.name if point.dist else point.module
        rows.append(_evaluator_row(as_evaluator(plugins.load(point), name=name), origin))
    return rows


def _evaluator_row(each: Evaluator, origin: str) -> Row:
    info = each.info()
    return {
        "name": each.name,
        "from": origin,
        "scope": each.scope,
        "kind": each.kind,
        "direction": each.direction,
        "range": each.range,
        "asks_for": list(each.injected),
        "options": dict(info.options),
        "cases": len(each.cases),
        "place": f"{shown(Path(info.file))}:{info.line}" if info.file else None,
        "doc": info.doc,
    }


def fetchers(project: Project) -> list[Row]:
    """Return the installed fetchers with the keys each one takes."""
    rows = []
    for name, point in plugins.fetchers().items():
        row: Row = {"name": name, "from": point.dist.name if point.dist else point.module}
        try:
            kind = plugins.fetcher(name)
        except EvalkitError as error:
            row |= {"doc": str(error), "keys": []}
        else:
            row["doc"] = textwrap.dedent(kind.__doc__ or "").strip()
            row["keys"] = [field.alias or key for key, field in kind.Options.model_fields.items()]
        rows.append(row)
    return rows


def datasets(project: Project) -> list[Row]:
    """Return the files of the project's `datasets/`."""
    folder = project.root / "datasets"
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return [{"name": shown(path), "bytes": path.stat().st_size} for path in files]


LISTS: dict[str, Callable[[Project], list[Row]]] = {
    "experiments": experiments,
    "evaluators": evaluators,
    "fetchers": fetchers,
    "datasets": datasets,
}
SHORT = {
    "experiments": ("name", "fetcher", "runs", "fetched_at"),
    "evaluators": ("name", "from", "scope", "doc"),
    "fetchers": ("name", "from", "doc"),
    "datasets": ("name", "bytes"),
}


def text_of(kind: str, rows: list[Row], *, long: bool) -> str:
    """Return the rows as text: one line each, or everything about each."""
    if long:
        return "\n\n".join(_block(row) for row in rows)
    keys = SHORT[kind]
    return textwrap.indent(aligned([[_cell(row.get(key)) for key in keys] for row in rows]), "  ")


def _cell(value: Any) -> str:
    return "-" if value is None else str(value).partition("\n")[0]


def _block(row: Row) -> str:
    lines = [str(row["name"])]
    for key, value in row.items():
        if key not in ("name", "doc") and value not in (None, [], {}):
            lines.append(f"  {key.replace('_', ' ')}: {_plain(value)}")
    if row.get("doc"):
        lines.append(textwrap.indent(str(row["doc"]), "  "))
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item!r}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
