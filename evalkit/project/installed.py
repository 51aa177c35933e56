"""Installed: the entry points of a group read from the folders that Python looks in.

`importlib.metadata` knows every way that packages are found and takes 16 ms to be imported; nearly
all are folders on the path. Where anything else is there, nothing is said here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder

SEPARATORS = re.compile(r"[-_.]+")
VALUE = re.compile(r"[\w.]+:[\w.]+\Z")


class Unsure(Exception):
    """Somebody who knows more has to be asked."""


def points_of(group: str) -> dict[str, str] | None:
    """Return what a group's entry points name, by name; None where it is not plain."""
    if any(f is not PathFinder for f in sys.meta_path if hasattr(f, "find_distributions")):
        return None
    found: dict[str, str] = {}
    try:
        for text in _texts(group.encode()):
            for name, value in _lines_of(text.decode(), group):
                if found.setdefault(name, value) != value:
                    return None
    except (Unsure, UnicodeDecodeError):
        return None
    return found


def _texts(wanted: bytes) -> Iterator[bytes]:
    """Yield what installed packages say of entry points, if it mentions the group."""
    seen = set()
    for place in sys.path:
        for info in _infos(place or "."):
            name = SEPARATORS.sub("_", info.rpartition(".")[0].partition("-")[0]).lower()
            if not name:
                raise Unsure
            if name in seen:  # Python takes the first of two
                continue
            seen.add(name)
            try:
                with open(os.path.join(place, info, "entry_points.txt"), "rb") as file:
                    text = file.read()
            except OSError:
                continue  # most packages have none
            if wanted in text:
                yield text


def _infos(place: str) -> list[str]:
    try:
        there = os.listdir(place)
    except NotADirectoryError:  # a packed file that packages may be in
        raise Unsure from None
    except OSError:
        return []
    if place.lower().endswith(".egg") or any(each.lower().endswith(".egg") for each in there):
        raise Unsure
    return [each for each in there if each.lower().endswith((".dist-info", ".egg-info"))]


def _lines_of(text: str, group: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each entry point of the group; raises `Unsure` for an odd line."""
    within = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            within = line.strip("[]") == group
        elif within and line and not line.startswith("#"):
            name, _, value = map(str.strip, line.partition("="))
            if not name or not VALUE.match(value):
                raise Unsure
            yield name, value
