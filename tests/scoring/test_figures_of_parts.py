"""Figures of a store are the same bits, whoever wrote its parts, in whatever order and size."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from evalkit.metrics.columns.reading import read_cells, read_runs
from evalkit.metrics.selecting.scored import read as read_scored
from evalkit.metrics.summaries.summarise import summarise
from evalkit.store.cells.parts import part_names
from evalkit.store.cells.piles import piles
from evalkit.store.results import read_results
from evalkit.store.upkeep.gc import collect


def close(outputs: Any) -> float:
    return 1 / (3 + outputs["answer"] % 11)


def right(outputs: Any) -> bool:
    return outputs["answer"] % 3 > 0


def often(run: Any) -> dict[str, float]:
    return {"a": run.outputs["answer"] / 7, "b": 1.0}


def broken(outputs: Any) -> float:
    if outputs["answer"] % 5 == 0:
        raise ValueError(f"answer {outputs['answer']}")
    return 0.5


ALL = (close, right, often, broken)


def figures(made: Any) -> str:
    document = summarise(read_results(made.stored), reducers=["mean", "median"]).to_dict()
    for score in document["scores"].values():
        score.pop("seconds")  # how long calls took is no two times the same
    document["provenance"].pop("fetched_at")
    return json.dumps(document, sort_keys=True)


@pytest.fixture
def parts(lab: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a maker of 3,000 scored runs in many small parts."""
    monkeypatch.setattr("evalkit.store.cells.score_source.PART_ROWS", 512)
    monkeypatch.setattr("evalkit.store.runs.writer.PART_ROWS", 512)

    def make(workers: int) -> Any:
        made = lab(3000)
        made.score(*ALL, workers=workers)
        return made

    return make


@pytest.fixture
def in_piles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalkit.store.results.FEW_PARTS", 0)
    monkeypatch.setattr("evalkit.store.results.piles", partial(piles, most=1_000))


def test_one_worker_and_four(parts: Callable[..., Any], tmp_path: Any) -> None:
    one = figures(parts(1))
    again = parts(0)
    again.score(*ALL, workers=4, fresh=True)  # parts of whoever was first
    assert figures(again) == one


def test_few_parts_and_piles(parts: Callable[..., Any], request: pytest.FixtureRequest) -> None:
    made = parts(1)
    assert len(part_names(made.stored.files)) > 5
    whole = figures(made)
    request.getfixturevalue("in_piles")
    assert figures(made) == whole
    made.score(right, fresh=True, keep_others=True, workers=1)  # stand in place of others
    assert figures(made) == whole
    with made.stored.lock():
        collect(made.stored.files, made.stored.settled())
    assert figures(made) == whole


def test_scores_keep_the_order_of_evaluators(lab: Callable[..., Any], in_piles: None) -> None:
    made = lab(30)
    made.score(right, workers=1)
    made.fill(made.run(n) for n in range(30, 600))
    made.score(close, right, workers=1)
    groups = read_cells(read_results(made.stored)).groups
    assert [evaluator for evaluator, _, _ in groups] == ["close", "right"]


def test_pieces_are_the_table(parts: Callable[..., Any], in_piles: None) -> None:
    results = read_results(parts(1).stored)
    names = {
        "runs": ["run_id", "outcome"],
        "steps": ["run_id", "name", "run_place"],
        "cells": ["run_id", "evaluator", "key", "outcome", "score", "run_place"],
        "examples": ["example_id"],
    }
    ids = results.table("runs", ["run_id"]).column(0).to_pylist()
    for name, columns in names.items():
        pieces = [row for table in results.tables(name, columns) for row in table.to_pylist()]
        whole = results.table(name, columns).to_pylist()
        assert sorted(map(str, pieces)) == sorted(map(str, whole))
        if "run_place" in columns:
            assert all(row["run_id"] == ids[row["run_place"]] for row in pieces)
    assert read_runs(results).n == 3000


def tone(outputs: Any) -> str:
    return ("kind", "curt", "long")[sum(map(ord, str(outputs))) % 3]


def test_words_of_a_page_stand_beside_their_runs(
    lab: Callable[..., Any], parts: Callable[..., Any], in_piles: None
) -> None:
    made = lab(3000)
    made.score(tone, *ALL, workers=0)
    results = read_results(made.stored)
    read = read_scored([results], [summarise(results)], [3000])
    found = next(each for each in read if each.name == "tone")
    places, words = found.of(np.arange(3000))
    said = [None if place is None else words[int(place)] for place in places]
    cells = results.table("cells", ["evaluator", "value", "run_place"]).to_pylist()
    right = {cell["run_place"]: cell["value"] for cell in cells if cell["evaluator"] == "tone"}
    assert said == [json.loads(right[place]) for place in range(3000)]
