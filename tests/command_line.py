"""Drive the real command line in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(sys.executable).with_name("evalkit")


@dataclass(frozen=True)
class Ended:
    """What a call of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


def evalkit(*args: str, cwd: Path, **env: str) -> Ended:
    """Run `evalkit ARGS` in `cwd` and return how it ended."""
    ended = subprocess.run(
        [str(SCRIPT), *args],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "120", **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
