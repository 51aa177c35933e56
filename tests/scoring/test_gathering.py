"""Gathering: few parts of scores in place of many, a few at a time, with the same cells after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evalkit.store.cells.parts import part_names
from evalkit.store.cells.piles import Span
from evalkit.store.cells.piles import piles as together
from evalkit.store.upkeep.gc import collect


def first(outputs: Any) -> float:
    return outputs["answer"] / 7


def second(run: Any, reference_outputs: Any) -> str:
    return f"{run.run_id} {reference_outputs['answer']}"


def every(outputs: Any) -> float:
    return float(len(outputs))


def steps(step: Any) -> str:
    return str(step.name)


@pytest.fixture
def many(lab: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return 4,000 runs with cells of four kinds in some dozens of parts."""
    monkeypatch.setattr("evalkit.store.cells.score_source.PART_ROWS", 512)
    made = lab(4000)
    made.score(first, second, steps, workers=1)
    made.score(every, marks={"scope": "experiment"}, keep_others=True, workers=1)
    return made


def sorted_cells(made: Any) -> list[dict[str, Any]]:
    return sorted(made.cells(), key=lambda row: (row["evaluator"], row["run_id"] or "", str(row)))


def gathered(made: Any) -> Any:
    with made.stored.lock():
        return collect(made.stored.files, made.stored.settled())


@pytest.mark.parametrize("most", [5_000, 200_000])
def test_the_same_cells_in_fewer_parts(
    many: Any, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.store.upkeep.gc.PART_CELLS", most)
    before, parts = sorted_cells(many), len(part_names(many.stored.files))
    many.score(first, fresh=True, keep_others=True, workers=1)  # these stand in place of others
    again = len(part_names(many.stored.files))
    assert again > parts > 5
    kept = sorted_cells(many)
    assert [(r["run_id"], r["score"]) for r in kept] == [(r["run_id"], r["score"]) for r in before]
    assert gathered(many).cells == 4000
    assert sorted_cells(many) == kept
    left = len(part_names(many.stored.files))
    assert left == {5_000: 4, 200_000: 1}[most]
    assert gathered(many).cells == gathered(many).files == 0  # nothing is left to do
    assert len(part_names(many.stored.files)) == left


def test_cells_of_runs_that_changed_are_dropped_and_the_others_kept(
    many: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.store.upkeep.gc.PART_CELLS", 5_000)
    many.fill(many.run(n, outputs={"answer": -1}) for n in range(100, 3000, 2))
    before = sorted_cells(many)
    assert sum(row["evaluator"] == "first" for row in before) == 4000 - 1450
    assert gathered(many).cells > 2 * 1450
    assert sorted_cells(many) == before
    assert many.score(first, second, steps, keep_others=True, workers=1).done > 2 * 1450


@pytest.mark.parametrize(
    ("spans", "piles"),
    [
        ([], []),
        ([(6, 0, 9)], [1]),
        ([(6, 0, 9), (6, 10, 19)], [1, 1]),
        ([(3, 0, 9), (3, 10, 19), (4, 20, 29), (1, 30, 31)], [3, 1]),
        ([(6, 0, 9), (6, 9, 19), (6, 20, 29)], [2, 1]),  # one run in both: they stay together
        ([(6, 0, 99), (6, 10, 19), (6, 20, 29), (6, 100, 101)], [3, 1]),
    ],
)
def test_neighbours_are_put_together_up_to_a_full_part(
    spans: list[tuple[int, int, int]], piles: list[int]
) -> None:
    made = [Span(str(n), *span) for n, span in enumerate(spans)]
    assert [len(pile) for pile in together(made, 10)] == piles
