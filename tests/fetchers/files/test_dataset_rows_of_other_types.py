"""A dataset row of another type is named where it stands, and no run is blamed for it."""

import json
from pathlib import Path

import pytest

from evalkit.errors import DatasetError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.mapping.dataset import read_dataset
from evalkit.fetchers.files.reading.findings import Findings


def read(folder: Path, *rows: dict) -> Findings:
    (folder / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    findings = Findings()
    read_dataset("d.jsonl", FetchContext(experiment="x", base=folder), findings)
    return findings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("metadata", value) for value in ("text", 7, [1], [["k", "v"]])),
        *(("split", value) for value in ({"p": 1}, [None], [["p"]], 0.5)),
    ],
)
def test_a_row_of_another_type_is_named(tmp_path, field, value):
    good = {"id": "a", "inputs": {}, "metadata": {"k": 1}, "split": ["p", "q"]}
    with pytest.raises(DatasetError, match=rf"d\.jsonl:2: {field} of a dataset row is "):
        read(tmp_path, good, good | {"id": "b", field: value})


def test_a_number_is_a_split(tmp_path):
    assert read(tmp_path, {"id": "a", "inputs": {}, "split": 5}).notes() == []


def test_two_rows_of_one_id_that_differ_are_noted(tmp_path):
    first, same, other = ({"id": "a", "inputs": {"n": n}} for n in (1, 1, 2))
    assert read(tmp_path, first, same).notes() == []
    (note,) = read(tmp_path, first, same, other).notes()
    assert note.endswith("the first is kept (first: a)")
