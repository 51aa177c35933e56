"""Score recorded traces, fetch and write-back included, against each store's own evaluation.

    STORE_ENVIRONMENTS=FOLDER python benchmarks/stores.py [--runs 1000]

Starts a Phoenix and an MLflow server, each in an environment that is made in FOLDER, fills both
with traces of three spans (and Phoenix with an experiment over as many examples), and measures the
CPU of the client, imports included, with everything it starts:

- `evalkit`: `evalkit run` with one code evaluator, then `evalkit push`
- the peer: `mlflow.genai.evaluate(data=traces)` with one scorer, Phoenix's `evaluate_experiment`
- `download`: an httpx loop with the requests of a fetch, that drops what comes, and `fetch`: the
  fetcher in its place, both without the time to import, the least of three
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import httpx  # noqa: E402
from fetchers.trace_stores.servers import QUIET, Store, running, until  # noqa: E402
from measure import measure  # noqa: E402

NAME = f"bench {os.getpid()}"
EVALUATOR = """
from evalkit import evaluator

@evaluator
def answered(outputs) -> bool:
    return bool(outputs)
"""
MLFLOW = """
import sys
import mlflow
from mlflow.genai.scorers import scorer
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment(experiment_id=sys.argv[2])

@scorer
def answered(outputs):
    return bool(outputs)

traces = mlflow.search_traces(locations=[sys.argv[2]], max_results=int(sys.argv[3]))
assert len(traces) == int(sys.argv[3]), len(traces)
mlflow.genai.evaluate(data=traces, scorers=[answered])
"""
PHOENIX = """
import sys
from phoenix.client import Client
client = Client(base_url=sys.argv[1])
if sys.argv[3] == "run":
    numbers = range(int(sys.argv[4]))
    dataset = client.datasets.create_dataset(
        name=sys.argv[2], inputs=[{"q": n} for n in numbers], outputs=[{"a": n} for n in numbers])
    made = client.experiments.run_experiment(
        dataset=dataset, task=lambda input: {"answer": input["q"]}, experiment_name=sys.argv[2],
        print_summary=False, retries=0)
    print(made["experiment_id"])
else:
    def answered(output):
        return bool(output)

    client.experiments.evaluate_experiment(
        experiment=client.experiments.get_experiment(experiment_id=sys.argv[2]),
        evaluators=[answered], print_summary=False, retries=0)
"""
FETCH = """
import json, sys, time
from pathlib import Path
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.mlflow.fetcher import MLflowFetcher
from evalkit.fetchers.phoenix.fetcher import PhoenixFetcher
kind = {"mlflow": MLflowFetcher, "phoenix": PhoenixFetcher}[sys.argv[1]]
began = time.process_time()
fetcher = kind(json.loads(sys.argv[2]), FetchContext(experiment="b", base=Path()))
runs = sum(1 for _ in fetcher.runs())
print(json.dumps([runs, time.process_time() - began]))
"""
DOWNLOAD = """
import json, sys, time
import httpx
kind, url, name = sys.argv[1:]
began = time.process_time()
with httpx.Client(base_url=url, timeout=300) as http:
    ids = []
    if kind == "phoenix":
        project = http.get(f"/v1/projects/{name}").json()["data"]["id"]
        params = {"limit": 500, "sort": "start_time", "order": "asc", "include_spans": "true"}
        page = {"next_cursor": None}
        while not ids or page["next_cursor"]:
            page = http.get(f"/v1/projects/{project}/traces", params=params).json()
            ids += [row["trace_id"] for row in page["data"]]
            params["cursor"] = page["next_cursor"]
        for at in range(0, len(ids), 40):
            asked = {"limit": 1000, "sort": "id", "order": "asc", "trace_id": ids[at:at + 40]}
            http.get(f"/v1/projects/{project}/spans", params=asked).content
    else:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": name}}
        body = {"locations": [place], "max_results": 200, "order_by": ["timestamp_ms ASC"]}
        while not ids or body.get("page_token"):
            page = http.post("/api/3.0/mlflow/traces/search", json=body).json()
            ids += [row["trace_id"] for row in page["traces"]]
            body["page_token"] = page.get("next_page_token")
        for at in range(0, len(ids), 50):
            asked = {"trace_ids": ids[at:at + 50]}
            http.get("/api/3.0/mlflow/traces/batchGet", params=asked).content
