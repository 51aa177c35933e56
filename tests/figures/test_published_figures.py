"""Figures others published of their runs come out of `evalkit run`, from their raw records."""

import shutil
from functools import cache
from pathlib import Path

import pytest
from command_line import evalkit
from shared import SHARED, needs_shared

from evalkit.store.results import read_results
from evalkit.store.store import Store

pytestmark = needs_shared
HERE = Path(__file__).parent
FINE = {"abs": 5e-7, "rel": 0}
"""Published with six digits."""
PERCENT = {"abs": 5e-5, "rel": 0}
"""Published in per cent with two digits."""


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Return a project's folder, copied with the place of the data written into its config."""

    @cache
    def copied(project: str) -> Path:
        folder: Path = tmp_path_factory.mktemp(project)
        shutil.copytree(HERE / project, folder, dirs_exist_ok=True)
        config = folder / "evalkit.toml"
        config.write_text(config.read_text().replace("DATA/", f"{SHARED.resolve()}/data/"))
        return folder

    return copied


@pytest.fixture(scope="module")
def summary(folder_of):
    """Run an experiment of a project once, and return what `--json` prints."""

    @cache
    def run(project: str, experiment: str):
        folder = folder_of(project)
        ended = evalkit("run", experiment, "--json", cwd=folder)
        assert ended.code == 0, ended.err
        return ended.document

    return run


def differing(folder: Path, experiment: str, one: str, other: str) -> list[str]:
    """Return the runs of which two scores say different things."""
    scores: dict[str, dict[str, float]] = {one: {}, other: {}}
    stored = Store(str(folder / ".evalkit")).experiment(experiment)
    for cell in read_results(stored).table("cells").to_pylist():
        scores[cell["key"]][cell["run_id"]] = cell["score"]
    assert scores[one].keys() == scores[other].keys()
    return [run_id for run_id, score in scores[one].items() if score != scores[other][run_id]]


def mean(document, key, by=None, value=None):
    """Return (mean, n) of a score, or of it on a slice."""
    score = document["scores"][key]
    if by is None:
        return score["mean"], score["n"]
    (part,) = [s for s in score["slices"] if (s["by"], s["value"]) == (by, value)]
    return part["mean"], part["n"]


@pytest.mark.parametrize(
    ("experiment", "runs", "figures"),
    [
        ("sql_react", 1034, {"success": 0.587041, "turns": 5.300774, "error_rate": 0.069370}),
        ("sql_single", 1034, {"success": 0.105416, "error_rate": 0.878143}),
        ("bash_react", 200, {"success": 0.205, "turns": 4.4, "error_rate": 0.203889}),
    ],
)
def test_intercode(summary, experiment, runs, figures):
    document = summary("intercode", experiment)
    for key, published in figures.items():
        assert mean(document, key) == (pytest.approx(published, **FINE), runs)


def test_intercode_states_the_same_turns_itself(summary):
    document = summary("intercode", "sql_react")
    assert mean(document, "turns_taken")[0] == mean(document, "turns")[0]


@pytest.mark.parametrize(
    ("pipeline", "utility", "attacked", "success"),
    [
        ("command-r-plus", 0.2474, 0.2512, 0.0445),
        ("gemini-1.5-flash-002", 0.3814, 0.3243, 0.0350),
    ],
)
def test_agentdojo(summary, pipeline, utility, attacked, success):
    document = summary("agentdojo", pipeline)
    by = "metadata.attack"
    assert mean(document, "utility", by, "none") == (pytest.approx(utility, **PERCENT), 97)
    under = mean(document, "utility", by, "important_instructions")
    assert under == (pytest.approx(attacked, **PERCENT), 629)
    assert mean(document, "attack_success") == (pytest.approx(success, **PERCENT), 629)
    assert document["scores"]["attack_success"]["outcomes"]["not_applicable"] == 97


def test_agentdojo_durations_and_errors(summary):
    """Not published; computed by hand from the raw records."""
    document = summary("agentdojo", "command-r-plus")
    latency = document["latency"]
    assert latency["n"] == 726
    assert latency["mean"] == pytest.approx(19.25, abs=0.005)
    assert latency["p50"] == pytest.approx(11.32, abs=0.005)
    assert document["counts"]["outcomes"]["error"] == 23
    other = summary("agentdojo", "gemini-1.5-flash-002")
    assert other["latency"]["mean"] == pytest.approx(7.04, abs=0.005)
    assert other["counts"]["outcomes"]["error"] == 0


@pytest.mark.parametrize(
    ("experiment", "average", "best"), [("io", 0.0734, 33), ("cot", 0.0403, 49)]
)
def test_game_of_24(summary, experiment, average, best):
    document = summary("game24", experiment)
    assert document["counts"]["received"] == 10_000
    assert document["counts"]["examples"] == 100
    for key in ("makes_24", "upstream"):
        assert mean(document, key) == (pytest.approx(average, **PERCENT), 10_000)
        assert document["reducers"]["best@100"][key]["value"] == pytest.approx(best / 100)
        assert document["reducers"]["best@100"][key]["n"] == 100


@pytest.mark.parametrize("experiment", ["io", "cot", "tot"])
def test_game_of_24_evaluator_agrees_with_the_stored_score_on_every_answer(
    summary, folder_of, experiment
):
    summary("game24", experiment)
    assert differing(folder_of("game24"), experiment, "makes_24", "upstream") == []


def test_tree_of_thoughts(summary):
    document = summary("game24", "tot")
    assert document["counts"]["received"] == 500
    assert document["reducers"]["any"]["makes_24"]["value"] == pytest.approx(0.69)
    assert document["steps"]


def test_gsm8k_evaluator_agrees_with_the_label_on_every_run(summary, folder_of):
    document = summary("gsm8k", "gsm8k")
    assert document["counts"]["received"] == 5276
    published = {
        "6b_finetuning": 0.2168,
        "6b_verification": 0.3904,
        "175b_finetuning": 0.3472,
        "175b_verification": 0.5625,
    }
    for system, accuracy in published.items():
        for key in ("correct", "upstream"):
            found = mean(document, key, "metadata.system", system)
            assert found == (pytest.approx(accuracy, **PERCENT), 1319)
    assert differing(folder_of("gsm8k"), "gsm8k", "correct", "upstream") == []


def test_tau_retail(summary):
    document = summary("tau_retail", "retail")
    assert mean(document, "reward") == (pytest.approx(0.73), 100)
    assert mean(document, "reward_is_one") == (pytest.approx(0.73), 100)
    assert document["scores"]["tool_calls_match"]["n"] > 90
    assert document["usage"]
