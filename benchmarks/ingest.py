"""The first contact: what fetch, a first `evalkit run` and a second one take, beside what they may.

    python benchmarks/ingest.py                      (all lines; about ten minutes)
    python benchmarks/ingest.py --only file again --json

Lines: file own records again first nopage second page langgraph memory rescore. Each compares whole
processes in turn, in one go, and keeps the least CPU of `--repeat` (noise only ever adds). `own`,
`records` and `rescore` hold this checkout against commit b313a55, taken from git into `--folder`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generate import write
from measure import AS_INSTALLED, Cost, measure

HERE = Path(__file__).parent
ROOT = HERE.parent
BEFORE = "b313a55"
ENTRY = "from evalkit.cli.main import entry; entry()"
PATHS = {
    "run_id": "id", "name": "name", "status": "status", "error": "error", "inputs": "inputs",
    "outputs": "outputs", "example_id": "reference_example_id", "started_at": "start_time",
    "ended_at": "end_time", "metadata": "extra.metadata", "tags": "tags",
}  # fmt: skip
"""The eleven plain paths of the line `records`."""
ASKED = {
    "file": 1.35, "own": 2.2, "records": 1.5, "again": 0.10, "first": 1.0, "nopage": 2.3,
    "second": 5.0, "page": 4.0, "langgraph": 1.3, "memory": 160.0, "rescore": 1.10,
}  # fmt: skip


class Bench:
    """A folder with the data, and projects that read them."""

    def __init__(self, folder: Path, runs: int, repeat: int) -> None:
        self.folder, self.runs, self.repeat = folder.resolve(), runs, repeat
        self.python = sys.executable
        """What peers are installed in."""
        self.files = write(self.folder, runs)

    def project(self, name: str, config: str) -> Path:
        """Return the folder of a project with the five evaluators, and nothing stored."""
        folder = self.folder / f"ingest-{name}-{self.runs}"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "evaluators").mkdir(parents=True)
        shutil.copy(HERE / "rescore_evaluators.py", folder / "evaluators" / "work.py")
        (folder / "evalkit.toml").write_text(f"[experiments.bench]\n{config}")
        return folder

    def langsmith(self, name: str, dataset: bool = True) -> Path:
        """Return a project over the generated runs."""
        config = f'fetcher = "langsmith-files"\npath = "{self.files[0].resolve()}"\n'
        if dataset:
            config += f'dataset = "{self.files[1].resolve()}"\n'
        return self.project(name, config)

    def evalkit(self, project: Path, *arguments: str, root: Path = ROOT) -> Cost:
        """Measure one command of this checkout, or of the one in `root`."""
        env = AS_INSTALLED | {"PYTHONPATH": str(root)}
        return measure([sys.executable, "-c", ENTRY, *arguments], cwd=project, env=env)

    def fresh(self, project: Path, *arguments: str, root: Path = ROOT) -> Cost:
        """The same with nothing stored."""
        for each in (".evalkit", "reports"):
            shutil.rmtree(project / each, ignore_errors=True)
        return self.evalkit(project, *arguments, root=root)

    def peer(self, name: str) -> Cost:
        """Measure a peer on the same files."""
        return measure([self.python, str(HERE / "peers.py"), name, *map(str, self.files)])

    def before(self) -> Path:
        """Return a checkout of the commit that others are held against."""
        folder = self.folder / BEFORE
        if not folder.exists():
            packed = subprocess.run(
                ["git", "archive", BEFORE, "evalkit", "pyproject.toml"],
                cwd=ROOT,
                check=True,
                capture_output=True,
            ).stdout
            folder.mkdir()
            subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
            _announce(folder)
        return folder

    def least(self, *cases: Callable[[], Cost]) -> list[float]:
        """Return the least CPU of each case, measured in turn."""
        rounds = [[case().cpu for case in cases] for _ in range(self.repeat)]
        return [min(each) for each in zip(*rounds, strict=True)]

    def file(self) -> dict[str, float]:
        """Fetch of the LangSmith-shaped file over the floor, which makes the same columns."""
        project = self.langsmith("file", dataset=False)
        self.fresh(project, "fetch", "bench")
        part = self.folder / "schema.parquet"
        shutil.copy(min((project / ".evalkit/bench/runs").glob("*.parquet")), part)
        out = self.folder / "floor.parquet"
        floor = [sys.executable, str(HERE / "ingest_floor.py"), str(self.files[0]), str(out)]
        fetch, base = self.least(
            lambda: self.fresh(project, "fetch", "bench"), lambda: measure([*floor, str(part)])
        )
        return {"fetch": fetch, "floor": base, "ratio": fetch / base}

    def _speed_up(self, project: Path) -> dict[str, float]:
        old = self.before()
        then, now = self.least(
            lambda: self.fresh(project, "fetch", "bench", root=old),
            lambda: self.fresh(project, "fetch", "bench"),
        )
        return {"before": then, "now": now, "ratio": then / now}

    def own(self) -> dict[str, float]:
        """Fetch of evalkit's own JSON Lines, how many times as fast as before."""
        path = self.folder / f"own-{self.runs}.jsonl"
        if not path.exists():
            _write_own(self.files[0], path)
        return self._speed_up(self.project("own", f'fetcher = "files"\npath = "{path}"\n'))

    def records(self) -> dict[str, float]:
        """Fetch by a mapping of eleven plain paths, how many times as fast as before."""
        fields = "".join(f'{name} = "{path}"\n' for name, path in PATHS.items())
        config = f'fetcher = "records"\npath = "{self.files[0].resolve()}"\n'
        project = self.project("records", f"{config}[experiments.bench.fields]\n{fields}")
        return self._speed_up(project)

    def again(self) -> dict[str, float]:
        """Fetch of an unchanged file over the first fetch."""
        project = self.langsmith("again")
        first, second = self.least(
            lambda: self.fresh(project, "fetch", "bench"),
            lambda: self.evalkit(project, "fetch", "bench"),
        )
        return {"first": first, "again": second, "ratio": second / first}

    def _against_peers(self, name: str, *options: str, again: bool = False) -> dict[str, float]:
        project = self.langsmith(name)
        command = ("run", "bench", "--quiet", *options)
        self.evalkit(project, *command)
        run = self.evalkit if again else self.fresh
        loop, peer, ours = self.least(
            lambda: self.peer("openevals"),
            lambda: self.peer("pydantic_evals"),
            lambda: run(project, *command),
        )
        said = {"loop": loop, "pydantic_evals": peer, "run": ours}
        return said | {"pydantic_evals / run": peer / ours, "ratio": loop / ours}

    def first(self) -> dict[str, float]:
        """A loop with openevals' evaluators over a first `evalkit run`, page included."""
        return self._against_peers("first")

    def nopage(self) -> dict[str, float]:
        """The same without the page."""
        return self._against_peers("nopage", "--no-page")

    def second(self) -> dict[str, float]:
        """The same when nothing changed since the last run."""
        return self._against_peers("second", again=True)

    def page(self) -> dict[str, float]:
        """Making the page over making the scores."""
        project = self.langsmith("page")
        self.evalkit(project, "fetch", "bench")
        scores = project / ".evalkit/bench/scores"

        def anew() -> Cost:
            shutil.rmtree(scores, ignore_errors=True)
            return self.evalkit(project, "score", "bench", "--quiet")

        def page() -> Cost:
            for each in ("reports", ".evalkit/bench/traces"):
                shutil.rmtree(project / each, ignore_errors=True)
            return self.evalkit(project, "report", "bench", "--quiet")

        score, report = self.least(anew, page)
        return {"score": score, "report": report, "ratio": report / score}

    def langgraph(self) -> dict[str, float]:
        """Fetch from a LangGraph server over a bare loop, whole processes."""
        command = [sys.executable, str(HERE / "fetch_langgraph.py"), "--json"]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        said: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
        return said

    def memory(self) -> dict[str, float]:
        """Peak megabytes of a fetch of 100,000 runs with a dataset of 10,000 examples."""
        large = Bench(self.folder, 100_000, 1)
        cost = large.fresh(large.langsmith("memory"), "fetch", "bench")
        return {"cpu": cost.cpu, "ratio": cost.memory}

    def rescore(self) -> dict[str, float]:
        """Scoring stored runs, over what it took before."""
        project, old = self.langsmith("rescore"), self.before()
        other = self.folder / f"ingest-rescore-before-{self.runs}"
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(project, other)
        self.evalkit(project, "fetch", "bench")
        self.evalkit(other, "fetch", "bench", root=old)

        def anew(folder: Path, root: Path) -> Cost:
            shutil.rmtree(folder / ".evalkit/bench/scores", ignore_errors=True)
            return self.evalkit(folder, "score", "bench", "--quiet", "--workers", "1", root=root)

        then, now = self.least(lambda: anew(other, old), lambda: anew(project, ROOT))
        return {"before": then, "now": now, "ratio": now / then}


