"""Damaged files of a store, mended by the commands that their errors name."""

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended, evalkit

from evalkit.store.results import read_results
from evalkit.store.store import Store

RUNS = 1200
"""Three row groups."""


def truncated(data: bytes) -> bytes:
    return data[:-100]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def emptied(data: bytes) -> bytes:
    return b""


def damage(project: Path, folder: str, how: Callable[[bytes], bytes] | None) -> Path:
    """Damage the first part of a folder of the store, or delete it."""
    part = min((project / ".evalkit" / "the one" / folder).glob("part-*"))
    if how is None:
        part.unlink()
    else:
        part.write_bytes(how(part.read_bytes()))
    return part


def answer(number: int) -> dict[str, object]:
    """Return outputs that no compression makes small, so that a flipped byte meets them."""
    return {"answer": number, "text": hashlib.sha256(b"%d" % number).hexdigest()}


def write_runs(project: Path, numbers: range) -> None:
    rows = [
        {"run_id": f"r{n:05d}", "example_id": f"e{n % 5}", "outputs": answer(n)} for n in numbers
    ]
    (project / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "evaluators").mkdir()
    text = "from evalkit import evaluator\n"
    for name in ("good", "other"):
        text += f"@evaluator\ndef {name}(outputs):\n    return outputs['answer'] % 7\n"
    (project / "evaluators" / "own.py").write_text(text)
    write_runs(project, range(RUNS))
    examples = [{"example_id": f"e{n}", "reference_outputs": {"answer": n}} for n in range(5)]
    lines = "".join(json.dumps(row) + "\n" for row in examples)
    (project / "examples.jsonl").write_text(lines)
    config = '[experiments."the one"]\npath = "runs.jsonl"\ndataset = "examples.jsonl"\n'
    (project / "evalkit.toml").write_text(config)
    assert evalkit("fetch", cwd=project).code == 0
    assert evalkit("score", cwd=project).code == 0
    return project


@pytest.fixture
def scored(pristine: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pristine, tmp_path / "project")


def everything(project: Path) -> list[list[str]]:
    """Return what is stored of runs, examples and cells, whatever its order."""
    results = read_results(Store(project / ".evalkit").experiment("the one"))
    tables = [results.table(name).to_pylist() for name in ("runs", "steps", "cells", "examples")]
    return [sorted(str(row | {"duration_ms": 0}) for row in rows) for rows in tables]


def as_told(error: Ended, project: Path) -> Ended:
    """Type the command that an error names."""
    (command,) = re.findall(r"`evalkit ([^`]*)`", error.err)
    return evalkit(*shlex.split(command), cwd=project)


DAMAGES = [
    *(("runs", how) for how in (truncated, flipped, emptied, None)),
    *(("examples", how) for how in (flipped, None)),
]


@pytest.mark.parametrize(("folder", "how"), DAMAGES)
def test_a_fetch_brings_back_what_a_damaged_file_held(
    scored: Path, folder: str, how: Callable[[bytes], bytes] | None
) -> None:
    before = everything(scored)
    part = damage(scored, folder, how)
    refused = evalkit("score", "--fresh", cwd=scored)
    assert refused.code == 3
    assert part.name in refused.err
    assert evalkit("store", "verify", cwd=scored).code == 3
    mended = as_told(refused, scored)
    assert mended.code == 0, mended.err
    assert f"Mend the one, {folder}/{part.name}" in mended.err
    assert evalkit("store", "verify", cwd=scored).code == 0
    assert everything(scored) == before
    assert "Mend" not in evalkit("fetch", cwd=scored).err


def test_row_groups_that_can_be_read_are_not_fetched_again(scored: Path) -> None:
    damage(scored, "runs", flipped)
    fetched = evalkit("fetch", "--json", cwd=scored).document
    assert 0 < fetched["new"] < RUNS
    assert fetched["notes"] == ["damaged files replaced: 1"]


def test_runs_the_source_cannot_give_again_are_no_smaller_experiment(scored: Path) -> None:
    damage(scored, "runs", truncated)
    write_runs(scored, range(1000))
    for _ in range(2):  # it stays so
        short = evalkit("fetch", cwd=scored)
        assert short.code == 3
        assert "error[incomplete]: the one: fetched 1000 runs: 200 runs of damaged" in short.err
        assert "200 runs of damaged" in evalkit("store", "verify", cwd=scored).out
    assert list((scored / ".evalkit" / "the one" / "damaged").iterdir())
    write_runs(scored, range(RUNS))
    assert evalkit("fetch", cwd=scored).code == 0
    assert evalkit("store", "verify", cwd=scored).code == 0
    assert not list((scored / ".evalkit" / "the one" / "damaged").iterdir())


