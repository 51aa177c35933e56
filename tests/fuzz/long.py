"""Read odd inputs for as long as you like: python tests/fuzz/long.py --minutes 60

Every crash is shown once by the place it happened at, with the seed that repeats it:
python tests/fuzz/long.py --family files --seed 17
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.families import FAMILIES

MOST_S = 20
"""Seconds after which reading one small input counts as a hang."""


class HangError(BaseException):
    """Reading took too long."""


def once(name: str, seed: int) -> str | None:
    """Read one input; return the text of what crashed, or None."""
    signal.alarm(MOST_S)
    try:
        with tempfile.TemporaryDirectory() as folder:
            FAMILIES[name](Random(seed), Path(folder))
    except (Exception, HangError):
        return traceback.format_exc()
    finally:
        signal.alarm(0)
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
    signal.signal(signal.SIGALRM, _hang)
    families = given.family or list(FAMILIES)
    if given.seed is not None:
        print(once(families[0], given.seed) or "no crash")
        return
    seen: dict[str, int] = {}
    count, seed, until = 0, time.time_ns(), time.monotonic() + given.minutes * 60
    while time.monotonic() < until:
        seed += 1
        name = families[count % len(families)]
        count += 1
        text = once(name, seed)
        if text is not None:
            at = place(text)
            seen[at] = seen.get(at, 0) + 1
            if seen[at] == 1:
                print(f"=== {name} --seed {seed} after {count}\n{at}\n{text[-3000:]}", flush=True)
    print(f"{count} inputs, {len(seen)} places that crash (process {os.getpid()})")
    for at, times in seen.items():
        print(f"{times:6} x {at}")


def _hang(number: int, frame: object) -> None:
    raise HangError


if __name__ == "__main__":
    main()
