"""Writing: new, changed and vanished runs, a fetch that breaks off, a fetch that is killed."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import IncompleteExperiment
from evalkit.store.care import verify_stored
from evalkit.store.disk import journal as journals
from evalkit.store.disk.files import LocalFiles
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import known_runs, open_writer


def ids(experiment: Any) -> list[str]:
    return read_results(experiment).table("runs", ["run_id"]).column(0).to_pylist()


def test_a_changed_run_replaces_the_old_one(stored: Any, a_run: Any) -> None:
    experiment = stored(10)
    with open_writer(experiment) as writer:
        writer.add(a_run(3, outputs="new"))
        writer.add(a_run(10))
        assert writer.finish().received == 11
    assert read_results(experiment).run("run-00003").outputs == "new"
    assert sorted(ids(experiment)) == [f"run-{n:05d}" for n in range(11)]


def test_the_same_run_twice_is_stored_once(stored: Any, a_run: Any) -> None:
    experiment = stored([a_run(0, outputs=1), a_run(0, outputs=2)])
    assert ids(experiment) == ["run-00000"]
    assert read_results(experiment).run("run-00000").outputs == 2


def test_runs_the_source_no_longer_has_are_dropped(stored: Any, a_run: Any) -> None:
    experiment = stored(10)
    known = known_runs(experiment)
    with open_writer(experiment, known=known) as writer:
        for number in range(2, 12):
            if known.get(f"run-{number:05d}") is None:
                writer.add(a_run(number))
        manifest = writer.finish({"received": 10, "unchanged": 8})
    assert ids(experiment) == [f"run-{n:05d}" for n in range(2, 12)]
    assert "runs the source no longer has, dropped: 2" in manifest.notes


def test_an_incomplete_fetch_drops_nothing(stored: Any, a_run: Any) -> None:
    experiment = stored(10)
    writing = open_writer(experiment, known=known_runs(experiment))
    with pytest.raises(IncompleteExperiment), writing as writer:  # noqa: PT012
        writer.add(a_run(10))
        raise IncompleteExperiment("fetched 1 of 5")
    assert len(ids(experiment)) == 11
    assert not experiment.manifest.complete
    assert experiment.manifest.problems == ("fetched 1 of 5",)


def test_revisions_are_updated_at_or_the_hash(stored: Any, a_run: Any) -> None:
    when = a_run(0).started_at
    known = known_runs(stored([a_run(0, updated_at=when), a_run(1)]))
    assert known["run-00000"] == when.isoformat()
    assert len(known["run-00001"]) == 34
    assert "run-00002" not in known


def test_a_broken_fetch_leaves_readers_what_they_had(stored: Any, a_run: Any) -> None:
    experiment = stored(10)
    with pytest.raises(ZeroDivisionError), open_writer(experiment) as writer:  # noqa: PT012
        writer.add(a_run(3, outputs="new"))
        writer.add(a_run(11))
        1 / 0  # noqa: B018
    assert read_results(experiment).run("run-00003").outputs == {"answer": 3, "nothing": None}
    assert len(ids(experiment)) == 10
    again = Store(Path(experiment.where).parent).experiment("exp")
    assert "run-00011" in known_runs(again)  # the next fetch goes on from there
    with open_writer(experiment) as writer:
        writer.finish()
    assert len(ids(experiment)) == 11
    assert read_results(experiment).run("run-00003").outputs == "new"


def test_a_first_fetch_that_broke_is_there_but_incomplete(tmp_path: Path, a_run: Any) -> None:
    experiment = Store(tmp_path).experiment("first")
    with pytest.raises(ZeroDivisionError), open_writer(experiment) as writer:  # noqa: PT012
        for number in range(5):
            writer.add(a_run(number))
        1 / 0  # noqa: B018
    assert experiment.exists
    assert (experiment.manifest.complete, experiment.manifest.received) == (False, 5)
    assert len(ids(experiment)) == 5
    assert not experiment.manifest.complete


def test_small_parts_are_gathered_and_order_is_kept(stored: Any, a_run: Any, tmp_path: Any) -> None:
    experiment = stored(1)
    for number in range(1, 12):
        with open_writer(experiment) as writer:
            writer.add(a_run(number))
            writer.finish()
    assert ids(experiment) == [f"run-{n:05d}" for n in range(12)]
    assert len(os.listdir(Path(experiment.where) / "runs")) == 1


def test_a_newer_format_is_refused_and_a_damaged_manifest_named(stored: Any) -> None:
    experiment = stored(1)
    manifest = Path(experiment.where) / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"format_version": 1', '"format_version": 99'))
    with pytest.raises(Exception, match="written by a later evalkit"):
        read_results(experiment)
    manifest.write_text(text[: len(text) // 2])
    with pytest.raises(Exception, match=r"manifest\.json: is damaged"):
        read_results(experiment)


FETCH = """
    import sys
    sys.path.insert(0, sys.argv[2])
    from conftest import make_run
    from evalkit.store.runs import writer as writers
    from evalkit.store.store import Store
    from evalkit.store.writing import known_runs, open_writer
    writers.PART_ROWS = 40
    experiment = Store(sys.argv[1]).experiment("exp")
    known = known_runs(experiment)
    with open_writer(experiment, source="test", known=known) as writer:
        for number in range(800):
            if known.get(f"run-{number:05d}") is None:
                writer.add(make_run(number))
        writer.finish()
