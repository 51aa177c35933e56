"""The measured work done by peers, on the same files, with the same five functions.

    python benchmarks/peers.py --json                (evalkit and every peer, first and second run)
    python benchmarks/peers.py --python OTHER/bin/python  (peers in an environment of their own)
    python benchmarks/peers.py pydantic_evals RUNS.jsonl EXAMPLES.jsonl
    python benchmarks/peers.py openevals RUNS.jsonl EXAMPLES.jsonl

Each peer is given what it takes: pydantic_evals a Dataset whose task returns the recorded run,
openevals each function wrapped as its `create_*` evaluators are, in a loop; deepeval test cases
that hold the recorded run as metadata, each function a metric, in a loop; promptfoo (from npm,
where `npm` is) a provider that returns the recorded run and the five functions in Python's place,
JavaScript. A peer that is not installed is left out. Whole processes, from the files to the
figures: reading the source counts, and so does the page where there is one. Peers keep nothing, so
their second run is their first.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from floor import BUDGET_S, NAMES, close, common, exact, recall, time_of
from measure import Cost, measure

Check = Callable[[Any, Any], float]
HERE = Path(__file__).parent
RATIO = "over evalkit's first run"


def walk(span: Any, kind: str) -> list[Any]:
    """Return the spans of a kind inside another one, in order."""
    found = []
    for each in span["child_runs"]:
        found += [each] if each["run_type"] == kind else []
        found += walk(each, kind)
    return found


def latency(run: Any) -> float:
    """Return seconds."""
    return float((time_of(run["end_time"]) - time_of(run["start_time"])).total_seconds())


def found_documents(run: Any) -> list[list[str]]:
    """Return the ids each retrieval found."""
    spans = [span for span in walk(run, "retriever") if span["outputs"]]
    return [[doc["metadata"]["id"] for doc in span["outputs"]["documents"]] for span in spans]


CHECKS: dict[str, Check] = {
    "exact_match": lambda run, e: exact((run["outputs"] or {}).get("answer"), e["answer"]),
    "numeric_close": lambda run, e: close((run["outputs"] or {}).get("value"), e["value"]),
    "trajectory": lambda run, e: common([s["name"] for s in walk(run, "tool")], e["trajectory"]),
    "retriever_recall": lambda run, e: recall(found_documents(run), e["relevant_docs"]),
    "latency_budget": lambda run, e: float(latency(run) <= BUDGET_S),
}


def load(path: Path) -> list[Any]:
    """Return the lines of a file."""
    with path.open("rb") as file:
        return [orjson.loads(line) for line in file]


def with_pydantic_evals(runs: list[Any], expected: dict[str, Any]) -> dict[str, float]:
    """Evaluate a Dataset whose task looks the recorded run up."""
    from pydantic_evals import Case, Dataset
    from pydantic_evals.evaluators import Evaluator

    def made(name: str, check: Check) -> Any:
        def evaluate(self: Any, ctx: Any) -> dict[str, float]:
            return {name: check(ctx.output, ctx.expected_output)}

        fields = {"evaluate": evaluate, "__module__": __name__}
        return dataclass(type(name, (Evaluator,), fields))()

    by_id = {run["id"]: run for run in runs}
    cases = [
        Case(name=i, inputs=i, expected_output=expected[run["reference_example_id"]])
        for i, run in by_id.items()
    ]

    async def task(run_id: str) -> Any:
        return by_id[run_id]

    dataset = Dataset(name="work", cases=cases, evaluators=[made(*each) for each in CHECKS.items()])
    report = dataset.evaluate_sync(task, progress=False, max_concurrency=8)
    found = [case.scores for case in report.cases]
    return {name: sum(each[name].value for each in found) / len(found) for name in NAMES}


def with_openevals(runs: list[Any], expected: dict[str, Any]) -> dict[str, float]:
    """Call evaluators made the way openevals makes its own, in a loop."""
    os.environ["LANGSMITH_TRACING"] = "false"
    here = str(Path(__file__).parent)
    sys.path[:] = [each for each in sys.path if each != here]  # a langsmith.py lies beside this
    from openevals.utils import _run_evaluator

    totals = dict.fromkeys(NAMES, 0.0)
    for run in runs:
        reference = expected[run["reference_example_id"]]
        for name, check in CHECKS.items():

            def scorer(check: Check = check, run: Any = run, reference: Any = reference) -> float:
                return check(run, reference)

            said = _run_evaluator(run_name=name, scorer=scorer, feedback_key=name)
            totals[name] += float(said["score"])
    return {name: total / len(runs) for name, total in totals.items()}


def with_deepeval(runs: list[Any], expected: dict[str, Any]) -> dict[str, float]:
    """Evaluate test cases that hold the recorded run, each function a metric of its own."""
    os.environ |= {"DEEPEVAL_TELEMETRY_OPT_OUT": "YES", "DEEPEVAL_DISABLE_PROGRESS_BAR": "YES"}
    here = str(Path(__file__).parent)
    sys.path[:] = [each for each in sys.path if each != here]  # as above
    from deepeval.metrics import BaseMetric
    from deepeval.test_case import LLMTestCase

    class Metric(BaseMetric):  # type: ignore[misc]
        threshold = 0.5

        def __init__(self, name: str, check: Check) -> None:
            self.name, self.check = name, check

        def measure(self, test_case: Any, *_: Any, **__: Any) -> float:
            held = test_case.metadata
            self.score = self.check(held["run"], held["want"])
            self.success = self.score >= self.threshold
            return self.score

        async def a_measure(self, test_case: Any, *_: Any, **__: Any) -> float:
            return self.measure(test_case)

        def is_successful(self) -> bool:
            return bool(self.success)

        @property
        def __name__(self) -> str:
            return self.name

    metrics = [Metric(*each) for each in CHECKS.items()]
    totals = dict.fromkeys(NAMES, 0.0)
    for run in runs:
        held = {"run": run, "want": expected[run["reference_example_id"]]}
        said = LLMTestCase(input=run["id"], actual_output="", metadata=held)
        for metric in metrics:
            totals[metric.name] += metric.measure(said)
    return {name: total / len(runs) for name, total in totals.items()}


def with_one(peer: str, runs_path: Path, examples_path: Path) -> None:
    """Do the work with one peer and print the means."""
    runs = load(runs_path)
    expected = {row["id"]: row["outputs"] for row in load(examples_path)}
    print(json.dumps(PEERS[peer](runs, expected)))


PEERS = {
    "openevals": with_openevals,
    "pydantic_evals": with_pydantic_evals,
    "deepeval": with_deepeval,
}
SHOWN = {"openevals": "openevals in a loop", "deepeval": "deepeval's metrics in a loop"}


def version_in(python: str, package: str) -> str | None:
    """Return the version of a package that another Python has; None: it has none."""
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    ended = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    return ended.stdout.strip() if ended.returncode == 0 else None


class Table:
    """Whole first and second runs, page included and excluded, evalkit and peers in turn."""

    def __init__(self, runs: int, repeat: int, folder: Path, promptfoo: bool, python: str) -> None:
        from ingest import Bench  # makes sentences: peers should not pay for that

        self.bench = Bench(folder, runs, repeat)
        self.bench.python = python
        self.project = self.bench.langsmith("peers")
        self.runs, self.promptfoo = runs, promptfoo
        self.versions = {name: version_in(python, name.replace("_", "-")) for name in PEERS}

    def rows(self) -> dict[str, Any]:
        """Return CPU, wall clock and memory of each, the least CPU of all rounds."""
        bench, project = self.bench, self.project
        command = ("run", "bench", "--quiet")
        cases: dict[str, Callable[[], Cost]] = {
            "evalkit, first run": lambda: bench.fresh(project, *command),
            "evalkit, second run": lambda: bench.evalkit(project, *command),
            "evalkit, first run, no page": lambda: bench.fresh(project, *command, "--no-page"),
            "evalkit, second run, no page": lambda: bench.evalkit(project, *command, "--no-page"),
        }
        for name, version in self.versions.items():
            if version is not None:
                cases[SHOWN.get(name, name)] = partial(bench.peer, name)
        if self.promptfoo:
            command_line = promptfoo_command(bench.folder, *bench.files)
            cases["promptfoo"] = lambda: measure(command_line.arguments, cwd=command_line.folder)
        bench.fresh(project, *command)  # bytecode
        costs: dict[str, list[Cost]] = {name: [] for name in cases}
        for _ in range(bench.repeat):
            for name, case in cases.items():
                costs[name].append(case())
        least = {name: min(each, key=lambda cost: cost.cpu) for name, each in costs.items()}
        first = least["evalkit, first run"].cpu
        return {
            name: cost.to_dict() | {RATIO: round(cost.cpu / first, 2)}
            for name, cost in least.items()
        }


class Command(NamedTuple):
    """A command and where it is called."""

    arguments: list[str]
    folder: Path


PROVIDER = """\
const fs = require('fs');
let recorded = null;
module.exports = class {
  id() { return 'recorded'; }
  async callApi(prompt, context) {
    if (recorded === null) {
      recorded = new Map();
      for (const line of fs.readFileSync(process.env.RUNS, 'utf8').split('\\n')) {
        if (line) { const run = JSON.parse(line); recorded.set(run.id, run); }
      }
    }
    return { output: recorded.get(context.vars.run) };
  }
};
"""
CHECKS_JS = """\
function walk(span, kind) {
  const found = [];
  for (const each of span.child_runs) {
    if (each.run_type === kind) found.push(each);
    found.push(...walk(each, kind));
  }
  return found;
}
function common(got, want) {
  if (!got.length || !want.length) return got.length === want.length ? 1 : 0;
  let before = new Array(want.length + 1).fill(0);
  for (const one of got) {
    const now = [0];
    want.forEach((other, place) => {
      const longer = Math.max(before[place + 1], now[place]);
      now.push(one === other ? before[place] + 1 : longer);
    });
    before = now;
  }
  return 2 * before[want.length] / (got.length + want.length);
}
const said = (score) => ({ pass: true, score, reason: '' });
module.exports = {
  exact_match: (run, { vars }) => {
    const answer = (run.outputs || {}).answer;
    const same = answer != null
      && answer.trim().toLowerCase() === vars.want.answer.trim().toLowerCase();
    return said(same ? 1 : 0);
  },
  numeric_close: (run, { vars }) => {
    const value = (run.outputs || {}).value;
    if (value == null) return said(0);
    const error = Math.abs(value - vars.want.value) / Math.max(1, Math.abs(vars.want.value));
    return said(error <= 0.001 ? 1 : Math.max(0, 1 - 10 * error));
  },
  trajectory: (run, { vars }) =>
    said(common(walk(run, 'tool').map((s) => s.name), vars.want.trajectory)),
  retriever_recall: (run, { vars }) => {
    const wanted = new Set(vars.want.relevant_docs);
    const found = walk(run, 'retriever').filter((s) => s.outputs)
      .map((s) => s.outputs.documents.map((d) => d.metadata.id));
    if (!found.length) return said(0);
    const share = (ids) => [...wanted].filter((id) => ids.includes(id)).length / wanted.size;
    return said(found.map(share).reduce((a, b) => a + b, 0) / found.length);
  },
  latency_budget: (run) =>
    said((Date.parse(run.end_time) - Date.parse(run.start_time)) / 1000 <= 2.5 ? 1 : 0),
};
"""


def promptfoo_command(data: Path, runs: Path, examples: Path) -> Command:
    """Install promptfoo where it is not yet, and return the command that does the work."""
    folder = data / "promptfoo"
    folder.mkdir(exist_ok=True)
    binary = folder / "node_modules" / ".bin" / "promptfoo"
    if not binary.exists():
        install = ["npm", "install", "--no-audit", "--no-fund", "promptfoo"]
        subprocess.run(install, cwd=folder, check=True, capture_output=True)
    (folder / "provider.js").write_text(PROVIDER)
    (folder / "checks.js").write_text(CHECKS_JS)
    expected = {row["id"]: row["outputs"] for row in load(examples)}
    tests = [
        {"vars": {"run": run["id"], "want": expected[run["reference_example_id"]]}}
        for run in load(runs)
    ]
    asserts = [
        {"type": "javascript", "value": f"file://checks.js:{name}", "metric": name}
        for name in CHECKS
    ]
    config = {
        "prompts": ["{{run}}"],
        "providers": ["file://provider.js"],
        "defaultTest": {"assert": asserts},
        "tests": tests,
    }
    (folder / "promptfooconfig.json").write_bytes(orjson.dumps(config))
    quiet = {
        "RUNS": str(runs.resolve()),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        # 0.123 writes into log files that it has closed, and ends so when its work is done
        "PROMPTFOO_DISABLE_DEBUG_LOG": "1",
        "PROMPTFOO_DISABLE_ERROR_LOG": "1",
        "PROMPTFOO_CONFIG_DIR": str(folder / "home"),
    }
    command = [
        *("env", *(f"{name}={value}" for name, value in quiet.items()), str(binary), "eval"),
        *("-c", "promptfooconfig.json", "--no-cache", "--no-write", "--no-progress-bar"),
        *("--no-table", "-j", "8", "-o", "out.json"),
    ]
    return Command(command, folder)


def main() -> None:
    """Do the work with one peer, or measure all."""
    if sys.argv[1:] and sys.argv[1] in PEERS:
        with_one(sys.argv[1], *map(Path, sys.argv[2:4]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HERE / ".data")
    parser.add_argument("--without-promptfoo", action="store_true")
    parser.add_argument("--python", default=sys.executable, help="which has the peers installed")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    promptfoo = not given.without_promptfoo and shutil.which("npm") is not None
    table = Table(given.runs, given.repeat, given.folder, promptfoo, given.python)
    rows, load = table.rows(), os.getloadavg()
    said = {"versions": table.versions, "load": [round(each, 1) for each in load]}
    if given.json:
        print(json.dumps({"runs": given.runs, **said, "rows": rows}, indent=1))
        return
    print("\n".join(f"{name}: {text}" for name, text in said.items()))
    for name, row in rows.items():
        print(f"{name:32s}{row['cpu']:8.2f} s{row['memory']:7.0f} MB"
              f"{row[RATIO]:8.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
