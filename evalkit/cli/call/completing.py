"""Completing: names a shell can offer, found without running what the project wrote."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from evalkit.cli.call.session import Session
from evalkit.errors import EvalkitError

MOST_RUNS = 200
"""Run ids offered at once: a list of more is not read."""


def completed(find: Callable[[click.Context], Iterable[str]]) -> dict[str, Any]:
    """Return what makes a parameter complete by `find`; what goes wrong offers nothing."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        try:
            return [name for name in find(ctx) if name.startswith(incomplete)]
        except (EvalkitError, OSError, SyntaxError, ValueError):
            return []

    return {"shell_complete": complete}


def experiments(ctx: click.Context) -> Iterable[str]:
    """Name the experiments of the configuration."""
    names: Iterable[str] = _config(ctx).values.get("experiments", {})
    return names


def evaluator_names(ctx: click.Context) -> Iterable[str]:
    """Name the project's evaluators as their files say, those configured, and the built-in ones."""
    from evalkit.project.plugins import evaluators

    file = _config(ctx)
    own = [name for path in _sources(file.path.parent) for name in marked_in(path)]
    return dict.fromkeys([*own, *file.values.get("evaluators", {}), *evaluators()])


def metric_names(ctx: click.Context) -> Iterable[str]:
    """Name the scores that evaluators gave in what is stored of the experiments named so far."""
    store = _store(ctx)
    names = _named(ctx) or store.names()
    keys = [
        key for name in names for info in store.experiment(name).evaluators() for key in info.keys
    ]
    return dict.fromkeys(keys)


def run_ids(ctx: click.Context) -> Iterable[str]:
    """Name the first runs stored of the experiment named so far."""
    from evalkit.store.results import read_results

    named = _named(ctx)
    if not named:
        return []
    stored = _store(ctx).experiment(named[0])
    ids = read_results(stored).table("runs", ["run_id"]).column(0) if stored.exists else []
    return [str(each) for each in ids]


def marked_in(path: Path) -> Iterable[str]:
    """Yield what a file marks as evaluators, by its text: user code does not run on a Tab."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for mark in node.decorator_list:
                called = mark.func if isinstance(mark, ast.Call) else mark
                if _last(called) == "evaluator":
                    yield _given_name(mark) or node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            name = _last(node.value.func)
            if name in ("judge", "pairwise", "panel", "evaluator"):
                given = _given_name(node.value) or _first(node.value)
                yield given or _last(node.targets[0])


def _given_name(mark: ast.expr) -> str | None:
    words = mark.keywords if isinstance(mark, ast.Call) else []
    found = [each.value for each in words if each.arg == "name"]
    return _text(found[0]) if found else None


def _first(call: ast.Call) -> str | None:
    return _text(call.args[0]) if call.args else None


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _sources(root: Path) -> list[Path]:
    return [p for p in sorted((root / "evaluators").glob("*.py")) if not p.name.startswith("_")]


def _named(ctx: click.Context) -> list[str]:
    given = ctx.params.get("names") or ctx.params.get("name") or ctx.params.get("experiment") or ()
    return [given] if isinstance(given, str) else list(given)


def _config(ctx: click.Context) -> Any:
    from evalkit.project.layout import find_config

    session = ctx.find_object(Session) or Session()
    return find_config(Path(session.project or "."))


def _store(ctx: click.Context) -> Any:
    from evalkit.project.config import load
    from evalkit.store.store import Store

    session = ctx.find_object(Session) or Session()
    return Store(load(Path(session.project or "."), deep=False).store)
