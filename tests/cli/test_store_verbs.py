"""The verbs about what is stored, on a project that was scored."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command_line import evalkit


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    (tmp_path / "evaluators").mkdir()
    text = "from evalkit import evaluator\n@evaluator\ndef good(outputs):\n    return 1\n"
    (tmp_path / "evaluators" / "own.py").write_text(text)
    rows = [{"run_id": str(n), "outputs": {"answer": "=1+1"}, "error": "=2"} for n in range(3)]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "evalkit.toml").write_text('[experiments.one]\npath = "runs.jsonl"\n')
    assert evalkit("fetch", cwd=tmp_path).code == 0
    assert evalkit("score", cwd=tmp_path).code == 0
    return tmp_path


def test_list(scored: Path) -> None:
    (row,) = evalkit("store", "list", "--json", cwd=scored).document["experiments"]
    assert (row["name"], row["runs"], row["evaluators"]) == ("one", 3, ["good"])
    assert row["bytes"] > 0
    assert "one" in evalkit("store", "list", cwd=scored).out


def test_verify_finds_a_flipped_byte(scored: Path) -> None:
    assert evalkit("store", "verify", cwd=scored).code == 0
    (part,) = (scored / ".evalkit" / "one" / "runs").glob("*.parquet")
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    ended = evalkit("store", "verify", "--json", cwd=scored)
    assert ended.code == 3
    assert [row["ok"] for row in ended.document["findings"] if part.name in row["name"]] == [False]
    assert "FAIL" in evalkit("store", "verify", cwd=scored).out


def test_gc_drops_what_is_stale_and_keeps_what_is_current(scored: Path) -> None:
    own = scored / "evaluators" / "own.py"
    own.write_text(own.read_text().replace("return 1", "return 0"))
    evalkit("score", cwd=scored)
    (row,) = evalkit("store", "gc", "--json", cwd=scored).document["experiments"]
    assert row["cells"] == 3
    again = evalkit("score", "--json", cwd=scored).document
    assert again["done"] == 0
    assert again["summary"]["scores"]["good"]["mean"] == 0


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_export(scored: Path, kind: str) -> None:
    ended = evalkit("store", "export", "one", "--to", "out", "--format", kind, cwd=scored)
    assert ended.code == 0, ended.err
    files = {Path(line).name: scored / line for line in ended.out.split()}
    if kind == "parquet":
        assert pq.read_table(files["runs.parquet"]).num_rows == 3
    elif kind == "jsonl":
        lines = files["runs.jsonl"].read_text().splitlines()
        assert [json.loads(line)["run_id"] for line in lines] == ["0", "1", "2"]
    else:
        with files["runs.csv"].open(newline="") as file:
            assert {row["error"] for row in csv.DictReader(file)} == {"'=2"}


def test_what_is_exported_can_be_fetched_again(scored: Path) -> None:
    evalkit("store", "export", "one", "--to", "out", "--format", "jsonl", cwd=scored)
    with (scored / "evalkit.toml").open("a") as out:
        out.write('[experiments.two]\nfetcher = "evalkit"\npath = "out/runs.jsonl"\n')
    assert evalkit("fetch", "two", "--json", cwd=scored).document["received"] == 3


def test_an_experiment_that_is_not_stored(scored: Path) -> None:
    ended = evalkit("store", "verify", "oen", cwd=scored)
    assert ended.code == 2
    assert "Did you mean 'one'?" in ended.err
