"""`missing_as = "wrong"`: the number of tools that count what is missing as wrong, labelled."""

from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit

LABEL = "ok, missing as wrong"


def project(folder: Path, write: Any, scores: str) -> None:
    rows = [{"q": 1, "ok": True}, {"q": 2, "ok": False}, {"q": 3, "ok": None}, {"q": 4, "ok": None}]
    write("log.jsonl", rows)
    (folder / "evalkit.toml").write_text(
        '[experiments.x]\nfetcher = "records"\npath = "log.jsonl"\n'
        f'[experiments.x.fields]\nexample_id = "q"\n"feedback.ok" = "ok"\n{scores}'
    )


@pytest.mark.parametrize(("direction", "value"), [("higher", 0.25), ("lower", 0.75)])
def test_it_stands_beside_and_is_labelled(
    tmp_path: Path, write: Any, direction: str, value: float
) -> None:
    project(tmp_path, write, f'[scores.ok]\nmissing_as = "wrong"\ndirection = "{direction}"\n')
    ran = evalkit("run", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert LABEL in ran.out
    found = evalkit("show", "x", "--json", cwd=tmp_path).document["scores"]["ok"]
    assert (found["mean"], found["n"]) == (0.5, 2)
    assert (found["missing_as_wrong"]["value"], found["missing_as_wrong"]["n"]) == (value, 4)
    assert LABEL in (tmp_path / "reports" / "x" / "report.html").read_text("utf-8")


def test_it_is_never_the_default(tmp_path: Path, write: Any) -> None:
    project(tmp_path, write, "")
    assert LABEL not in evalkit("run", cwd=tmp_path).out
    found = evalkit("show", "x", "--json", cwd=tmp_path).document["scores"]["ok"]
    assert found["missing_as_wrong"] is None
