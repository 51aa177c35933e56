"""Store: the experiments of a project, on disk or behind a URL."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote

from evalkit.store.disk.files import open_files
from evalkit.store.experiment import StoredExperiment

SAFE = " +=@()[],"


class Store:
    """All experiments under one folder (`.evalkit` of a project) or fsspec URL."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._files = open_files(root)

    def __repr__(self) -> str:
        return f"Store({str(self._files)!r})"

    def experiment(self, name: str) -> StoredExperiment:
        """Return the experiment of this name, whether or not it exists yet."""
        return StoredExperiment(self._files.child(folder_of(name)), name)

    def names(self) -> list[str]:
        """Return the names of the experiments that are stored."""
        found = [unquote(folder) for folder in self._files.folders()]
        return sorted(name for name in found if self.experiment(name).exists)


def folder_of(name: str) -> str:
    """Return a folder name for any experiment name: odd characters are percent-encoded."""
    folder = quote(name, safe=SAFE)
    return re.sub(r"\A\.|[. ]\Z", lambda found: f"%{ord(found[0]):02X}", folder)
