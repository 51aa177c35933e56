"""Some runs by their places, and their cells: what all of them give, and nothing else is read."""

import random

import pytest
from report_world import make_examples, make_run, stored

from evalkit.model.results import Results
from evalkit.store.disk.opened import PartFile

COUNT = 40


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Forty runs in parts of sixteen and row groups of four."""
    monkeypatch.setattr("evalkit.store.runs.writer.PART_ROWS", 16)
    monkeypatch.setattr("evalkit.store.disk.encode.GROUP_ROWS", 4)
    rng = random.Random(1)
    runs = [make_run("one", n, 0, rng, 0.7) for n in range(COUNT)]
    return stored(tmp_path, "one", runs, make_examples(COUNT))


PLACES = [[], [0], [39], [3, 4], [15, 16], [1, 2, 20, 38], list(range(COUNT))]


class Without:
    """A source of results that knows nothing of places."""

    def __init__(self, results: Results) -> None:
        for name in ("table", "runs", "examples", "manifest", "evaluators"):
            setattr(self, name, getattr(results, name))


@pytest.mark.parametrize("places", PLACES, ids=str)
def test_runs_and_cells_at_places_are_those_of_all(results, places):
    every = list(results.runs())
    names = ["run_id", "key", "outcome", "score", "comment", "step_id"]
    cells = results.table("cells", names).to_pylist()
    wanted = {every[place].run_id for place in places}
    for one in (results, Results(Without(results))):
        found = list(one.runs_at(places))
        assert [run.run_id for run in found] == [every[place].run_id for place in places]
        assert [run.outputs for run in found] == [every[place].outputs for place in places]
        assert [[s.name for s in run.steps] for run in found] == [
            [s.name for s in every[place].steps] for place in places
        ]
        right = [cell for cell in cells if cell["run_id"] in wanted]
        assert one.cells_at(places, names).to_pylist() == right


def test_a_row_group_without_any_is_not_read(results, monkeypatch):
    read, whole = [], PartFile.read_groups

    def noted(self, groups, columns):
        read.append((self.part.name, *groups))
        return whole(self, groups, columns)

    monkeypatch.setattr(PartFile, "read_groups", noted)
    assert [run.inputs is not None for run in results.runs_at([1, 2, 22])] == [True] * 3
    assert len(set(read)) == 2


@pytest.mark.parametrize("asked", ["kind", "name", "both", "neither"])
def test_steps_found_say_what_they_are_in_every_row_group(results, asked):
    right = {run_id: [] for run_id in results.table("runs", ["run_id"]).column(0).to_pylist()}
    for row in results.table("steps", ["run_id", "step_id", "kind", "name"]).to_pylist():
        right[row.pop("run_id")].append(tuple(row.values()))
    kinds = {kind for steps in right.values() for _, kind, _ in steps}
    for place, run in enumerate(results.runs()):
        for kind in sorted(kinds):
            found = run.find(kind=kind)
            if asked in ("kind", "both"):
                assert all(step.kind == kind for step in found)
            if asked in ("name", "both"):
                assert [s.name for s in found] == [n for _, k, n in right[run.run_id] if k == kind]
            if place >= 20:  # nobody has asked until now, or everybody
                known = [(s.step_id, s.kind, s.name) for s in found]
                assert known == [each for each in right[run.run_id] if each[1] == kind]
