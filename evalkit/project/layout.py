"""Where a project is: its configuration found upward from here, its folders beside that."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError
from evalkit.project.toml_lines import Keys, TomlLines

OWN_FILE = "evalkit.toml"
SHARED_FILE = "pyproject.toml"
SHARED_TABLE: Keys = ("tool", "evalkit")


@dataclass(frozen=True)
class ConfigFile:
    """A configuration as it was found: which file, what it says, and on which lines."""

    path: Path
    prefix: Keys
    """Keys above evalkit's own in this file: none, or `tool.evalkit`."""
    values: dict[str, Any]
    lines: TomlLines

    @property
    def shown(self) -> str:
        """The path as messages print it."""
        return shown(self.path)


def shown(path: Path) -> str:
    """Return `path` on one line, relative to the current folder when it lies below it."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        relative = ".."
    said = str(path) if relative.startswith("..") else relative
    return said.replace("\n", r"\n").replace("\r", r"\r")


def find_config(start: Path) -> ConfigFile:
    """Return the configuration in `start` (a folder or the file itself), or in a folder above."""
    start = start.absolute()
    if start.is_file():
        return _read(start, () if start.name != SHARED_FILE else SHARED_TABLE)
    if not start.is_dir():
        raise ConfigError(f"{start}: there is no such folder. Pass the folder of a project.")
    if found := config_around(start):
        return found
    message = (
        f"{start}: no {OWN_FILE} and no [tool.evalkit] in a {SHARED_FILE}, here or above. "
        "`evalkit init NAME` makes a project."
    )
    raise ConfigError(message)


def config_around(folder: Path) -> ConfigFile | None:
    """Return the configuration in a folder or one above; None: there is none."""
    folder = folder.absolute()
    found = (_in_folder(each) for each in (folder, *folder.parents))
    return next((each for each in found if each), None)


def _in_folder(folder: Path) -> ConfigFile | None:
    own, shared = folder / OWN_FILE, folder / SHARED_FILE
    from_shared = _read(shared, SHARED_TABLE) if _mentions_evalkit(shared) else None
    if not own.is_file():
        return from_shared if from_shared is not None and from_shared.values else None
    if from_shared is not None and from_shared.values:
        message = f"{shown(own)}: {shown(shared)} has [tool.evalkit] as well. Keep one of them."
        raise ConfigError(message)
    return _read(own, ())


def _mentions_evalkit(path: Path) -> bool:
    """Tell whether a foreign file is worth parsing, so that its own mistakes stay its own."""
    try:
        return "evalkit" in path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _read(path: Path, prefix: Keys) -> ConfigFile:
    try:
        text = path.read_text("utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        message = f"{shown(path)}: cannot be read: {error.strerror}. Check its permissions."
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown(path)}: is not UTF-8. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown(path)}: is not TOML: {error}. Correct that place.") from error
    except (ValueError, RecursionError) as error:  # numbers too long to read, nesting too deep
        said = (
            "is nested too deep"
            if isinstance(error, RecursionError)
            else f"cannot be read: {error}"
        )
        raise ConfigError(f"{shown(path)}: {said}. Correct that.") from error
    for key in prefix:
        inner = values.get(str(key))
        values = inner if isinstance(inner, dict) else {}
    return ConfigFile(path, prefix, values, TomlLines(text))
