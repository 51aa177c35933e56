"""Options: what `--evalkit` names is opened once, and kept in the session's stash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evalkit.pytest_plugin.saved import Saved

KEY = pytest.StashKey[list["Saved"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--evalkit` and `--evalkit-experiment`."""
    group = parser.getgroup("evalkit", "completed runs of LLM and agent applications")
    group.addoption(
        "--evalkit",
        action="append",
        metavar="PATH",
        help="a project, a folder of its reports/, or a summary.json: gates become tests, and "
        "evalkit_run goes over the runs; may be given again",
    )
    group.addoption(
        "--evalkit-experiment",
        action="append",
        metavar="NAME",
        help="only this experiment of the project; may be given again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Open what `--evalkit` names; a path that is none stops the session."""
    paths = config.getoption("--evalkit", None)
    if not paths:
        return
    from evalkit.errors import EvalkitError
    from evalkit.pytest_plugin.saved import open_saved

    chosen = config.getoption("--evalkit-experiment") or []
    try:
        opened = []
        for path in dict.fromkeys(paths):
            saved = open_saved(Path(config.invocation_params.dir, path), chosen, len(paths) > 1)
            saved.label = f"{path} " if len(paths) > 1 else ""
            opened.append(saved)
        config.stash[KEY] = opened
    except EvalkitError as error:
        raise pytest.UsageError(str(error)) from None