def test_a_refresh_takes_what_the_source_has_now(scored: Path) -> None:
    damage(scored, "runs", flipped)
    write_runs(scored, range(0))
    with (scored / "runs.jsonl").open("a") as file:
        file.write(json.dumps({"run_id": "r00001", "outputs": {"answer": 1}}) + "\n")
    short = evalkit("fetch", "--json", cwd=scored)
    assert short.code == 3
    assert evalkit("show", "the one", cwd=scored).code == 0  # nothing readable is dropped meanwhile
    again = evalkit("fetch", "--refresh", "--json", cwd=scored)
    assert (again.code, again.document["received"]) == (0, 1)


def test_a_source_that_is_down_leaves_the_store_as_it_was(scored: Path) -> None:
    part = damage(scored, "runs", flipped)
    (scored / "runs.jsonl").rename(scored / "elsewhere")
    assert evalkit("fetch", cwd=scored).code == 3
    assert part.exists()
    assert part.name in evalkit("score", "--fresh", cwd=scored).err
    (scored / "elsewhere").rename(scored / "runs.jsonl")
    assert evalkit("fetch", cwd=scored).code == 0
    assert evalkit("store", "verify", cwd=scored).code == 0


@pytest.mark.parametrize(
    ("how", "option"), [(truncated, ()), (flipped, ("--fresh",)), (emptied, ())]
)
def test_scoring_makes_the_cells_of_a_damaged_file_again(
    scored: Path, how: Callable[[bytes], bytes], option: tuple[str, ...]
) -> None:
    before = everything(scored)
    part = damage(scored, "scores", how)
    shown = evalkit("show", "the one", cwd=scored)
    assert shown.code == 3
    assert part.name in evalkit("store", "verify", cwd=scored).out
    mended = evalkit("score", *option, cwd=scored) if option else as_told(shown, scored)
    assert mended.code == 0, mended.err
    assert f"Mend the one, scores/{part.name}" in mended.err
    assert evalkit("store", "verify", cwd=scored).code == 0
    assert everything(scored) == before


def test_cells_of_other_parts_are_not_made_again(scored: Path) -> None:
    damage(scored, "scores", flipped)
    done = evalkit("score", "--json", cwd=scored).document["done"]
    assert 0 < done < 2 * RUNS


def test_a_damaged_file_stays_while_evaluators_lack_cells(scored: Path) -> None:
    part = damage(scored, "scores", flipped)
    only = evalkit("score", "-e", "good", cwd=scored)
    assert only.code == 3
    tidied = evalkit("store", "gc", cwd=scored)
    assert (tidied.code, part.exists()) == (0, True)
    assert "1 damaged files of scores/ stay" in tidied.out
    assert as_told(only, scored).code == 0
    assert not part.exists()


def test_gc_removes_a_damaged_file_nothing_depends_on(scored: Path) -> None:
    stale = damage(scored, "scores", None)  # its cells are made again in another part
    assert evalkit("score", cwd=scored).code == 0
    stale.write_bytes(b"PAR1 and nothing else")
    before = evalkit("store", "verify", cwd=scored)
    assert stale.name in before.out
    assert evalkit("store", "gc", cwd=scored).code == 0
    assert not stale.exists()
    assert evalkit("store", "verify", cwd=scored).code == 0
    assert evalkit("score", "--json", cwd=scored).document["done"] == 0


@pytest.mark.parametrize("name", ["manifest.json", "scores/evaluators.json"])
def test_a_damaged_document_is_deleted_and_made_again(scored: Path, name: str) -> None:
    before = everything(scored)
    path = scored / ".evalkit" / "the one" / name
    path.write_bytes(truncated(path.read_bytes()))
    refused = evalkit("score", cwd=scored)
    assert refused.code == 3
    assert "Delete this file" in refused.err
    path.unlink()
    assert as_told(refused, scored).code == 0
    assert evalkit("score", cwd=scored).code == 0
    assert everything(scored) == before
