"""CSV: what a spreadsheet would run gets a leading quote, in lists too."""

import csv

import pytest
from metric_tables import results, run

from evalkit.store.upkeep.export import export


@pytest.mark.parametrize(
    ("tags", "cell"),
    [
        (["=1+1"], "'=1+1"),
        (["=cmd|' /C calc'!A0", "b"], "'=cmd|' /C calc'!A0;b"),
        (["@sum", "+1"], "'@sum;'+1"),
        (["\uff1d1+1"], "'\uff1d1+1"),
        (["a", "=1"], "a;'=1"),
        (["  =1"], "'  =1"),
        (["a", "", "-"], "a;;'-"),
        (["a", "\n=1"], "a;'\n=1"),
        ([], ""),
    ],
)
def test_every_text_of_a_list_is_guarded(tmp_path, tags, cell):
    export(results([run("r1", "e1", tags=tags)]), tmp_path, "csv")
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["tags"] == cell
