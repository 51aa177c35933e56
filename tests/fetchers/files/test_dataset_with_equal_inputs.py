"""A dataset whose rows ask the same with other answers: joined by id, never by a guess."""

import pytest

from evalkit.fetchers.files.mapping.examples import Dataset
from evalkit.model.example import Example


def example(name, question, answer):
    return Example(example_id=name, inputs={"q": question}, reference_outputs={"a": answer})


@pytest.mark.parametrize(
    ("rows", "asked", "found", "ambiguous"),
    [
        ([("a", "x", 1), ("b", "x", 2)], (None, "x"), None, 1),
        ([("a", "x", 1), ("b", "x", 2)], ("b", "x"), "b", 0),  # the id decides
        ([("a", "x", 1), ("b", "x", 2)], ("other", "x"), None, 1),
        ([("a", "x", 1), ("b", "x", 1)], (None, "x"), "a", 0),  # the same row twice
        ([("a", "x", 1), ("b", "y", 2)], (None, "y"), "b", 0),
        ([("a", "x", 1), ("b", "x", 2), ("c", "x", 1)], (None, "x"), None, 1),
    ],
)
def test_equal_inputs_are_no_way_to_find_an_example(rows, asked, found, ambiguous):
    dataset = Dataset([example(*row) for row in rows], "here")
    theirs = dataset.find(asked[0], {"q": asked[1]})
    assert (theirs.example_id if theirs else None) == found
    assert dataset.ambiguous == ambiguous
    assert (dataset.ambiguity() is not None) == bool(ambiguous)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("wanted", ["a", "b"])
def test_what_is_stored_cut_is_found_by_all_of_it(wanted):
    rows = [Example(example_id=name, inputs={"q": name, "deep": nested(500)}) for name in "ab"]
    dataset = Dataset(rows, "here")
    found = dataset.find(None, {"q": wanted, "deep": nested(500)})
    assert found is not None
    assert (found.example_id, dataset.ambiguous) == (wanted, 0)
