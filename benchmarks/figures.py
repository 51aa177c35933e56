"""Figures: how long summaries and comparisons of 100,000 runs x 5 metrics take.

    python benchmarks/figures.py [RUNS] [REPETITIONS]

Prints CPU seconds of each and the peak memory of this process, tables included.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.experiment import Manifest
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.model.schema.columns import RUN_PLACE, TABLES
from evalkit.model.score import EvaluatorInfo

METRICS = 5
STEPS = ("agent", "chat", "search", "chat", "lookup", "docs", "chat", "calc")
TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
    "list": pa.list_(pa.string()),
}


class Tables:
    """A ResultsSource over tables in memory."""

    def __init__(self, name: str, count: int, tables: dict[str, Any]) -> None:
        self.manifest = Manifest(experiment=name, received=count)
        self.evaluators = [EvaluatorInfo(name=f"m{i}") for i in range(METRICS)]
        self.tables = tables

    def table(self, name: str, columns: Sequence[str] | None = None) -> Any:
        """Return a table or some of its columns."""
        return self.tables[name] if columns is None else self.tables[name].select(columns)

    def runs(self) -> Iterator[Run]:
        """Nothing here needs run objects."""
        yield from ()

    def run(self, run_id: str) -> Run:
        """Nothing here needs run objects."""
        raise KeyError(run_id)

    def examples(self) -> dict[str, Any]:
        """Nothing here needs examples."""
        return {}


def table(which: str, count: int, **given: Any) -> Any:
    """Make a table; columns that are not given are null."""
    return pa.table(
        {
            c.name: pa.array(given[c.name], TYPES[c.type])
            if c.name in given
            else pa.nulls(count, TYPES[c.type])
            for c in TABLES[which]
        }
    )


def experiment(name: str, count: int, repetitions: int, seed: int, gain: float = 0.0) -> Results:
    """Make an experiment of `count` runs with eight steps and five scores each."""
    rng = np.random.default_rng(seed)
    examples = [f"example-{i // repetitions:06d}" for i in range(count)]
    ids = [f"{name}-{i:07d}-abcdef" for i in range(count)]
    latency = rng.lognormal(1, 0.6, count)
    runs = table(
        "runs",
        count,
        run_id=ids,
        example_id=examples,
        outcome=rng.choice(["success", "error", "timeout"], count, p=[0.95, 0.03, 0.02]),
        latency_s=latency,
        ttft_s=latency * 0.2,
        total_tokens=rng.integers(110, 2500, count),
        total_cost=rng.random(count),
        steps_recorded=np.ones(count, bool),
    )
    chance = np.random.default_rng(1).beta(2, 1, count // repetitions + 1).repeat(repetitions)
    scores = [
        (rng.random(count) < chance[:count] + gain).astype(float)
        if i < 3
        else chance[:count] + gain + rng.normal(size=count)
        for i in range(METRICS)
    ]
    keys = [f"m{i}" for i in range(METRICS) for _ in range(count)]
    cells = table(
        "cells",
        count * METRICS,
        run_id=ids * METRICS,
        example_id=examples * METRICS,
        evaluator=keys,
        key=keys,
        source=["evaluator"] * len(keys),
        outcome=["scored"] * len(keys),
        score=np.concatenate(scores),
        score_type=["bool"] * (3 * count) + ["float"] * (2 * count),
    )
    places = pa.array(np.tile(np.arange(count, dtype=np.int32), METRICS))
    cells = cells.append_column(RUN_PLACE.name, places)
    tables = {
        "runs": runs,
        "cells": cells,
        "steps": steps(rng, ids),
        "examples": table("examples", 0),
    }
    return Results(Tables(name, count, tables))


def steps(rng: np.random.Generator, ids: list[str]) -> Any:
    """Make eight steps a run, seven of them inside the first."""
    width = len(STEPS)
    count = len(ids) * width
    names = [f"{i:032x}" for i in range(count)]
    return table(
        "steps",
        count,
        run_id=[each for each in ids for _ in STEPS],
        step_id=names,
        parent_id=[None if i % width == 0 else names[i - i % width] for i in range(count)],
        kind=["node"] * count,
        name=list(STEPS) * len(ids),
        latency_s=rng.random(count),
    )


def timed(what: str, call: Callable[[], Any]) -> None:
    """Print the CPU seconds of a call."""
    start = time.process_time()
    call()
    print(f"{what:45s} {time.process_time() - start:6.2f} s CPU")


def peak() -> float:
    """Return the most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    repetitions = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    a = experiment("a", count, repetitions, 2)
    b = experiment("b", count, repetitions, 3, 0.01)
    print(f"{count} runs, {repetitions} of each example, {METRICS} metrics, {len(STEPS)} steps")
    before = peak()
    timed("summarise", lambda: summarise(a))
    timed("compare two experiments, BCa included", lambda: compare([a, b]))
    timed("compare two experiments, without BCa", lambda: compare([a, b], bootstrap=False))
    print(f"peak memory {peak():.0f} MB, {before:.0f} MB of it from making the tables")


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main()
