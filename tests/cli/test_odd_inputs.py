"""Inputs that were a crash once, each a member of a kind: now one line, and what else is there."""

import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from command_line import evalkit

FILES = '[experiments.x]\nfetcher = "files"\npath = "{name}"\n'
MAPPED = '[experiments.x]\nfetcher = "records"\npath = "x.jsonl"\n'
RECORDS = MAPPED + "[experiments.x.fields]\nrun_id = {}\n"
GOOD = b'{"run_id": "r1", "status": "success", "outputs": {"a": 1}}\n'


def newer_archive() -> bytes:
    """Return a zip archive whose directory asks for a version nobody has."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("header.json", "{}")
    data = bytearray(out.getvalue())
    data[data.find(b"PK\x01\x02") + 6] = 99
    return bytes(data)


def hurt_gzip() -> bytes:
    data = bytearray(gzip.compress(GOOD * 50, mtime=0))
    data[30:40] = b"\xff" * 10
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("x.eval", newer_archive(), 2),
        ("x.json.gz", hurt_gzip(), 2),
        ("x.csv.gz", hurt_gzip(), 2),
        ("x.jsonl.gz", hurt_gzip(), 2),
    ],
)
def test_files_that_are_hurt(tmp_path: Path, name: str, data: bytes, code: int) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "evalkit.toml").write_text(FILES.format(name=name))
    ended = evalkit("fetch", "x", cwd=tmp_path)
    assert ended.code == code, ended.err
    assert name in ended.err


def test_a_store_of_promptfoo_with_other_columns(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as made, made:
        made.execute("CREATE TABLE evals (id, results, config)")
        made.execute("CREATE TABLE eval_results (id)")
    (tmp_path / "evalkit.toml").write_text(FILES.format(name="x.db"))
    ended = evalkit("fetch", "x", cwd=tmp_path)
    assert ended.code in (2, 3), ended.err
    assert "no such column" in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 3_000 + "]" * 3_000, "nested too deep"),
        ("x = " + "9" * 5_000, "cannot be read"),
        (RECORDS.format(json.dumps("(" * 3_000 + "id")), "nested too deep"),
        (RECORDS.format(json.dumps("a || " * 2_000 + "id")), "nested too deep"),
        ("experiments = 7\nbaseline = 'x'", "experiments"),
        ('[experiments.x]\nmapping = "one"\npath = "x.jsonl"\n[mappings.one]\nfields = 3\n',
         "should be a table"),
        ("tool = 3", "experiments"),
    ],
)  # fmt: skip
def test_configurations_nobody_would_write(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(GOOD)
    (tmp_path / "evalkit.toml").write_text(text)
    ended = evalkit("fetch", "x", cwd=tmp_path)
    assert ended.code == 2, ended.err
    assert said in ended.err


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, '{"type": "evalkit.summary"}', '{"type": "evalkit.summary", "experiment": 3}'],
)
def test_a_saved_summary_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(GOOD)
    (tmp_path / "evalkit.toml").write_text(FILES.format(name="x.jsonl"))
    (tmp_path / "base.json").write_text(text)
    assert evalkit("run", "x", "--quiet", cwd=tmp_path).code == 0
    rule = "success_rate not worse than baseline by 5%"
    ended = evalkit("gate", "x", "--baseline", "base.json", "--gate", rule, cwd=tmp_path)
    assert ended.code == 2, ended.err
    assert "base.json" in ended.err
