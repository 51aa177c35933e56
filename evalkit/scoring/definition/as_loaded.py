"""As loaded: the text of user modules as it was when they were imported.

A file may be edited while its code is already in this process. What a stored score rests on is the
code that ran, so its text is kept from the time of the import.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary

OWN = "evalkit."
_texts: WeakKeyDictionary[ModuleType, bytes] = WeakKeyDictionary()


def remember(module: ModuleType) -> None:
    """Keep the text of a module that was just imported; the first time counts."""
    file = getattr(module, "__file__", None)
    if (
        module in _texts
        or module.__name__.startswith(OWN)
        or not isinstance(file, str)
        or not file.endswith(".py")
    ):
        return
    try:
        _texts[module] = Path(file).read_bytes()
    except OSError:
        return


def remember_below(root: Path) -> None:
    """Keep the texts of all modules imported so far whose files lie in a folder."""
    inside = f"{root.resolve()}/"
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(inside) and "-packages/" not in file:
            remember(module)


def text_of(module: ModuleType) -> bytes | None:
    """Return the text a module was imported with; `None` when it was not kept."""
    return _texts.get(module)
