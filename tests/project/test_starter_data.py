"""The starter project's runs are those of the sample, and a stranger can read every one."""

import json
import runpy
from pathlib import Path

import pytest

from evalkit.model.run import Run
from evalkit.model.schema.records import read_record
from evalkit.project.scaffold import STARTER

SCRIPT = Path(__file__).parents[2] / "datasets" / "recording" / "starter.py"


def test_it_is_what_the_script_makes_of_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = runpy.run_path(str(SCRIPT))
    monkeypatch.setitem(script["write"].__globals__, "STARTER", tmp_path)
    script["main"]()
    for name in ("examples.jsonl", "baseline.jsonl", "candidate.jsonl"):
        assert (tmp_path / name).read_bytes() == (STARTER / "datasets" / name).read_bytes()


@pytest.mark.parametrize("version", ["baseline", "candidate"])
def test_it_has_something_to_say(version: str) -> None:
    path = STARTER / "datasets" / f"{version}.jsonl"
    runs = [read_record(json.loads(line), "") for line in path.read_text("utf-8").splitlines()]
    assert len(runs) == 20
    assert {run.example_id for run in runs if isinstance(run, Run)} >= {"q01", "q40"}
    outcomes = {run.outcome for run in runs if isinstance(run, Run)}
    assert {"success", "paused"} <= outcomes