print(json.dumps([len(ids), time.process_time() - began]))
"""


def evalkit(options: dict[str, str], runs: int) -> float:
    """Run and push in a folder of its own; return the CPU seconds of both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "evaluators").mkdir()
        (folder / "evaluators" / "own.py").write_text(EVALUATOR)
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in options.items()]
        (folder / "evalkit.toml").write_text("[experiments.bench]\n" + "".join(lines))
        base = [sys.executable, "-m", "evalkit", "-q"]
        used = [measure([*base, verb, "bench"], cwd=folder).cpu for verb in ("run", "push")]
        counted = subprocess.run(
            [*base, "push", "bench", "--json"], cwd=folder, capture_output=True, check=True
        )
        assert json.loads(counted.stdout)["left"] == runs, counted.stdout
    return sum(used)


def least(code: str, *arguments: str) -> float:
    """Return the least CPU seconds of three."""
    found = []
    for _ in range(3):
        ended = subprocess.run(
            [sys.executable, "-c", code, *arguments], check=True, capture_output=True, cwd=ROOT
        )
        found.append(json.loads(ended.stdout)[1])
    return min(found)


def of_mlflow(store: Store, runs: int) -> dict[str, float]:
    """Measure on MLflow."""
    made = httpx.post(f"{store.url}/api/2.0/mlflow/experiments/create", json={"name": NAME})
    number = made.json()["experiment_id"]
    store.record(number, f"many:{runs}")
    options = {"fetcher": "mlflow", "url": store.url, "experiment": NAME}
    own = evalkit(options, runs)
    script = [str(store.python), "-c", MLFLOW, store.url, number, str(runs)]
    peer = measure(script, env={**os.environ, **QUIET}).cpu
    del options["fetcher"]
    return {
        "evalkit": own,
        "peer": peer,
        "fetch": least(FETCH, "mlflow", json.dumps(options)),
        "download": least(DOWNLOAD, "mlflow", store.url, number),
    }


def of_phoenix(store: Store, runs: int) -> dict[str, float]:
    """Measure on Phoenix."""
    store.record(NAME, f"many:{runs}")
    until(lambda: _traces(store) == runs, 600)
    script = [str(store.python), "-c", PHOENIX, store.url]
    env = {**os.environ, **QUIET}
    made = subprocess.run([*script, NAME, "run", str(runs)], env=env, check=True, text=True,
                          capture_output=True)  # fmt: skip
    experiment = made.stdout.split()[-1]
    own = evalkit({"fetcher": "phoenix", "url": store.url, "experiment": experiment}, runs)
    peer = measure([*script, experiment, "evaluate"], env=env).cpu
    options = json.dumps({"url": store.url, "project": NAME, "costs": False})
    return {
        "evalkit": own,
        "peer": peer,
        "fetch": least(FETCH, "phoenix", options),
        "download": least(DOWNLOAD, "phoenix", store.url, NAME),
    }


def _traces(store: Store) -> int:
    query = {"query": f'{{ getProjectByName(name: "{NAME}") {{ traceCount }} }}'}
    found = httpx.post(f"{store.url}/graphql", json=query, timeout=60).json()
    return int(((found.get("data") or {}).get("getProjectByName") or {}).get("traceCount", 0))


def main() -> None:
    """Measure on both, and print ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    for kind, of in (("mlflow", of_mlflow), ("phoenix", of_phoenix)):
        with running(kind) as store:
            found[kind] = of(store, given.runs)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{given.runs} traces, CPU seconds of the client")
    for kind, cpu in found.items():
        print(
            f"{kind}: evalkit {cpu['evalkit']:.2f}, its own evaluation {cpu['peer']:.2f} "
            f"({cpu['peer'] / cpu['evalkit']:.1f} times); fetch {cpu['fetch']:.2f}, bare download "
            f"{cpu['download']:.2f} ({cpu['fetch'] / cpu['download']:.2f} times)"
        )


if __name__ == "__main__":
    main()
