"""What evalkit takes of the CPU to pull and score an experiment, against the LangSmith SDK.

    python benchmarks/langsmith.py [--runs 5000] [--backend v1 v2] [--repeat 1]

One local server, the same runs and the same five evaluators for all; every figure is user plus
system CPU seconds of whole processes, imports included, the least of the repeats. The server's CPU
is not counted.

- bare: a loop of httpx and its JSON over the pages of runs, nothing kept
- pull: evalkit's fetcher alone: listing, pages, trees, every run made, nothing stored
- fetch: `evalkit fetch` into an empty store, trees and examples included
- score: `evalkit score` of what was fetched
- fetch + score: both in one process, as in `evalkit run`, without its page
- sdk: `langsmith.evaluate` of the experiment with `load_nested=True`, default settings
- sdk, no tracing: the same with `disable_evaluator_tracing=True`
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

EVALUATORS = '''
"""Five code evaluators, for evalkit and for LangSmith as they stand."""


def exact(outputs, reference_outputs) -> float:
    answer = outputs.get("answer")
    wanted = reference_outputs["answer"]
    return 1.0 if answer is not None and answer.strip().lower() == wanted.strip().lower() else 0.0


def close(outputs, reference_outputs) -> float:
    value, wanted = outputs.get("value"), reference_outputs["value"]
    if value is None:
        return 0.0
    off = abs(value - wanted) / max(1.0, abs(wanted))
    return 1.0 if off <= 0.001 else max(0.0, 1.0 - 10.0 * off)


def inside(run):
    for child in run.child_runs or ():
        yield child
        yield from inside(child)


def path(run, reference_outputs) -> float:
    got = [step.name for step in inside(run) if step.run_type == "tool"]
    wanted = reference_outputs["trajectory"]
    return sum(a == b for a, b in zip(got, wanted)) / max(len(got), len(wanted))


def recall(run, reference_outputs) -> float:
    wanted = set(reference_outputs["relevant"])
    found = [
        document["metadata"]["id"]
        for step in inside(run)
        if step.run_type == "retriever"
        for document in step.outputs["output"]
    ]
    return len(wanted.intersection(found)) / len(wanted)


def budget(run) -> float:
    return 1.0 if (run.end_time - run.start_time).total_seconds() <= 2.5 else 0.0


FIVE = [exact, close, path, recall, budget]
'''

MARKED = '''
"""The five, marked for evalkit."""

from evalkit import evaluator

from .five import FIVE

exact, close, path, recall, budget = map(evaluator, FIVE)
'''

BARE = """
import sys, httpx
url, session, api = sys.argv[1:]
client, cursor, rows = httpx.Client(headers={"x-api-key": "k"}, timeout=60), None, 0
fields = "ID NAME RUN_TYPE STATUS START_TIME END_TIME INPUTS OUTPUTS PARENT_RUN_IDS TRACE_ID \
DOTTED_ORDER REFERENCE_EXAMPLE_ID ERROR TAGS EXTRA EVENTS FIRST_TOKEN_TIME APP_PATH PROMPT_TOKENS \
COMPLETION_TOKENS TOTAL_TOKENS PROMPT_COST COMPLETION_COST TOTAL_COST FEEDBACK_STATS".split()
while True:
    if api == "v1":
        body, path = {"session": [session], "limit": 100}, "/runs/query"
    else:
        body = {"project_ids": [session], "page_size": 1000, "selects": fields,
                "min_start_time": "2000-01-01T00:00:00Z"}
        path = "/api/v2/runs/query"
    page = client.post(url + path, json=body | ({"cursor": cursor} if cursor else {})).json()
    rows += len(page["runs" if api == "v1" else "items"])
    cursor = page["cursors"]["next"] if api == "v1" else page["next_cursor"]
    if not cursor:
        break
print(rows)
"""

PULL = """
import gc, sys
from pathlib import Path
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langsmith.fetcher import LangSmithFetcher
gc.set_threshold(100_000, 50, 100)  # as `evalkit fetch` has it
options = LangSmithFetcher.Options(experiment=sys.argv[1], throttle=False)
fetcher = LangSmithFetcher(options, FetchContext("bench", Path()))
print(sum(1 for run in fetcher.runs()))
fetcher.counts()
"""

TOGETHER = """
import shutil, sys
from evalkit.cli.main import entry
shutil.rmtree(".evalkit/bench")
for arguments in (["fetch", "bench"], ["score", "bench", "--workers", "0", "--json"]):
    sys.argv = ["evalkit", "-q", *arguments]
    try:
        entry()
    except SystemExit as ended:
        if ended.code:
            raise
