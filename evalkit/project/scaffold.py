"""Start things from real files: a project folder, a new evaluator. Nothing is ever overwritten."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from pathlib import Path

from evalkit.errors import ConfigError
from evalkit.project.layout import shown

STARTER = Path(__file__).with_name("starter")
TEMPLATES = Path(__file__).with_name("templates")
RENAMED = {"gitignore": ".gitignore"}
"""Starter files that would act on evalkit's own repository under their real name."""


def start_project(folder: Path) -> list[Path]:
    """Copy the starter project into `folder` and return the paths written.

    Raises `ConfigError`, with nothing written, when one of the files is there already.
    """
    plan = {folder / _place(source): source.read_bytes() for source in _starter_files()}
    _refuse_existing(plan)
    for path, content in plan.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(plan)


def start_evaluator(folder: Path, name: str, scope: str = "run") -> Path:
    """Write `folder/NAME.py` with an evaluator that works and a case that proves it."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        name_hint = re.sub(r"\W|^(?=\d)", "_", name).strip("_").lower() or "polite"
        message = f"evaluator {name!r}: is no Python name. Take for example {name_hint!r}."
        raise ConfigError(message)
    path = folder / f"{name}.py"
    _refuse_existing([path])
    text = (TEMPLATES / f"{scope}.py.txt").read_text("utf-8").replace("NAME", name)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _starter_files() -> list[Path]:
    every = sorted(path for path in STARTER.rglob("*") if path.is_file())
    return [path for path in every if "__pycache__" not in path.parts]


def _place(source: Path) -> Path:
    relative = source.relative_to(STARTER)
    return relative.with_name(RENAMED.get(relative.name, relative.name))


def _refuse_existing(paths: Iterable[Path]) -> None:
    there = [path for path in paths if path.exists()]
    if there:
        names = ", ".join(shown(path) for path in there[:5])
        raise ConfigError(f"{names}: there already. Choose another name, or move it away.")
