"""Measure: CPU, wall clock and peak memory of a command with everything it starts."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

AS_INSTALLED = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""pip compiles what it installs: a checkout that may not keep bytecode would be compiled anew by
every process, which costs more than all the rest of a short command."""


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    cpu: float
    """User and system seconds, of the process and all it waited for."""
    wall: float
    memory: float
    """Peak megabytes of all its processes together, shared pages counted once."""

    def to_dict(self) -> dict[str, float]:
        """Return the figures, rounded."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def measure(command: Sequence[str], **options: Any) -> Cost:
    """Run a command; one that fails raises with its output."""
    began = time.perf_counter()
    options.setdefault("env", AS_INSTALLED)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    peak = Peak(process.pid)
    peak.start()
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    peak.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 4):
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}\n{output[-4000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, max(peak.megabytes, 0.0))


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    columns = zip(*[(each.cpu, each.wall, each.memory) for each in costs], strict=True)
    return Cost(*map(statistics.median, columns))


class Peak(threading.Thread):
    """Samples the memory of a process and its children."""

    def __init__(self, pid: int, every: float = 0.05) -> None:
        super().__init__(daemon=True)
        self._pid, self._every = pid, every
        self._ended = threading.Event()
        self.megabytes = 0.0

    def run(self) -> None:
        """Sample until stopped."""
        while not self._ended.wait(self._every):
            with suppress(OSError, ValueError):
                self.megabytes = max(self.megabytes, sum(map(_pss, _tree(self._pid))))

    def stop(self) -> None:
        """End sampling."""
        self._ended.set()
        self.join()


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _tree(int(child)))]


def _pss(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
