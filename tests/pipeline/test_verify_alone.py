"""A page without its store: what is honest passes whatever the runs were, and what is not does not.

Levels beside a change are those of paired examples, and some of what runs say is in no mean.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

import forged
import pytest
from inside import evalkit_here, inside

from evalkit.pipeline.concluding import conclude
from evalkit.pipeline.verifying.finding import Verified
from evalkit.pipeline.verifying.verify import verify
from evalkit.project.config import load

EVALUATORS = '''
from evalkit import evaluator


@evaluator
def right(outputs) -> bool:
    return outputs["k"] % 3 > 0


@evaluator(range=(0.0, 1.0))
def near(outputs) -> float:
    """Sometimes more than it can be."""
    return outputs["k"] / 9
'''
NAMES = ("old", "new", "third")
CONFIG = 'baseline = "old"\n' + "".join(
    f'[experiments.{name}]\nfetcher = "evalkit"\npath = "{name}.jsonl"\n' for name in NAMES
)


def record(name: str, n: int, rng: random.Random) -> dict:
    example = {} if n % 7 == 0 else {"example_id": f"e{rng.randrange(9)}"}
    stars = [{"key": "stars", "score": rng.randrange(6)} for _ in range(n % 3)]
    return {
        "run_id": "\0begins with NUL" if n == 4 else f"r{n}",
        "status": rng.choice(["success", "success", "error"]),
        "inputs": {"q": n},
        "outputs": {"k": rng.randrange(12)},
        "started_at": f"2026-03-01T08:00:{n:02d}Z",
        "ended_at": f"2026-03-01T08:00:{max(0, n + rng.randrange(-1, 9)):02d}Z",
        "first_token_at": f"2026-03-01T08:00:{n + 3:02d}Z",
        "feedback": stars,
        **example,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unequal")
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "mine.py").write_text(EVALUATORS)
    (folder / "evalkit.toml").write_text(CONFIG)
    for name in NAMES:
        rng = random.Random(name)
        lines = [json.dumps(record(name, n, rng)) for n in range(30)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    assert evalkit_here("run", "-q", cwd=folder).code == 0
    return folder


def alone(page: Path) -> Verified:
    return verify(page, None)


@pytest.mark.parametrize("names", [["old"], ["old", "new"], [*NAMES], ["third", "old"]])
@pytest.mark.parametrize("more", [[], ["--share"], ["--runs", "5"], ["--traces", "none"]])
def test_honest_pages_of_unequal_runs_pass(made: Path, names: list[str], more: list[str]) -> None:
    page = made / "page.html"
    assert evalkit_here("report", "-q", *names, *more, "--output", str(page), cwd=made).code == 0
    found = alone(page)
    assert found.findings == []
    assert found.checked["figures"] > 10


def _paired(document: dict) -> None:
    row = next(row for row in document["metrics"] if row["metric"] == "right")
    row["figures"]["new"]["value"] += 0.01


def _fewer(document: dict) -> None:
    row = next(row for row in document["metrics"] if row["metric"] == "right")
    row["figures"]["new"]["n"] -= 1


def _hidden(document: dict) -> None:
    row = next(row for row in document["metrics"] if row["metric"] == "right")
    row["figures"]["new"] |= {"value": None, "n": 0}


@pytest.mark.parametrize("change", [_paired, _fewer, _hidden])
def test_a_level_of_pairs_is_held_against_their_runs(
    made: Path, tmp_path: Path, change: Callable[[dict], None]
) -> None:
    page = tmp_path / "page.html"
    assert evalkit_here("report", "-q", *NAMES, "--output", str(page), cwd=made).code == 0
    page.write_bytes(forged.figures(page.read_bytes(), change))
    assert ["right of new" in each.text for each in alone(page).findings] == [True]


def _total(head: dict, data: bytearray) -> None:
    head["chosen"]["total"] = 10_000


def _listed(head: dict, data: bytearray) -> None:
    head["chosen"]["listed"] += 1


def _none(document: dict) -> None:
    outcomes = document["experiments"][0]["outcomes"]
    outcomes["success"], outcomes["error"] = 0, outcomes["error"] + outcomes["success"]


CHANGES = {
    "the whole": (lambda p: forged.core(p, _total), "the page chose of 10000"),
    "the list": (lambda p: forged.core(p, _listed), "runs listed"),
    "counts": (lambda p: forged.figures(p, _none), "success in old"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_list_of_some_runs_is_held_against_what_is_said_of_all(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("evalkit.metrics.selecting.chosen.LISTED", 40)
    page = tmp_path / "page.html"
    with inside(made):
        conclude(load(made), [*NAMES], to=page, runs=5)
    assert alone(page).findings == []
    change, said = CHANGES[what]
    page.write_bytes(change(page.read_bytes()))
    assert [said in each.text for each in alone(page).findings] == [True]