def _announce(folder: Path) -> None:
    """Give a bare checkout the entry points that it would be installed with."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    about = folder / f"{project['name'].replace('-', '_')}-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0\n")
    text = ""
    for group, entries in project["entry-points"].items():
        text += f"[{group}]\n" + "".join(f"{name} = {at}\n" for name, at in entries.items())
    (about / "entry_points.txt").write_text(text)


def _write_own(source: Path, target: Path) -> None:
    """Write LangSmith's records as evalkit's own JSON Lines."""
    import orjson

    from evalkit.fetchers.langsmith.convert.run import convert
    from evalkit.fetchers.langsmith.convert.traces import flatten
    from evalkit.model.schema.written import run_to_record

    temporary = target.with_suffix(".tmp")
    with source.open("rb") as lines, temporary.open("wb") as file:
        for line in lines:
            trace = flatten(orjson.loads(line))
            run = convert(trace.root, trace.children).run
            file.write(orjson.dumps(run_to_record(run)) + b"\n")
    temporary.replace(target)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(ASKED), default=list(ASKED))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HERE / ".data")
    parser.add_argument("--python", default=sys.executable, help="which has the peers installed")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    bench, lines = Bench(given.folder, given.runs, given.repeat), {}
    bench.python = given.python
    for name in given.only:
        said: dict[str, Any] = getattr(bench, name)()
        lines[name] = {key: round(value, 3) for key, value in said.items()} | {"asked": ASKED[name]}
        if not given.json:
            figures = ", ".join(f"{key} {value:g}" for key, value in lines[name].items())
            print(f"{name:10s}{figures}", flush=True)
    if given.json:
        print(json.dumps({"runs": given.runs, "lines": lines}, indent=1))


if __name__ == "__main__":
    main()
