"""Read odd inputs for as long as you like: python tests/fuzz/long.py --minutes 60

Every crash is shown once by the place it happened at, with the seed that repeats it:
python tests/fuzz/long.py --family files --seed 17
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import IO

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.families import FAMILIES

MOST_S, MOST_CPU_S = 300, 20
"""Seconds after which reading one small input counts as a hang: by the clock, and of work."""

BATCH = 500
"""Inputs that one process reads."""


class HangError(BaseException):
    """Reading took too long."""


def once(name: str, seed: int) -> str | None:
    """Read one input; return the text of what crashed, or None."""
    signal.alarm(MOST_S)
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    try:
        with tempfile.TemporaryDirectory() as folder:
            FAMILIES[name](Random(seed), Path(folder))
    except (Exception, HangError):
        return traceback.format_exc()
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def place(text: str) -> str:
    """Return the last line of evalkit's own code in the text, and the error."""
    ours = [line.strip() for line in text.splitlines() if "/evalkit/" in line and "File" in line]
    errors = [each for each in text.splitlines() if each[:1].isalpha()]
    return f"{ours[-1] if ours else ''} {errors[-1][:100] if errors else ''}"


def main() -> None:
    """Read until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--family", choices=FAMILIES, action="append")
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    warnings.simplefilter("error")
    for each in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(each, _hang)
    families = given.family or list(FAMILIES)
    if given.seed is not None:
        print(once(families[0], given.seed) or "no crash")
        return
    found, count, until = Found(), 0, time.monotonic() + given.minutes * 60
    while time.monotonic() < until:
        ended = batch(families, count, until, found)
        count = found.read() + 1
        if ended < 0:
            name, seed = families[found.read() % len(families)], found.first + found.read()
            found.add(f"killed by {signal.Signals(-ended).name} ({name})", name, seed, count, "")
        elif ended:
            raise SystemExit(f"the reading process ended with {ended}")
    print(f"{count} inputs, {len(found.seen)} places that crash (process {os.getpid()})")
    for at, times in found.seen.items():
        print(f"{times:6} x {at}")


class Found:
    """What crashed by its place, in this process; how far a child is, seen by both."""

    def __init__(self) -> None:
        self.first = time.time_ns()
        self.seen: dict[str, int] = {}
        self._at = mmap.mmap(-1, 8)

    def read(self) -> int:
        """Return the number of the input that was begun last."""
        return int.from_bytes(self._at[:8], "little")

    def begin(self, number: int) -> int:
        """Note that an input is begun; return its seed."""
        self._at[:8] = number.to_bytes(8, "little")
        return self.first + number

    def add(self, at: str, name: str, seed: int, count: int, text: str) -> None:
        """Count a crash, and show it if it is the first at its place."""
        self.seen[at] = self.seen.get(at, 0) + 1
        if self.seen[at] == 1:
            print(f"=== {name} --seed {seed} after {count}\n{at}\n{text[-3000:]}", flush=True)


def batch(families: Sequence[str], count: int, until: float, found: Found) -> int:
    """Read inputs in a child, which a library in C may end; return how it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "wb", buffering=0) as pipe:
            _read(families, range(count, count + BATCH), until, found, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        for line in pipe:
            found.add(*json.loads(line))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read(
    families: Sequence[str], numbers: Iterable[int], until: float, found: Found, pipe: IO[bytes]
) -> None:
    for number in numbers:
        name, seed = families[number % len(families)], found.begin(number)
        text = once(name, seed)
        if text is not None:
            pipe.write(json.dumps([place(text), name, seed, number, text]).encode() + b"\n")
        if time.monotonic() > until:
            return


def _hang(number: int, frame: object) -> None:
    raise HangError


if __name__ == "__main__":
    main()
