"""Figures of recorded experiments: pass^k against enumeration, two models compared."""

import gzip
import json
from itertools import combinations

import numpy as np
import pytest
from metric_tables import cell, results, run, scored
from shared import SHARED, needs_shared

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.summaries.reducer import pass_estimate
from evalkit.metrics.summaries.summarise import summarise

pytestmark = needs_shared
GAME = SHARED / "data" / "dev-tot-game24"
AGENTS = SHARED / "data" / "dev-agentdojo"


def game(name):
    path = GAME / f"gpt-4_0.7_{name}_sample_100_start900_end1000.json"
    puzzles = json.loads(path.read_text())
    return [
        [bool(ok) for ok in p["accs"]] if "accs" in p else [bool(i["r"]) for i in p["infos"]]
        for p in puzzles
    ]


def test_pass_k_of_game_of_24_is_the_share_of_all_draws():
    accuracies = game("naive_standard")
    found = summarise(
        scored(accuracies), reducers=["mean", "any", *(f"pass^{k}" for k in range(1, 5)), "pass@3"]
    ).reducers
    assert found["mean"]["ok"].value == pytest.approx(0.0734, abs=1e-12)
    assert found["any"]["ok"].value == pytest.approx(0.33, abs=1e-12)
    for k in range(1, 4):
        shares = [np.mean([all(draw) for draw in combinations(a, k)]) for a in accuracies[:5]]
        estimates = [pass_estimate(sum(a), len(a), k, "pass^") for a in accuracies[:5]]
        assert estimates == pytest.approx(shares, abs=1e-12)
    for k in range(1, 5):
        counts = np.array([sum(a) for a in accuracies], float)
        direct = np.ones(100)
        for i in range(k):
            direct *= (counts - i) / (100 - i)
        assert found[f"pass^{k}"]["ok"].value == pytest.approx(direct.mean(), abs=1e-12)
        assert found[f"pass^{k}"]["ok"].n == 100


def test_chains_of_thought_pass_more_puzzles_once_and_fewer_runs():
    found = compare(
        [scored(game("naive_standard"), name="io"), scored(game("naive_cot"), name="cot")]
    )
    difference = found.candidates[0].difference("ok")
    assert difference.difference.value == pytest.approx(0.0403 - 0.0734, abs=1e-12)
    assert difference.difference.low < difference.difference.value < difference.difference.high


def agent(pipeline):
    rows, cells = [], []
    with gzip.open(AGENTS / f"{pipeline}.jsonl.gz", "rt") as lines:
        for line in lines:
            record = json.loads(line)
            path = record["_path"].split("/")
            if path[-2:] == ["none", "none.json"] and path[-3].startswith("user_task"):
                run_id = record["_path"]
                example = f"{record['suite_name']}/{record['user_task_id']}"
                rows.append(run(run_id, example, latency_s=record["duration"]))
                cells.append(cell(run_id, record["utility"], key="utility"))
    return results(rows, cells, name=pipeline)


def test_agentdojos_two_models_compared():
    found = compare([agent("command-r-plus"), agent("gemini-1.5-flash-002")])
    difference = found.candidates[0].difference("utility")
    assert difference.difference.n == 97
    assert round(difference.baseline.value, 4) == 0.2474
    assert round(difference.candidate.value, 4) == 0.3814
    assert difference.difference.value == pytest.approx(13 / 97, abs=1e-12)
    assert 0 < difference.difference.low < 13 / 97 < difference.difference.high < 0.3
    assert difference.wins - difference.losses == 13
    assert difference.verdict == "better"
    assert difference.p_adjusted <= 0.05
    assert found.candidates[0].difference("latency.mean").verdict == "better"
