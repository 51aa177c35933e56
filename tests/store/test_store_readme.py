"""The store's README: its columns are the real ones, and its one-liners run."""

import re
from pathlib import Path
from typing import Any

import pytest

from evalkit.model.schema.columns import TABLES
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.engine import score
from evalkit.store.disk.schema import CELLS, EXAMPLES, RUNS, STEPS
from evalkit.store.rescoring import open_scoring
from evalkit.store.store import Store
from evalkit.store.writing import open_writer

README = Path(__file__).parents[2] / "evalkit" / "store" / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
BETWEEN = re.compile(r"(<!-- columns -->\n).*?(<!-- /columns -->)", re.DOTALL)


def columns_text() -> str:
    lines = []
    for name, columns in TABLES.items():
        lines += [f"### {name}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{each.name}` | {each.type} | {each.doc} |" for each in columns]
        lines.append("")
    return "\n".join(lines)


def test_every_column_is_documented() -> None:
    found = BETWEEN.search(README.read_text())
    assert found is not None
    assert found[0] == f"{found[1]}{columns_text()}{found[2]}", "write columns_text() there"


def test_the_files_have_the_documented_columns() -> None:
    stored = {"runs": RUNS, "steps": STEPS, "cells": CELLS, "examples": EXAMPLES}
    for name, columns in TABLES.items():
        documented = [column.name for column in columns]
        assert [n for n in stored[name].names if n not in ("steps", "example_hash")] == documented


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_of_the_readme_runs(
    number: int, tmp_path: Path, a_run: Any, monkeypatch: Any, capsys: Any
) -> None:
    if "duckdb" in BLOCKS[number]:
        pytest.importorskip("duckdb")
    experiment = Store(tmp_path / ".evalkit").experiment("demo")
    with open_writer(experiment, source="test") as writer:
        for each in range(5):
            writer.add(a_run(each))
        writer.finish()
    with open_scoring(experiment) as source:
        score(source, [as_evaluator(lambda outputs: outputs["answer"] > 2, name="big")])
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[number], f"README block {number}", "exec"), {})
    said = capsys.readouterr().out
    assert any(word in said for word in ("success", "answer", "big"))