"""

SDK = """
import os, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from five import FIVE
from langsmith import Client, evaluate
client = Client()
found = evaluate(sys.argv[2], evaluators=FIVE, client=client, load_nested=True, max_concurrency=0,
                 disable_evaluator_tracing=sys.argv[3] == "off")
client.flush()
totals = {}
for row in found:
    for each in row["evaluation_results"]["results"]:
        totals.setdefault(each.key, []).append(each.score)
print({key: round(sum(scores) / len(scores), 6) for key, scores in sorted(totals.items())})
sys.stdout.flush()
os._exit(0)
"""


@contextmanager
def server(runs: int, backend: str) -> Iterator[dict[str, str]]:
    """Run the test server in a process of its own."""
    module = "fetchers.langsmith_server.serve"
    process = subprocess.Popen(
        [sys.executable, "-m", module, f"--runs={runs}", f"--backend={backend}"],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()


def cpu(command: list[str], environ: dict[str, str], cwd: Path) -> tuple[float, str]:
    """Run a command to its end and return its CPU seconds and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        command, env={**os.environ, **environ}, cwd=cwd, capture_output=True, text=True
    )
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)[:80]} ended with {ended.returncode}\n{ended.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, ended.stdout.strip()


def project(folder: Path, experiment: str) -> None:
    """Write an evalkit project with the five evaluators."""
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "five.py").write_text(EVALUATORS)
    (folder / "evaluators" / "marked.py").write_text(MARKED)
    (folder / "evalkit.toml").write_text(
        '[experiments.bench]\nfetcher = "langsmith"\n'
        f'experiment = "{experiment}"\nthrottle = false\n'
    )


def measure(runs: int, backend: str, sdk: bool) -> dict[str, float]:
    """Return CPU seconds by what was done."""
    evalkit = str(Path(sys.executable).with_name("evalkit"))
    with server(runs, backend) as at, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        project(folder, at["experiment"])
        environ = {
            "LANGSMITH_ENDPOINT": at["url"],
            "LANGSMITH_API_KEY": "k",
            "LANGSMITH_TRACING": "false",
        }
        python = [sys.executable, "-P", "-c"]  # -P: this file must not be taken for the SDK
        found: dict[str, float] = {}
        api = "v1" if backend == "v1" else "v2"
        found["bare"], _ = cpu([*python, BARE, at["url"], at["id"], api], environ, folder)
        found["pull"], _ = cpu([*python, PULL, at["id"]], environ, folder)
        found["fetch"], _ = cpu([evalkit, "-q", "fetch", "bench"], environ, folder)
        score = [evalkit, "-q", "score", "bench", "--workers", "0", "--json"]
        found["score"], ours = cpu(score, environ, folder)
        found["fetch + score"], again = cpu([*python, TOGETHER], environ, folder)
        if sdk:
            call = [*python, SDK, str(folder / "evaluators"), at["id"]]
            found["sdk, no tracing"], theirs = cpu([*call, "off"], environ, folder)
            found["sdk"], _ = cpu([*call, "on"], environ, folder)
            for document in (ours, again):
                check(json.loads(document), theirs.splitlines()[-1])
        return found


def check(ours: dict, theirs: str) -> None:
    """The figures must be the same, or the comparison means nothing."""
    text = json.dumps(ours)
    for mean in json.loads(theirs.replace("'", '"')).values():
        if f"{mean:.4f}" not in text and str(mean)[:6] not in text:
            raise SystemExit(f"the SDK's mean {mean} is not among evalkit's figures")


def main() -> None:
    """Measure what the command line asks for and print it."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--runs", type=int, default=5000)
    reader.add_argument("--backend", nargs="+", default=["v1", "v2"], choices=["v1", "dual", "v2"])
    reader.add_argument("--repeat", type=int, default=1)
    reader.add_argument("--no-sdk", action="store_true", help="Leave out the slow part.")
    given = reader.parse_args()
    for backend in given.backend:
        rounds = [measure(given.runs, backend, not given.no_sdk) for _ in range(given.repeat)]
        spent = {name: min(each[name] for each in rounds) for name in rounds[0]}
        print(f"{backend}: {given.runs} runs, CPU seconds of whole processes")
        for name, seconds in spent.items():
            print(f"  {name:16} {seconds:8.2f}")
        for name in ("pull", "fetch"):
            print(f"  {name + ' / bare':16} {spent[name] / spent['bare']:8.2f}")
        for name in ("sdk, no tracing", "sdk"):
            if name in spent:
                print(f"  {name} / (fetch + score) {spent[name] / spent['fetch + score']:8.2f}")


if __name__ == "__main__":
    main()
