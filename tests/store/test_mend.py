"""Mending: what can be read stays, what cannot is owed, and a repair may break off anywhere."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import StoreError
from evalkit.store.care import verify_stored
from evalkit.store.mending import mend_runs
from evalkit.store.results import read_results
from evalkit.store.writing import known_runs, open_writer

RUNS = 1100
"""Three row groups."""


def the_part(experiment: Any) -> Path:
    return min((Path(experiment.where) / "runs").glob("part-*.parquet"))


def ids(experiment: Any) -> list[str]:
    return read_results(experiment).table("runs", ["run_id"]).column(0).to_pylist()


@pytest.fixture
def noisy(a_run: Any) -> Any:
    """Return a maker of runs that no compression makes small, so that a flipped byte meets them."""

    def make(number: int) -> Any:
        return a_run(number, outputs=hashlib.sha512(b"%d" % number).hexdigest())

    return make


@pytest.fixture
def damaged(stored: Any, noisy: Any) -> Any:
    """Return an experiment with one row group that cannot be read."""
    experiment = stored([noisy(number) for number in range(RUNS)])
    part = the_part(experiment)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    with pytest.raises(StoreError, match="the file is damaged"):
        [run.outputs for run in read_results(experiment).runs()]
    return experiment


def add(experiment: Any, runs: Any) -> Any:
    known = known_runs(experiment)
    with open_writer(experiment, known=known) as writer:
        for run in runs:
            if known.get(run.run_id) is None:
                writer.add(run)
        return writer.finish()


def test_only_what_cannot_be_read_is_asked_for(damaged: Any, noisy: Any) -> None:
    (found,) = mend_runs(damaged)
    assert (found.rows, found.lost) == (RUNS, 512)
    assert len(known_runs(damaged)) == RUNS - 512
    manifest = add(damaged, (noisy(number) for number in range(RUNS)))
    assert (manifest.complete, manifest.received) == (True, RUNS)
    assert sorted(ids(damaged)) == [f"run-{n:05d}" for n in range(RUNS)]
    assert all(finding.ok for finding in verify_stored(damaged))


def test_a_repair_that_breaks_off_goes_on_where_it_was(damaged: Any, noisy: Any) -> None:
    part = the_part(damaged)
    whole = [noisy(number) for number in range(RUNS)]
    mend_runs(damaged)
    known = known_runs(damaged)
    kept = known.revisions
    lost = [run for run in whole if run.run_id not in kept]
    writing = open_writer(damaged, known=known)
    with pytest.raises(ZeroDivisionError), writing as writer:  # noqa: PT012
        for run in lost[:100]:
            writer.add(run)
        1 / 0  # noqa: B018
    assert part.exists()
    with pytest.raises(StoreError, match="the file is damaged"):  # no worse, and no smaller
        [run.outputs for run in read_results(damaged).runs()]
    assert mend_runs(damaged) == []
    assert len(known_runs(damaged)) == RUNS - 412
    assert not add(damaged, lost[:300]).complete
    assert damaged.manifest.problems[0].startswith("212 runs of damaged files did not come again")
    assert add(damaged, whole).complete
    assert sorted(ids(damaged)) == [run.run_id for run in whole]
    assert not part.exists()


def test_what_an_earlier_fetch_did_not_get_back_can_be_forgotten(damaged: Any, noisy: Any) -> None:
    mend_runs(damaged)
    assert not add(damaged, []).complete
    assert mend_runs(damaged) == []
    assert not add(damaged, []).complete
    mend_runs(damaged, forget=True)
    assert add(damaged, (noisy(number) for number in range(5))).complete


def test_runs_replaced_before_do_not_come_back(damaged: Any, noisy: Any, a_run: Any) -> None:
    with pytest.raises(ZeroDivisionError), open_writer(damaged) as writer:  # noqa: PT012
        for number in range(10):  # in the journal, rows of the damaged part are replaced
            writer.add(a_run(number, outputs="new"))
        1 / 0  # noqa: B018
    mend_runs(damaged)
    assert add(damaged, (noisy(number) for number in range(RUNS))).complete
    assert sorted(ids(damaged)) == [f"run-{n:05d}" for n in range(RUNS)]
    assert read_results(damaged).run("run-00003").outputs == "new"


def test_a_store_without_damage_is_left_alone(stored: Any) -> None:
    experiment = stored(5)
    before = sorted(Path(experiment.where).rglob("*.*"))
    assert mend_runs(experiment) == []
    assert sorted(Path(experiment.where).rglob("*.*")) == before
