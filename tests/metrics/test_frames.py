"""Frames: tidy tables with the documented columns."""

import pytest
from metric_tables import cell, results, run

from evalkit.errors import ConfigError
from evalkit.metrics.columns import frames
from evalkit.model.schema.columns import TABLES

GIVEN = results(
    [run("a", "e0", latency_s=1.5), run("b", "e1")],
    [cell("a", True), cell("b", False), cell("a", 0.5, key="s"), cell("a", 1.0, key="s")],
    steps=[{"run_id": "a", "step_id": "1", "kind": "llm", "name": "m"}],
    examples=[{"example_id": "e0", "split": ["dev"]}],
)


def test_every_table_has_its_documented_columns():
    for name, read in (("runs", frames.runs), ("steps", frames.steps)):
        plain = [c.name for c in TABLES[name] if c.type != "json"]
        plain += ["inputs", "outputs"] if name == "runs" else []
        assert list(read(GIVEN).columns) == plain
    assert frames.feedback(GIVEN).groupby("key").score.mean().to_dict() == {"ok": 0.5, "s": 0.75}
    assert frames.examples(GIVEN).example_id.tolist() == ["e0"]


def test_what_was_not_recorded_is_nan():
    assert frames.runs(GIVEN, ["run_id", "latency_s"]).latency_s.isna().tolist() == [False, True]


def test_one_row_a_run_with_a_column_a_score():
    wide = frames.wide(GIVEN).set_index("run_id")
    assert wide.loc["a", "score.s"] == 0.75
    assert wide["score.s"].isna().tolist() == [False, True]
    assert wide["score.ok"].tolist() == [1.0, 0.0]


def test_an_unknown_column_is_named():
    with pytest.raises(ConfigError, match="no column 'latencys'"):
        frames.runs(GIVEN, ["latencys"])
