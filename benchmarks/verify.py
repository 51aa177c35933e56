"""What `evalkit verify` costs beside the making of the page it verifies, in CPU time.

    python benchmarks/verify.py --runs 10000 --folder /tmp/verify

The runs are those of `generate.py`, in two experiments of half as many each, compared. Both
commands are whole processes; the page is made with nothing kept from an earlier one, and once more
with what was. The page verified is untouched, so that everything in it is compared.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
from pathlib import Path

from generate import write
from view import CONFIG, EVALKIT, EVALUATORS

PAIR = CONFIG.replace("bench", "base") + CONFIG.replace("bench", "next") + 'baseline = "base"\n'


def project(folder: Path, runs: int) -> Path:
    """Return a project with two stored and scored experiments of half as many runs each."""
    made = folder / f"verify-{runs}"
    if not (made / ".evalkit" / "next" / "manifest.json").exists():
        files = [each.resolve() for each in write(folder, runs // 2)]
        (made / "evaluators").mkdir(parents=True, exist_ok=True)
        shutil.copy(EVALUATORS, made / "evaluators" / "work.py")
        (made / "evalkit.toml").write_text(PAIR.format(*files, *files))
        subprocess.run([*EVALKIT, "fetch", "-q"], cwd=made, check=True)
        subprocess.run([*EVALKIT, "score", "-q"], cwd=made, check=True, stdout=subprocess.DEVNULL)
    return made


def cpu(made: Path, *arguments: str) -> float:
    """Return the CPU seconds of a command that must end well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*EVALKIT, *arguments], cwd=made, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and print one line a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/verify"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    made = project(given.folder, given.runs)
    for kept in (made / ".evalkit").glob("*/traces"):
        shutil.rmtree(kept)
    page = made / "page.html"
    page.unlink(missing_ok=True)
    report = ("report", "-q", "--output", "page.html", "--max-size", "1GB")
    first = cpu(made, *report)
    page.unlink()
    again = cpu(made, *report)
    checked = cpu(made, "verify", "page.html")
    print(f"{given.runs:,} runs, a page of {page.stat().st_size:,} bytes")
    print(f"  made, nothing kept     {first:7.2f} s of CPU")
    print(f"  made again             {again:7.2f} s")
    print(f"  verified               {checked:7.2f} s, {checked / first:.2f} of the first making")


if __name__ == "__main__":
    main()
