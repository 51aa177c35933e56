"""The floor: the measured work written by hand, parsing no more than the five evaluators need.

    python benchmarks/floor.py lean RUNS.jsonl EXAMPLES.jsonl SCORES.jsonl
    python benchmarks/floor.py plain ...     # the standard library's json and loops

Needs `msgspec` for `lean`. Prints one JSON line: means, success rate, latency, tokens, cost.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

NAMES = ("exact_match", "numeric_close", "trajectory", "retriever_recall", "latency_budget")
BUDGET_S = 2.5
time_of = datetime.fromisoformat


def exact(answer: str | None, expected: str) -> float:
    """Whether the answer is the expected one."""
    return float(answer is not None and answer.strip().lower() == expected.strip().lower())


def close(value: float | None, expected: float) -> float:
    """How close a value is."""
    if value is None:
        return 0.0
    error = abs(value - expected) / max(1.0, abs(expected))
    return 1.0 if error <= 0.001 else max(0.0, 1.0 - 10.0 * error)


def common(got: Sequence[str], want: Sequence[str]) -> float:
    """Twice the longest common subsequence over both lengths."""
    if got == want:
        return 1.0
    if not got or not want:
        return 0.0
    before = [0] * (len(want) + 1)
    for one in got:
        now = [0]
        for place, other in enumerate(want):
            longer = max(before[place + 1], now[place])
            now.append(before[place] + 1 if one == other else longer)
        before = now
    return 2.0 * before[-1] / (len(got) + len(want))


def recall(found: Sequence[Sequence[str]], want: Sequence[str]) -> float:
    """The share of wanted ids each retrieval found."""
    wanted = set(want)
    if not found:
        return 0.0
    return sum(len(wanted.intersection(ids)) / len(wanted) for ids in found) / len(found)


class Totals:
    """Means, quantiles and sums, streamed."""

    def __init__(self) -> None:
        self.count = self.good = self.tokens = 0
        self.sums, self.squares = [0.0] * 5, [0.0] * 5
        self.latencies: list[float] = []
        self.cost = 0.0

    def add(
        self, scores: Sequence[float], good: bool, latency: float, run: tuple[Any, Any]
    ) -> None:
        """Add one run."""
        self.count += 1
        self.good += good
        for place, score in enumerate(scores):
            self.sums[place] += score
            self.squares[place] += score * score
        self.latencies.append(latency)
        self.tokens += run[0] or 0
        self.cost += run[1] or 0.0

    def summary(self) -> dict[str, Any]:
        """Return what `evalkit score` prints, and more."""
        n, ordered = self.count, sorted(self.latencies)
        scores = {}
        for name, total, squares in zip(NAMES, self.sums, self.squares, strict=True):
            mean = total / n
            spread = max(0.0, squares / n - mean * mean) * n / max(1, n - 1)
            half = 1.96 * math.sqrt(spread / n)
            scores[name] = {"mean": mean, "low": mean - half, "high": mean + half}
        quantiles = {f"p{q}": ordered[round(q / 100 * (n - 1))] for q in (50, 90, 95, 99)}
        return {
            "n": n,
            "success_rate": self.good / n,
            "scores": scores,
            "latency": quantiles,
            "tokens": self.tokens,
            "cost": round(self.cost, 6),
        }


def lean(path: Path) -> tuple[Iterator[Any], Callable[[Any, Any], tuple[Any, ...]]]:
    """Parse only what is needed, into structs."""
    import msgspec
    from spans import Span

    def walk(span: Any, kind: str, found: list[Any]) -> list[Any]:
        for each in span.child_runs:
            if each.run_type == kind:
                found.append(each)
            if each.child_runs:
                walk(each, kind, found)
        return found

    def score(run: Any, expected: Any) -> tuple[Any, ...]:
        latency = (time_of(run.end_time) - time_of(run.start_time)).total_seconds()
        out = run.outputs
        docs = [
            [d.metadata.id for d in s.outputs.documents]
            for s in walk(run, "retriever", [])
            if s.outputs
        ]
        scores = (
            exact(out.answer if out else None, expected["answer"]),
            close(out.value if out else None, expected["value"]),
            common([s.name for s in walk(run, "tool", [])], expected["trajectory"]),
            recall(docs, expected["relevant_docs"]),
            float(latency <= BUDGET_S),
        )
        usage = run.total_tokens, run.total_cost
        return run.id, run.reference_example_id, scores, run.status, latency, *usage

    decode = msgspec.json.Decoder(Span).decode
    return map(decode, path.open("rb", buffering=1 << 20)), score


def plain(path: Path) -> tuple[Iterator[Any], Callable[[Any, Any], tuple[Any, ...]]]:
    """The standard library's json, dicts and loops."""

    def walk(span: Any, kind: str, found: list[Any]) -> list[Any]:
        for each in span["child_runs"]:
            if each["run_type"] == kind:
                found.append(each)
            walk(each, kind, found)
        return found

    def score(run: Any, expected: Any) -> tuple[Any, ...]:
        latency = (time_of(run["end_time"]) - time_of(run["start_time"])).total_seconds()
        out = run["outputs"] or {}
        docs = [
            [d["metadata"]["id"] for d in s["outputs"]["documents"]]
            for s in walk(run, "retriever", [])
            if s["outputs"]
        ]
        scores = (
            exact(out.get("answer"), expected["answer"]),
            close(out.get("value"), expected["value"]),
            common([s["name"] for s in walk(run, "tool", [])], expected["trajectory"]),
            recall(docs, expected["relevant_docs"]),
            float(latency <= BUDGET_S),
        )
        usage = run["total_tokens"], run["total_cost"]
        return run["id"], run["reference_example_id"], scores, run["status"], latency, *usage

    return map(json.loads, path.open("rb")), score


def main() -> None:
    """Score everything, write a line a run, print the summary."""
    variant, runs_path, examples_path, scores_path = sys.argv[1], *map(Path, sys.argv[2:5])
    if variant == "lean":
        import msgspec

        load, dump = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    else:
        load, dump = json.loads, lambda row: json.dumps(row).encode()
    with examples_path.open("rb") as file:
        expected = {row["id"]: row["outputs"] for row in map(load, file)}
    found, score = (lean if variant == "lean" else plain)(runs_path)
    totals = Totals()
    key = (lambda run: run.reference_example_id) if variant == "lean" else _reference
    with scores_path.open("wb", buffering=1 << 20) as sink:
        for run in found:
            run_id, example, scores, status, latency, tokens, cost = score(run, expected[key(run)])
            totals.add(scores, status == "success", latency, (tokens, cost))
            named = dict(zip(NAMES, scores, strict=True))
            row = {"run_id": run_id, "example_id": example, "scores": named}
            sink.write(dump(row) + b"\n")
    print(json.dumps(totals.summary()))


def _reference(run: Any) -> str:
    return str(run["reference_example_id"])


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main()