"""


@pytest.mark.slow
def test_a_killed_fetch_goes_on_where_it_was(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(FETCH),
        str(tmp_path),
        str(Path(__file__).parent),
    ]
    folder = LocalFiles(tmp_path / "exp")
    parts = 0
    for _ in range(6):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(folder.names("runs")) < parts + 3:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        parts = len([n for n in folder.names("runs") if n.startswith("part")])
        journal = journals.load_journal(folder)
        if journal is not None:
            assert all((tmp_path / "exp" / part.name).exists() for part in journal.parts)
    subprocess.run(command, check=True)
    experiment = Store(tmp_path).experiment("exp")
    assert ids(experiment) == [f"run-{n:05d}" for n in range(800)]
    assert all(finding.ok for finding in verify_stored(experiment))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of four runs, so that a few runs make many."""
    monkeypatch.setattr("evalkit.store.runs.writer.PART_ROWS", 4)


def broken_off(experiment: Any, runs: Any) -> None:
    """Begin a fetch that does not end."""
    with pytest.raises(ZeroDivisionError), open_writer(experiment) as writer:  # noqa: PT012
        for run in runs:
            writer.add(run)
        1 / 0  # noqa: B018


@pytest.mark.usefixtures("small_parts")
def test_each_part_adds_a_line_to_the_journal(stored: Any, a_run: Any) -> None:
    """The journal of a long fetch must not cost the square of its parts."""
    experiment = stored(6)
    broken_off(experiment, [a_run(n, outputs="new") for n in (3, 9, 9, *range(10, 400))])
    names = [n for n in experiment.files.names() if n.startswith("fetching")]
    sizes = [experiment.files.size(name) for name in names]
    assert len(names) == 99
    assert max(sizes[:-1]) < 500  # `fetching-000001.json` and so on; the whole state comes last
    with open_writer(experiment) as writer:
        assert writer.finish().received == 6 + 391
    assert read_results(experiment).run("run-00003").outputs == "new"
    assert ids(experiment).count("run-00009") == 1
    assert not [n for n in experiment.files.names() if n.startswith("fetching")]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(("lost", "left"), [(1, 4), (3, 12), (5, 20)])
def test_a_journal_counts_up_to_the_first_line_that_is_gone(
    tmp_path: Path, a_run: Any, lost: int, left: int
) -> None:
    experiment = Store(tmp_path).experiment("first")
    broken_off(experiment, map(a_run, range(20)))
    experiment.files.remove(f"fetching-{lost:06d}.json")
    known = known_runs(experiment)
    assert [f"run-{n:05d}" in known for n in range(20)] == [n < left for n in range(20)]
    with open_writer(experiment, known=known) as writer:
        for number in range(left, 20):
            writer.add(a_run(number))
        writer.finish()
    assert ids(experiment) == [f"run-{n:05d}" for n in range(20)]


@pytest.mark.usefixtures("small_parts")
def test_what_an_earlier_fetch_left_beside_a_journal_is_not_of_this_one(
    tmp_path: Path, a_run: Any
) -> None:
    experiment = Store(tmp_path).experiment("first")
    broken_off(experiment, map(a_run, range(20)))
    step = experiment.files.read("fetching-000002.json")
    broken_off(experiment, [a_run(20)])
    experiment.files.write("fetching-000001.json", step)
    assert len(ids(experiment)) == 21


@pytest.mark.usefixtures("small_parts")
def test_a_changed_line_of_a_journal_is_named(tmp_path: Path, a_run: Any) -> None:
    experiment = Store(tmp_path).experiment("first")
    broken_off(experiment, map(a_run, range(20)))
    path = tmp_path / "first" / "fetching-000002.json"
    path.write_text(path.read_text().replace('"rows": 4', '"rows": 3'))
    with pytest.raises(Exception, match=r"fetching-000002\.json: is damaged .*Delete this file"):
        known_runs(experiment)
    path.unlink()
    assert len(ids(experiment)) == 8
