"""Arrayless: Arrow without numpy, a fifth of a short fetch, which makes no array of it.

Since its release 18 Arrow does without numpy where there is none, but takes it where there is. So
it does with what pickles functions, and with the file systems of clouds, which evalkit opens
through fsspec.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from types import ModuleType

READERS = frozenset(
    {"evalkit", "files", "records", "langsmith-files", "langsmith", "langfuse", "langgraph"}
)
"""Fetchers that never ask Arrow for an array of numpy's; what other packages bring may."""
PARTS = {
    "numpy": "pyarrow",
    "cloudpickle": "pyarrow",
    "pyarrow._azurefs": "pyarrow.fs",
    "pyarrow._gcsfs": "pyarrow.fs",
    "pyarrow._hdfs": "pyarrow.fs",
    "pyarrow._s3fs": "pyarrow.fs",
}
"""What Arrow does without, and the module of it that would import it."""


class _NotForArrow:
    """A finder of modules that knows no numpy, say, while Arrow is being imported.

    Nor pandas from then on: it would have such an Arrow fill arrays, which ends the process.
    """

    def __init__(self) -> None:
        self.asked, self.refused = False, False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        if self.asked and name in PARTS and _is_loading(PARTS[name]):
            self.refused = self.refused or name == "numpy"
        elif name != "pandas" or not self.refused:
            return
        raise ModuleNotFoundError(f"Arrow is here without {name}", name=name)


def _is_loading(name: str) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return getattr(spec, "_initializing", False)  # what Python's import itself goes by


_finder = _NotForArrow()


def stand_by() -> None:
    """Let a command of this process, which does nothing else, ask for it."""
    sys.meta_path.insert(0, _finder)


def without_arrays(fetchers: Collection[str]) -> None:
    """Let Arrow be imported without numpy from now on, if these fetchers never need it.

    Nothing happens to an Arrow that is there.
    """
    _finder.asked = READERS.issuperset(fetchers)
