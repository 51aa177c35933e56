"""What was written of runs for one page is used for the next, and no page shows it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.pipeline.concluding import conclude
from evalkit.pipeline.running import run
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import load
from evalkit.report.sharing.cleaner import ShareOptions
from evalkit.store.care import collect_stale
from evalkit.store.upkeep.kept import KeptBlocks

RUNS = 150
OWN = """\
from evalkit import evaluator

@evaluator
def fine(outputs, reference_outputs):
    return outputs["answer"] == reference_outputs["answer"]

@evaluator
def short(step):
    return {"key": "short", "score": len(str(step.outputs)) < 40, "comment": "because " * 40}
"""


def record(number: int) -> dict[str, Any]:
    """A run with steps of every kind that is read, long texts, and texts that look like ours."""
    long = "All that is known of it. " * (8 + number % 5)
    steps = [
        {"kind": "llm", "inputs": {"messages": [{"role": "user", "content": long}]},
         "outputs": {"choices": [{"message": {"role": "assistant", "content": str(number)}}]}},
        {"kind": "retriever", "outputs": {"documents": [{"id": "d", "page_content": long}]}},
        {"kind": "tool", "name": "\x00r0", "outputs": [2**60, "\x00b1", 1.5, None]},
    ]  # fmt: skip
    for place, step in enumerate(steps):
        step |= {"step_id": f"{number}-{place}", "duration_s": 0.1 * place}
    return {
        "run_id": str(number), "example_id": str(number % 40), "duration_s": 1.0 + number % 7,
        "status": "error" if number % 19 == 0 else "success", "steps": steps,
        "outputs": {"answer": "ab"[number % 2], "why": long, "mail": f"a{number}@example.com"},
    }  # fmt: skip


def write(folder: Path, records: list[dict[str, Any]]) -> None:
    (folder / "runs.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    (folder / "evaluators").mkdir()
    (folder / "evaluators/own.py").write_text(OWN)
    write(folder, [record(number) for number in range(RUNS)])
    rows = [{"id": str(n), "inputs": {"q": n}, "outputs": {"answer": "a"}} for n in range(40)]
    (folder / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = '[experiments.one]\nfetcher = "files"\npath = "runs.jsonl"\n'
    text += 'dataset = "examples.jsonl"\n'
    (folder / "evalkit.toml").write_text(text)
    run(load(folder), ["one"])
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "project")


def page(folder: Path, **options: Any) -> bytes:
    """Return the page made now, without the time it was made and the digest of what it shows."""
    shutil.rmtree(folder / "reports", ignore_errors=True)
    ran = conclude(load(folder), ["one"], **options)
    assert ran.report is not None
    text = re.sub(rb"<!-- evalkit: .*?-->", b"", ran.report.read_bytes())
    return re.sub(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", b"", text)


def blocks(folder: Path) -> list[Path]:
    return sorted((folder / ".evalkit/one/traces").iterdir())


def _an_evaluator(folder: Path) -> None:
    path = folder / "evaluators/own.py"
    path.write_text(path.read_text().replace("< 40", "< 400"))
    run(load(folder), ["one"])


def _a_run(folder: Path) -> None:
    records = [record(number) for number in range(RUNS + 1)]
    records[70]["outputs"] = {"answer": "c"}
    write(folder, records)
    run(load(folder), ["one"])


def _an_answer(folder: Path) -> None:
    path = folder / "examples.jsonl"
    path.write_text(path.read_text().replace('"answer": "a"', '"answer": "b"', 3))
    run(load(folder), ["one"])


def _flipped(folder: Path) -> None:
    for path in blocks(folder):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


def _cut(folder: Path) -> None:
    for length, path in zip((0, 10, 300), blocks(folder), strict=True):
        path.write_bytes(path.read_bytes()[:length])


def _swapped(folder: Path) -> None:
    first, second, *_ = blocks(folder)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder / ".evalkit/one/traces")
    (folder / ".evalkit/one/traces").write_text("no folder")


CHANGES: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda folder: None,
    "an evaluator": _an_evaluator,
    "a run": _a_run,
    "an answer": _an_answer,
    "a flipped bit": _flipped,
    "blocks cut short": _cut,
    "blocks swapped": _swapped,
    "a file in place of the folder": _a_file,
    "the folder gone": lambda folder: shutil.rmtree(folder / ".evalkit/one/traces"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_page_of_kept_pieces_is_the_page_made_anew(folder: Path, change: str) -> None:
    CHANGES[change](folder)
    warm = page(folder)
    assert page(folder) == warm
    traces = folder / ".evalkit/one/traces"
    if traces.is_dir():
        shutil.rmtree(traces)
    assert page(folder) == warm


def test_what_was_kept_is_used_and_what_no_run_needs_is_forgotten(folder: Path) -> None:
    before = {path.name: path.stat().st_ino for path in blocks(folder)}
    assert len(before) == 3
    _a_run(folder)
    after = {path.name: path.stat().st_ino for path in blocks(folder)}
    assert len(after) == 3
    same = [name for name in before if after.get(name) == before[name]]
    assert len(same) >= 1
    kept = KeptBlocks(fetched_experiment(load(folder), "one").files)  # type: ignore[arg-type]
    held = kept.get(same[0])
    assert held is not None
    first = page(folder)
    kept.put(same[0], held.replace(b"All that is known", b"ALL that is known"))
    assert page(folder) != first


def test_a_page_that_is_shared_cleans_what_is_kept_and_keeps_what_is_plain(folder: Path) -> None:
    plain, before = page(folder), {path.name: path.read_bytes() for path in blocks(folder)}
    options = {"share": ShareOptions(salt="x")}
    shared = page(folder, **options)
    assert shared != plain
    for path in blocks(folder):
        path.unlink()
    assert page(folder, **options) == shared
    assert {path.name: path.read_bytes() for path in blocks(folder)} == before
    assert page(folder) == plain


def test_a_page_without_room_for_all_keeps_and_uses_what_it_has(folder: Path) -> None:
    shutil.rmtree(folder / ".evalkit/one/traces")
    small = page(folder, max_size=400_000)
    assert page(folder, max_size=400_000) == small
    whole = page(folder)
    assert page(folder, max_size=400_000) == small
    assert page(folder) == whole


def test_gc_deletes_what_was_kept(folder: Path) -> None:
    found = collect_stale(fetched_experiment(load(folder), "one"))
    assert found.files >= 3
    assert blocks(folder) == []
