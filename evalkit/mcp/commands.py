"""Commands: what runs the project's own code does so in a process of its own, which may be killed.

So nothing that an evaluator prints, leaves behind or breaks reaches the protocol, and each call
sees the project as it is on the disk.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError, EvalkitError, EvaluatorError, did_you_mean
from evalkit.project.config import Project

LONGEST_TRIAL = 120.0
"""Seconds."""
LONGEST_RUN = 3_600.0
MOST_OUTPUT = 50_000_000
ERROR = re.compile(r"error\[(?P<slug>[\w-]+)\]: (?P<said>.*)")
CALL = "from evalkit.cli.main import entry; entry()"


def try_evaluator(
    project: Project, evaluator: str, name: str, sample: int, *, write: bool
) -> dict[str, Any]:
    """Call one of the project's evaluators on a sample of stored runs; nothing is kept.

    A judge asks a model and costs money: only with `write`.
    """
    project.experiment(name)
    listed = _document(project, ["list", "evaluators", "--json"], LONGEST_TRIAL)["evaluators"]
    own = {each["name"]: each for each in listed if each["from"] == "project"}
    if evaluator not in own:
        hint = did_you_mean(evaluator, own)
        there = ", ".join(own) or "none"
        raise ConfigError(
            f"try_evaluator: the project has no evaluator {evaluator!r}.{hint} There are: {there}."
        )
    if own[evaluator]["kind"] == "judge" and not write:
        raise ConfigError(
            f"try_evaluator: {evaluator} asks a language model, which costs money. Start the "
            "server with --write to allow it."
        )
    words = ["try", evaluator, "--on", name, "--sample", str(sample), "--json"]
    return _document(project, words, LONGEST_TRIAL)


def run_experiment(project: Project, name: str) -> dict[str, Any]:
    """Fetch what is new, score and save figures, as `evalkit run NAME --no-page` does."""
    project.experiment(name)
    found = _document(project, ["run", name, "--no-page", "--json"], LONGEST_RUN)
    return {key: found.get(key) for key in ("experiment", "counts", "gates")}


def _document(project: Project, words: list[str], seconds: float) -> dict[str, Any]:
    """Run a verb and return its document; what it says instead becomes the error."""
    command = [sys.executable, "-c", CALL, *words, "-C", str(project.file.path)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=seconds,
                cwd=project.root, env=_environment(),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise EvaluatorError(
                f"{words[0]}: did not end in {seconds:.0f} s and was stopped. Ask for less."
            ) from None
        out.seek(0)
        try:
            found: dict[str, Any] = json.loads(out.read(MOST_OUTPUT))
            return found
        except ValueError:
            err.seek(0)
            raise _said_by(words[0], ended.returncode, err.read(100_000)) from None


def _said_by(verb: str, code: int, printed: bytes) -> EvalkitError:
    """Return the error that a verb ended with: of its kind, and in its words."""
    for line in printed.decode("utf-8", "replace").splitlines():
        if found := ERROR.match(line):
            error = EvalkitError(found["said"])
            error.slug = found["slug"]
            return error
    return EvaluatorError(f"{verb} ended with {code}.")


def _environment() -> dict[str, str]:
    here = str(Path(__file__).parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
