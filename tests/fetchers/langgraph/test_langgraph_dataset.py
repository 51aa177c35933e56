"""Runs and the examples they answered."""

import json
from pathlib import Path
from typing import Any

import pytest
from fetchers.langgraph.world import made_up

from evalkit.errors import ConfigError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph.fetcher import LangGraphFetcher


def fetcher(folder: Path, rows: list[dict[str, Any]], **more: Any) -> LangGraphFetcher:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    world = made_up(3)
    known = more.pop("known", {})
    return LangGraphFetcher(
        {"url": "http://server.test", "dataset": {"path": "rows.jsonl", **more}},
        FetchContext(experiment="exp", base=folder, known=known),
        transport=world.transport(),
    )


ROWS = [{"id": f"e{n}", "outputs": {"answer": n}} for n in range(4)]


def test_joined_by_the_id_in_the_metadata(tmp_path: Path) -> None:
    made = fetcher(tmp_path, ROWS)
    assert [run.example_id for run in made.runs()] == ["e0", "e1", "e2"]
    assert [e.example_id for e in made.examples()] == ["e0", "e1", "e2", "e3"]
    assert made.counts().notes == []


def test_joined_by_equal_inputs(tmp_path: Path) -> None:
    rows = [{"id": f"q{n}", "inputs": {"question": f"{n}/0"}} for n in range(2)]
    made = fetcher(tmp_path, rows)
    assert [run.example_id for run in made.runs()] == ["q0", "q1", "e2"]
    assert "no example for a run" in made.counts().notes[0]


def test_a_part_of_the_dataset_stays_a_part_when_nothing_is_new(tmp_path: Path) -> None:
    made = fetcher(tmp_path, ROWS, subset=True)
    known = {r.run_id: r.updated_at.isoformat() for r in made.runs() if r.updated_at}
    assert [e.example_id for e in made.examples()] == ["e0", "e1", "e2"]
    again = fetcher(tmp_path, ROWS, subset=True, known=known)
    assert list(again.runs()) == []
    assert [e.example_id for e in again.examples()] == ["e0", "e1", "e2"]


def test_ids_of_another_dataset_are_an_error(tmp_path: Path) -> None:
    made = fetcher(tmp_path, [{"id": "other", "inputs": {"question": "?"}}])
    assert len(list(made.runs())) == 3
    with pytest.raises(ConfigError, match="no run finds its example"):
        list(made.examples())
