"""What several processes change at once holds the change of each."""

import fcntl
import multiprocessing
import os
import tomllib
from pathlib import Path

import pytest

from evalkit.errors import ConfigError, StoreError
from evalkit.metrics.agreement.book import Book
from evalkit.model.kept.alone import alone
from evalkit.project.scaffold import add_experiment, start_evaluator

PROCESSES, EACH = 4, 12
FORK = multiprocessing.get_context("fork")


def maps(folder: Path, who: int, start) -> None:
    start.wait()
    for n in range(EACH):
        add_experiment(folder / "evalkit.toml", f"x{who}-{n}", f"[experiments.x{who}-{n}]\n")


def labels(folder: Path, who: int, start) -> None:
    start.wait()
    book = Book(folder / "right.ada.jsonl", "right", "ada")
    for n in range(EACH):
        book.give(f"run-{who}-{n}", "yes" * 500, "", {})


def starts(folder: Path, who: int, start) -> None:
    start.wait()
    for n in range(EACH):
        try:
            start_evaluator(folder, f"polite_{n}", ("run", "step")[who % 2])
            (folder / f"polite_{n}.by{who}").touch()
        except ConfigError:
            continue


def at_once(work, folder: Path) -> None:
    start = FORK.Barrier(PROCESSES)
    every = [FORK.Process(target=work, args=(folder, who, start)) for who in range(PROCESSES)]
    for each in every:
        each.start()
    for each in every:
        each.join(60)
    assert [each.exitcode for each in every] == [0] * PROCESSES


def test_no_experiment_of_map_is_lost(tmp_path):
    (tmp_path / "evalkit.toml").write_text('baseline = "x0-0"\n')
    at_once(maps, tmp_path)
    found = tomllib.loads((tmp_path / "evalkit.toml").read_text())
    assert found["baseline"] == "x0-0"
    assert set(found["experiments"]) == {
        f"x{who}-{n}" for who in range(PROCESSES) for n in range(EACH)
    }
    assert os.listdir(tmp_path) == ["evalkit.toml"]


def test_no_label_of_a_person_is_lost(tmp_path):
    at_once(labels, tmp_path)
    entries = Book(tmp_path / "right.ada.jsonl", "right", "ada").entries()
    assert len(entries) == PROCESSES * EACH


def test_an_evaluator_is_started_by_one(tmp_path):
    at_once(starts, tmp_path)
    assert len(list(tmp_path.glob("*.by*"))) == EACH


def test_a_writer_that_is_stopped_is_not_waited_for_long(tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(StoreError, match=r"evalkit\.toml: another call is writing it\. Wait"):
        add_experiment(tmp_path / "evalkit.toml", "x", "[experiments.x]\n")
    os.close(handle)
    with alone(tmp_path / "evalkit.toml"):
        pass
