"""Start things from real files: a project folder, a new evaluator. Nothing is ever overwritten."""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from evalkit.errors import ConfigError, written
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
        with written(path):
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
    with written(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return path


def experiment_named(file: str) -> str:
    """Return a name for the experiment of a file: what an experiment may be called."""
    stem = re.sub(r"[*?{},]|\.(jsonl?|ndjson|csv|tsv|parquet|gz|zst)\b", "", Path(file).name)
    return re.sub(r"[^\w.+=@-]+", "-", stem).strip("-._")[:60] or "runs"


def add_experiment(path: Path, name: str, text: str) -> Path:
    """Add the text of `[experiments.NAME]` to a configuration, which is made if there is none.

    Raises `ConfigError` where the experiment is there already, or the file is pyproject.toml.
    """
    before = path.read_text("utf-8") if path.exists() else ""
    if path.name != "evalkit.toml":
        raise ConfigError(f"{shown(path)}: paste the table there under [tool.evalkit].")
    if name in tomllib.loads(before).get("experiments", {}):
        raise ConfigError(
            f"{shown(path)}: has an experiment {name!r} already. Give another --name."
        )
    gap = "\n" if before.endswith("\n") or not before else "\n\n"
    temporary = path.with_name(f".{path.name}.tmp")
    with written(path):  # a full disk must not cost what was configured before
        try:
            temporary.write_text(f"{before}{gap if before else ''}{text}", "utf-8")
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
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
