"""Damage: truncated parts, flipped bytes, a full disk, a read-only folder, two writers."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_disk import small_disk

from evalkit.errors import StoreError
from evalkit.store.care import verify_stored
from evalkit.store.rescoring import open_scoring
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer


def the_part(experiment: Any, folder: str = "runs") -> Path:
    return next((Path(experiment.where) / folder).glob("part-*.parquet"))


def read_everything(experiment: Any) -> None:
    results = read_results(experiment)
    for name in ("runs", "steps", "cells", "examples"):
        results.table(name)
    assert results.examples() is not None
    for run in results.runs():
        assert run.outputs is not None
        assert run.metadata is not None


def test_a_truncated_part_is_a_clear_error(stored: Any) -> None:
    experiment = stored(50)
    part = the_part(experiment)
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(StoreError, match=r"part-000001-\w+\.parquet: the file is damaged"):
        read_everything(experiment)
    bad = [finding for finding in verify_stored(experiment) if not finding.ok]
    assert [finding.name for finding in bad] == [f"runs/{part.name}"]


def test_a_missing_part_is_a_clear_error(stored: Any) -> None:
    experiment = stored(5)
    the_part(experiment).unlink()
    with pytest.raises(StoreError, match="the file is gone"):
        read_everything(experiment)


@pytest.mark.parametrize("folder", ["runs", "examples"])
def test_a_flipped_byte_is_never_silent(stored: Any, folder: str) -> None:
    experiment = stored(40)
    part = the_part(experiment, folder)
    whole = part.read_bytes()
    silent = []
    for place in range(0, len(whole), max(1, len(whole) // 120)):
        part.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            read_everything(experiment)
        except StoreError:
            continue
        silent.append(place)
    for place in silent:  # a byte nothing is read from; verify sees it all the same
        part.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        assert not all(finding.ok for finding in verify_stored(experiment))
    assert len(silent) <= 6
    part.write_bytes(whole)
    assert all(finding.ok for finding in verify_stored(experiment))


def test_two_writers_do_not_mix(stored: Any, tmp_path: Path) -> None:
    experiment = stored(3)
    other = """
        import sys
        from evalkit.store.store import Store
        with Store(sys.argv[1]).experiment("exp").lock():
            print("held", flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(other), str(tmp_path / "store")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=rf"another evalkit process \(pid {process.pid}"):
            open_writer(experiment).__enter__()
        read_everything(experiment)  # readers never wait
        process.kill()
    with experiment.lock():  # a lock ends with its process
        pass


def test_a_read_only_store_can_be_read(stored: Any, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    experiment = stored(3)
    folder = Path(experiment.where)
    for path in (folder, folder / "runs"):
        path.chmod(0o555)
    try:
        read_everything(experiment)
        with pytest.raises(StoreError, match="cannot be written"):
            open_writer(experiment).__enter__()
    finally:
        for path in (folder, folder / "runs"):
            path.chmod(0o755)


def test_a_store_on_a_read_only_disk_can_be_read(small_disk: Path, a_run: Any) -> None:
    experiment = Store(small_disk).experiment("exp")
    with open_writer(experiment) as writer:
        writer.add(a_run(0))
        writer.finish()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    read_everything(experiment)
    with pytest.raises(StoreError, match="Read-only file system"):
        open_writer(experiment).__enter__()
    with pytest.raises(StoreError, match="Read-only file system"), open_scoring(experiment):
        pass


@pytest.fixture(name="small_disk")
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small", "400k") as folder:
        yield folder


def test_a_full_disk_loses_nothing_that_was_there(small_disk: Path, a_run: Any) -> None:
    experiment = Store(small_disk).experiment("exp")
    with open_writer(experiment) as writer:
        for number in range(20):
            writer.add(a_run(number))
        writer.finish()
    with pytest.raises(StoreError, match="No space left"), open_writer(experiment) as writer:  # noqa: PT012
        for number in range(20, 60):
            writer.add(a_run(number, outputs=os.urandom(20_000).hex()))
        writer.finish()
    assert read_results(experiment).table("runs", ["run_id"]).num_rows == 20
    read_everything(experiment)
    assert all(finding.ok for finding in verify_stored(experiment))
    with open_writer(experiment) as writer:  # what was half-written is gone
        writer.finish()
    assert not [name for name in os.listdir(small_disk / "exp" / "runs") if "tmp" in name]
