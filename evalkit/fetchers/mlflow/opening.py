"""Opens MLflow's stores without a server: the SQLite file of one, and folders such as `mlruns`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from evalkit.errors import ConfigError, DatasetError
from evalkit.fetchers.mlflow.folder import FolderStore
from evalkit.fetchers.mlflow.sqlite import SqliteStore
from evalkit.fetchers.mlflow.store import Store

SQLITE = "sqlite:///"


def open_local(place: str, base: Path, artifacts: str | None) -> Store:
    """Open what a tracking address names; paths are relative to `base`."""
    if place.startswith(SQLITE):
        path = base / place.removeprefix(SQLITE)
        if not path.is_file():
            raise DatasetError(f"mlflow: no file {place.removeprefix(SQLITE)}. Correct `url`.")
        return SqliteStore(path, base / artifacts if artifacts else path.parent)
    if place.startswith("file:"):
        folder = base / unquote(urlsplit(place).path)
    elif "://" in place:
        raise ConfigError(
            f"mlflow: no reader for {place.partition('://')[0]}:// stores. There are: http(s)://, "
            "sqlite:///, folders. Start `mlflow server` on this one and name its address."
        )
    else:
        folder = base / place
    if not folder.is_dir():
        raise DatasetError(f"mlflow: no folder {place}. Correct `url`.")
    return FolderStore(folder)
