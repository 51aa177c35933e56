"""Start things from real files: a project folder, a new evaluator. Nothing is ever overwritten."""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from evalkit.errors import ConfigError, unwritable
from evalkit.model.kept.alone import alone
from evalkit.model.kept.replacing import replace_text
from evalkit.project.layout import shown

STARTER = Path(__file__).with_name("starter")
TEMPLATES = Path(__file__).with_name("templates")
RENAMED = {"gitignore": ".gitignore"}
"""Starter files that would act on evalkit's own repository under their real name."""


def start_project(folder: Path) -> list[Path]:
    """Copy the starter project into `folder` and return the paths written.

    All of it or nothing: room is made under other names first. Raises `ConfigError`, with nothing
    written, when one of the files is there already; but what a call that was killed wrote of them
    is no hindrance.
    """
    plan = {folder / _place(source): source.read_bytes() for source in _starter_files()}
    there = {path for path in plan if path.exists()}
    if there == set(plan) or not all(
        path.is_file() and path.read_bytes() == plan[path] for path in there
    ):
        _refuse_existing(plan)
    _place_all({path: content for path, content in plan.items() if path not in there})
    return list(plan)


def _place_all(plan: dict[Path, bytes]) -> None:
    """Write all files under other names, then rename them; a full disk leaves nothing behind."""
    made: list[Path] = []
    at = next(iter(plan))
    try:
        for at, content in plan.items():
            made += _folders(at.parent)
            made.append(_unfinished(at))
            made[-1].write_bytes(content)
        for at in plan:
            _unfinished(at).replace(at)
    except OSError as error:
        for each in reversed(made):
            with suppress(OSError):
                each.rmdir() if each.is_dir() else each.unlink(missing_ok=True)
        raise unwritable(at, error) from None


def _folders(path: Path) -> list[Path]:
    """Make a folder and those above it, and return which are new, from above."""
    new = [each for each in (path, *path.parents) if not each.exists()][::-1]
    for each in new:
        each.mkdir(exist_ok=True)
    return new


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def start_evaluator(folder: Path, name: str, scope: str = "run") -> Path:
    """Write `folder/NAME.py` with an evaluator that works and a case that proves it."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        name_hint = re.sub(r"\W|^(?=\d)", "_", name).strip("_").lower() or "polite"
        message = f"evaluator {name!r}: is no Python name. Take for example {name_hint!r}."
        raise ConfigError(message)
    path = folder / f"{name}.py"
    text = (TEMPLATES / f"{scope}.py.txt").read_text("utf-8").replace("NAME", name)
    with alone(path):
        _refuse_existing([path])
        return replace_text(path, text)


def experiment_named(file: str) -> str:
    """Return a name for the experiment of a file: what an experiment may be called."""
    stem = re.sub(r"[*?{},]|\.(jsonl?|ndjson|csv|tsv|parquet|gz|zst)\b", "", Path(file).name)
    return re.sub(r"[^\w.+=@-]+", "-", stem).strip("-._")[:60] or "runs"


def add_experiment(path: Path, name: str, text: str) -> Path:
    """Add the text of `[experiments.NAME]` to a configuration, which is made if there is none.

    Raises `ConfigError` where the experiment is there already, or the file is pyproject.toml.
    """
    if path.name != "evalkit.toml":
        raise ConfigError(f"{shown(path)}: paste the table there under [tool.evalkit].")
    with alone(path):
        return _added(path, name, text)


def _added(path: Path, name: str, text: str) -> Path:
    before = path.read_text("utf-8") if path.exists() else ""
    if name in tomllib.loads(before).get("experiments", {}):
        raise ConfigError(
            f"{shown(path)}: has an experiment {name!r} already. Give another --name."
        )
    gap = "\n" if before.endswith("\n") or not before else "\n\n"
    return replace_text(path, f"{before}{gap if before else ''}{text}")


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
