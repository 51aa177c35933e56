"""A page of which nothing changed is left as it is; any change of what it shows writes it anew."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.pipeline.running import run
from evalkit.project.config import load

LINE = '{"run_id": "%s", "example_id": "%s", "outputs": {"answer": "%s"}, "duration_s": 1.5}\n'
OWN = 'from evalkit import evaluator\n\n@evaluator\ndef fine(outputs):\n    return outputs["answer"] == "a"\n'  # noqa: E501


def again(folder: Path, **options: Any) -> tuple[bytes, bool]:
    """Run once more; return the page and whether it was written."""
    page = folder / "reports/one/report.html"
    before = page.stat().st_ino if page.exists() else None
    ran = run(load(folder), ["one"], **options)
    assert ran.report == page
    return page.read_bytes(), page.stat().st_ino != before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators/own.py").write_text(OWN)
    (tmp_path / "runs.jsonl").write_text("".join(LINE % (n, n, "ab"[n % 2]) for n in range(6)))
    text = '[experiments.one]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    (tmp_path / "evalkit.toml").write_text(text)
    assert again(tmp_path)[1]
    return tmp_path


def test_a_page_of_which_nothing_changed_is_left_as_it_is(folder: Path) -> None:
    assert not again(folder)[1]


def _write(name: str, old: str, new: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        path = folder / name
        path.write_text(path.read_text().replace(old, new))

    return write


def _cut(folder: Path) -> None:
    page = folder / "reports/one/report.html"
    page.write_bytes(page.read_bytes()[:-3])


CHANGES: dict[str, Callable[[Path], Any]] = {
    "a run": _write("runs.jsonl", '"b"', '"c"'),
    "an evaluator": _write("evaluators/own.py", '"a"', '"b"'),
    "a gate": lambda folder: None,
    "the size it may have": lambda folder: None,
    "a page that was cut": _cut,
    "a page that is gone": lambda folder: (folder / "reports/one/report.html").unlink(),
}


OPTIONS: dict[str, dict[str, Any]] = {
    "a gate": {"gates": ["score.fine >= 0"]},
    "the size it may have": {"max_size": 9_000_000},
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_writes_it_anew(folder: Path, change: str) -> None:
    CHANGES[change](folder)
    options = OPTIONS.get(change, {})
    assert again(folder, **options)[1]
    assert not again(folder, **options)[1]


def test_a_page_that_is_shared_is_written_each_time(folder: Path) -> None:
    from evalkit.report.sharing.cleaner import ShareOptions

    options = {"share": ShareOptions(salt="x")}
    assert again(folder, **options)[1]
    page, written = again(folder, **options)
    assert written
    assert b'"made_of": ""' in page[-300:]


def test_figures_that_changed_and_came_back_are_written_anew(folder: Path) -> None:
    first, _ = again(folder)
    CHANGES["an evaluator"](folder)
    assert again(folder)[1]
    _write("evaluators/own.py", '"b"', '"a"')(folder)
    last, written = again(folder)
    assert written
    saved = json.loads((folder / "reports/one/summary.json").read_text())
    assert saved["scores"]["fine"]["mean"] == 0.5
    assert len(first) <= len(last)  # there is a history now
