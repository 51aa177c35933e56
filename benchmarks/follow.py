"""Memory and CPU of `evalkit follow` over thousands of polls of a source that grows.

    python benchmarks/follow.py --polls 10000 --every 20

Every so many polls a run is added to one of a few files, and one that is there changes; the page is
written each time. Prints resident memory and CPU a poll over ten stretches of the polls: a leak
shows as a column that grows. Wall time is mostly fsync.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evalkit.pipeline.continuous.following import Follower
from evalkit.project.config import load

OWN = """
from evalkit import evaluator

@evaluator
def right(outputs) -> bool:
    return outputs["right"]
"""
TOML = """
gates = ["right >= 0.5"]
[score]
workers = 0
[experiments.live]
fetcher = "evalkit"
path = "runs"
"""


def line(number: int, text: str = "a") -> str:
    """Return a finished run that began just now."""
    began = datetime.now(UTC)
    return json.dumps(
        {
            "run_id": f"r{number}",
            "example_id": f"e{number}",
            "started_at": began.isoformat(),
            "ended_at": (began + timedelta(seconds=1)).isoformat(),
            "status": "success",
            "outputs": {"right": number % 3 > 0, "text": text},
        }
    )


def resident_mb() -> float:
    """Return the memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu() -> float:
    """Return the CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Poll, and print a line for each tenth of the polls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=20, help="polls between two changes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "evaluators").mkdir()
        (folder / "evaluators" / "own.py").write_text(OWN)
        (folder / "evalkit.toml").write_text(TOML)
        (folder / "runs").mkdir()
        (folder / "runs" / "0.jsonl").write_text("".join(line(n) + "\n" for n in range(500)))
        os.chdir(folder)
        follower = Follower(load(folder), "live", window=timedelta(hours=24))
        stretch, before, began = max(1, given.polls // 10), cpu(), time.monotonic()
        print("| polls | runs | resident MB | CPU ms a poll | files |\n|---|---|---|---|---|")
        for number in range(1, given.polls + 1):
            if number % given.every == 0:
                change = number // given.every
                path = folder / "runs" / "1.jsonl"
                with path.open("a") as file:
                    file.write(line(1000 + change) + "\n")
                if change > 1:
                    lines = path.read_text().splitlines()
                    lines[-2] = line(1000 + change - 1, "late")
                    path.write_text("\n".join(lines) + "\n")
            poll = follower.poll()
            assert poll.error is None, poll.error
            if number % stretch == 0:
                gc.collect()
                used = (cpu() - before) / stretch * 1000
                files = sum(len(names) for _, _, names in os.walk(folder))
                print(
                    f"| {number:,} | {poll.runs:,} | {resident_mb():.0f} | {used:.1f} | {files} |",
                    flush=True,
                )
                before = cpu()
        print(f"\n{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
