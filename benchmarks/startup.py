"""Start-up: what commands on ten runs take, beside importing the libraries they stand on.

    python benchmarks/startup.py
    python benchmarks/startup.py --repeat 21 --json

Whole processes in turn, medians; the ratio is to `import pyarrow.parquet`, which reads the store.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measure import AS_INSTALLED, Cost, measure, median
from rescore import NAME, Bench

RUNS = 10
IMPORTS = ("numpy", "pyarrow.parquet", "pydantic.main", "click")
BASE = "import pyarrow.parquet"


class Start(Bench):
    """A project whose experiment has ten runs."""

    def cases(self) -> dict[str, Callable[[], Cost]]:
        """Return what is measured, by name."""
        imports = {f"import {name}": self._importing(name) for name in IMPORTS}
        return {
            "python": self._importing("sys"),
            **imports,
            "evalkit --help": lambda: self._command("--help"),
            "evalkit fetch": self._fetch,
            "evalkit score": lambda: self.full(),
            "evalkit score, nothing changed": self.unchanged,
            "evalkit show": lambda: self._command("show", NAME),
            "evalkit run": self._run,
        }

    def _importing(self, name: str) -> Callable[[], Cost]:
        single = {**AS_INSTALLED, "OPENBLAS_NUM_THREADS": "1"}  # as evalkit's own entry has it
        return lambda: measure([sys.executable, "-c", f"import {name}"], env=single)

    def _command(self, *arguments: str) -> Cost:
        return measure(self._evalkit(*arguments), cwd=self.project)

    def _fetch(self) -> Cost:
        shutil.rmtree(self.project / ".evalkit", ignore_errors=True)
        return self._command("fetch", NAME)

    def _run(self) -> Cost:
        shutil.rmtree(self.project / "reports", ignore_errors=True)
        return self._command("run", NAME)

    def table(self) -> dict[str, Cost]:
        """Measure all, alternating, and return the medians; the first round only warms up."""
        cases = self.cases()
        rounds = [{name: case() for name, case in cases.items()} for _ in range(self.repeat + 1)]
        return {name: median([each[name] for each in rounds[1:]]) for name in cases}


def report(table: dict[str, Cost]) -> dict[str, Any]:
    """Return the figures with their ratio to the import of Arrow."""
    base = table[BASE].cpu
    return {
        name: cost.to_dict() | {"cpu / arrow": round(cost.cpu / base, 2)}
        for name, cost in table.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / ".data")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    said = report(Start(given.folder, RUNS, given.repeat).table())
    if given.json:
        print(json.dumps(said, indent=1))
        return
    print(f"{'':32s}{'CPU s':>8s}{'wall s':>8s}{'/ arrow':>9s}")
    for name, row in said.items():
        print(f"{name:32s}{row['cpu']:8.3f}{row['wall']:8.3f}{row['cpu / arrow']:9.2f}")


if __name__ == "__main__":
    main()
