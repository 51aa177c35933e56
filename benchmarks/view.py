"""`evalkit view` under many readers at once: what each of them waits for the page and for a run.

    python benchmarks/view.py --runs 100000 --clients 50 --folder /tmp/view

Runs and store are made once in `--folder`. Every client opens the page, its columns and then runs
drawn at random, one request after the other, as one who reads would but without a pause. Client and
server share the machine.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from generate import write

CONFIG = """\
[experiments.bench]
fetcher = "langsmith-files"
path = "{}"
dataset = "{}"
"""
EVALKIT = [sys.executable, "-c", "from evalkit.cli.main import entry; entry()"]
EVALUATORS = Path(__file__).with_name("rescore_evaluators.py")


def project(folder: Path, runs: int) -> Path:
    """Return a project with a stored and scored experiment of so many runs."""
    made = folder / f"view-{runs}"
    if not (made / ".evalkit" / "bench" / "manifest.json").exists():
        files = write(folder, runs)
        (made / "evaluators").mkdir(parents=True, exist_ok=True)
        shutil.copy(EVALUATORS, made / "evaluators" / "work.py")
        (made / "evalkit.toml").write_text(CONFIG.format(*(file.resolve() for file in files)))
        subprocess.run([*EVALKIT, "fetch", "-q"], cwd=made, check=True)
        subprocess.run([*EVALKIT, "score", "-q"], cwd=made, check=True, stdout=subprocess.DEVNULL)
    return made


def read(port: int, token: str, seed: int, runs: int, opened: int, waits: dict[str, list]) -> None:
    """Be one client: the page, its columns, then runs."""
    chance = random.Random(seed)
    wanted = [("page", ""), ("columns", "core")]
    wanted += [("run", f"run/{chance.randrange(runs)}") for _ in range(opened)]
    for what, path in wanted:
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", f"/{token}/{path}")
            answer = connection.getresponse()
            body = answer.read()
            good = answer.status == 200 and len(body) > 0
        except OSError:
            good = False
        finally:
            connection.close()
        waits[what if good else "failed"].append(time.perf_counter() - began)


def quantile(values: list[float], share: float) -> float:
    """Return a quantile of waits, in seconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Serve, read, and print what was waited."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--opened", type=int, default=10, help="Runs each client opens.")
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    made = project(given.folder, given.runs)
    began = time.perf_counter()
    command = [*EVALKIT, "view", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=made, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = "".join(server.stdout.readline() for _ in range(3))
        start = time.perf_counter() - began
        found = re.search(r":(\d+)/([^/]+)/", json.loads(said)["url"])
        assert found is not None
        port, token = int(found[1]), found[2]
        waits: dict[str, list] = {"page": [], "columns": [], "run": [], "failed": []}
        clients = [
            threading.Thread(target=read, args=(port, token, n, given.runs, given.opened, waits))
            for n in range(given.clients)
        ]
        began = time.perf_counter()
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        whole = time.perf_counter() - began
        server.terminate()
    answers = [wait for kind in ("page", "columns", "run") for wait in waits[kind]]
    print(f"{given.runs:,} runs, ready after {start:.1f} s; {given.clients} clients")
    print(f"{len(answers)} answers in {whole:.1f} s, {len(waits['failed'])} failed")
    for what, those in [*waits.items(), ("all", answers)]:
        if those:
            print(
                f"{what:8} n={len(those):<5} median {quantile(those, 0.5):.3f} s  "
                f"p95 {quantile(those, 0.95):.3f} s  p99 {quantile(those, 0.99):.3f} s  "
                f"longest {max(those):.3f} s"
            )


if __name__ == "__main__":
    main()
