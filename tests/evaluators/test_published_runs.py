"""Built-ins on runs that others recorded, held against what those others said of them."""

import json
from statistics import mean
from typing import Any

import pytest
from shared import SHARED, needs_shared

from evalkit.evaluators.numeric import numeric_match
from evalkit.evaluators.trajectory.score import trajectory_credit, trajectory_match
from evalkit.model.run import Run
from evalkit.testing import make_run

pytestmark = needs_shared


def test_gsm8k_solutions_are_judged_as_their_label_on_every_run() -> None:
    file = SHARED / "data" / "dev-gsm8k-solutions" / "example_model_solutions.jsonl"
    judged = 0
    for line in file.read_text("utf-8").splitlines():
        record = json.loads(line)
        reference = {"answer": record["ground_truth"]}
        for system in (value for value in record.values() if isinstance(value, dict)):
            score = numeric_match({"answer": system["solution"]}, reference, after="A:")
            assert score.score is system["is_correct"], system["solution"][-80:]
            judged += 1
    assert judged == 5276


LOOKING = ("get_", "find_", "list_", "calculate", "think", "transfer")


@pytest.fixture(scope="module")
def tau() -> list[dict[str, Any]]:
    file = SHARED / "data" / "dev-tau-retail" / "tau_dataset_full.json"
    return [
        {
            "reward": record["reward"],
            "run": make_run(run_id=str(record["task_id"]), messages=record["traj"]),
            "actions": record["info"]["task"]["actions"],
        }
        for record in json.loads(file.read_text("utf-8"))
    ]


def writing(names: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in names if not each["name"].startswith(LOOKING)]


def only_writing(run: Run) -> Run:
    """Return a run with the calls that change something, and no others."""
    calls = [{"name": c.name, "args": c.arguments} for c in run.tool_calls]
    message = {"role": "assistant", "content": "", "tool_calls": writing(calls)}
    return make_run(run_id=run.run_id, messages=[message])


def by_reward(tau: list[dict[str, Any]], figure: Any) -> tuple[list[float], list[float]]:
    said: dict[float, list[float]] = {1.0: [], 0.0: []}
    for record in tau:
        said[record["reward"]].append(float(figure(record)))
    return said[1.0], said[0.0]


def separation(good: list[float], bad: list[float]) -> float:
    """Return how often a rewarded run scores above one that was not (a tie counts half)."""
    return mean((a > b) + 0.5 * (a == b) for a in good for b in bad)


def test_tau_retail_partial_credit_follows_the_reward(tau: list[dict[str, Any]]) -> None:
    """The figures that `evaluators/README.md` states."""

    def recall(record: dict[str, Any]) -> Any:
        reference = {"actions": record["actions"]}
        return trajectory_credit(record["run"], reference, figure="recall").score

    good, bad = by_reward(tau, recall)
    assert (len(good), len(bad)) == (73, 27)
    assert mean(good) == pytest.approx(0.8916, abs=0.0005)
    assert mean(bad) == pytest.approx(0.5046, abs=0.0005)
    assert separation(good, bad) == pytest.approx(0.9168, abs=0.0005)


def test_tau_retail_the_reward_looks_at_what_was_changed(tau: list[dict[str, Any]]) -> None:
    def same_changes(record: dict[str, Any]) -> Any:
        expected = writing(record["actions"])
        return trajectory_match(
            only_writing(record["run"]), {}, mode="unordered", expected=expected
        ).score

    good, bad = by_reward(tau, same_changes)
    assert (sum(good), sum(bad)) == (61, 4)


def test_tau_retail_an_agent_that_looks_around_more_is_not_strict(
    tau: list[dict[str, Any]],
) -> None:
    def strict(record: dict[str, Any]) -> Any:
        return trajectory_match(record["run"], {"actions": record["actions"]}).score

    good, bad = by_reward(tau, strict)
    assert (sum(good), sum(bad)) == (8, 0)
