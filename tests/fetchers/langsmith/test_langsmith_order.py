"""A trace is in the same order whether its dotted orders sort it or it is put together."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from evalkit.fetchers.langsmith.convert.order import in_order

Records = list[dict[str, Any]]
ROOT = f"{0:036d}"
WHOLE = {"id": ROOT, "dotted_order": f"20260101T000000000000Z{ROOT}"}


def trace(seed: int, parents: str) -> Records:
    """Twenty steps hung anywhere; some begin at the same moment."""
    chance, made = random.Random(seed), [{**WHOLE, "parent_run_ids": []}]
    for number in range(1, 21):
        above, own = chance.choice(made), f"{chance.randrange(10**6) * 100 + number:036d}"
        began = f"20260101T00000{chance.randrange(3)}000000Z"
        record = {
            "id": own,
            "dotted_order": f"{above['dotted_order']}.{began}{own}",
            "parent_run_ids": [*above["parent_run_ids"], above["id"]],
        }
        made.append(record)
    steps = made[1:]
    for record in steps:
        ancestors = record["parent_run_ids"]
        if parents != "path":
            del record["parent_run_ids"]
        if parents == "parent":
            record["parent_run_id"] = ancestors[-1]
    chance.shuffle(steps)
    return steps


def ids(steps: Records, root: dict[str, Any]) -> tuple[Any, ...]:
    found = in_order(ROOT, root, steps)
    placed = [(record["id"], parent) for record, parent in found.placed]
    return placed, sorted(found.orphans), sorted(found.duplicates)


@pytest.mark.parametrize("parents", ["path", "parent", "dotted order alone"])
@pytest.mark.parametrize("seed", range(5))
def test_sorting_is_walking_the_tree(seed: int, parents: str) -> None:
    steps = trace(seed, parents)
    placed, orphans, duplicates = ids(steps, WHOLE)
    assert (placed, orphans, duplicates) == ids(steps, {"id": ROOT})  # cannot be sorted
    assert len(placed) == 20
    assert not orphans
    assert not duplicates


def lost(steps: Records) -> None:
    above = {each["dotted_order"].rsplit(".", 1)[0] for each in steps}
    del steps[next(n for n, each in enumerate(steps) if each["dotted_order"] in above)]


def twice(steps: Records) -> None:
    steps.append(dict(steps[3]))


def elsewhere(steps: Records) -> None:
    steps[3]["parent_run_ids"] = [ROOT, "nobody"]


def unordered(steps: Records) -> None:
    steps[3]["dotted_order"] = None


def its_own_parent(steps: Records) -> None:
    steps[3]["parent_run_ids"] = [steps[3]["id"]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("harm", [lost, twice, elsewhere, unordered, its_own_parent])
def test_what_is_odd_is_put_together_from_parents(
    seed: int, harm: Callable[[Records], None]
) -> None:
    steps = trace(seed, "path")
    harm(steps)
    assert ids(steps, WHOLE) == ids(steps, {"id": ROOT})
    assert len(ids(steps, WHOLE)[0]) == len({each["id"] for each in steps})


def test_a_sibling_whose_order_another_begins_with_is_not_walked_into() -> None:
    """Text alone would sort `a-b` between `a` and what hangs below it."""
    top = WHOLE["dotted_order"]
    steps: Records = [
        {"id": "a", "dotted_order": f"{top}.a", "parent_run_ids": [ROOT]},
        {"id": "b", "dotted_order": f"{top}.a-b", "parent_run_ids": [ROOT]},
        {"id": "c", "dotted_order": f"{top}.a.c", "parent_run_ids": [ROOT, "a"]},
    ]
    assert [record["id"] for record, _ in in_order(ROOT, WHOLE, steps).placed] == ["a", "c", "b"]
