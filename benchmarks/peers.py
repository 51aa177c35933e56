"""The measured work done by peers, on the same files, with the same five functions.

    python benchmarks/peers.py pydantic_evals RUNS.jsonl EXAMPLES.jsonl
    python benchmarks/peers.py openevals RUNS.jsonl EXAMPLES.jsonl

Both are given what they take: pydantic_evals a Dataset whose task returns the recorded run,
openevals each function wrapped as its `create_*` evaluators are, in a loop. Prints the means.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from floor import BUDGET_S, NAMES, close, common, exact, recall, time_of

Check = Callable[[Any, Any], float]


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


def main() -> None:
    """Do the work with one peer."""
    peer, runs_path, examples_path = sys.argv[1], *map(Path, sys.argv[2:4])
    runs = load(runs_path)
    expected = {row["id"]: row["outputs"] for row in load(examples_path)}
    does = {"pydantic_evals": with_pydantic_evals, "openevals": with_openevals}[peer]
    print(json.dumps(does(runs, expected)))


if __name__ == "__main__":
    main()
