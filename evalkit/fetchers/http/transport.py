"""Transport: httpx, the one HTTP client, without its command line.

httpx imports its command line wherever click and rich are installed, as they are here, and goes on
without when it is not to be had: 30 ms of every fetch and every judge.
"""

from __future__ import annotations

import sys
from typing import Any

COMMAND_LINE = "httpx._main"


def _not_installed(name: str) -> None:
    """Let an import of `name` fail, as Python does for modules that are None."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault(name, None)


_not_installed(COMMAND_LINE)
try:
    import httpx
finally:
    if sys.modules[COMMAND_LINE] is None:
        del sys.modules[COMMAND_LINE]

__all__ = ["httpx"]
