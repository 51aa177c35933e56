"""Examples as rows: made of the text they wait in, they are those that objects would make."""

from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.fetchers.files.mapping.examples import Dataset, ExampleBook, asked_text, row_of_text
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.model.example import Example
from evalkit.model.schema.content import dumps
from evalkit.model.schema.row_values import example_row
from evalkit.model.schema.written import example_to_record

TEXTS = st.text(max_size=4) | st.sampled_from(["\ud800", "null", "é", ""])
ODD = st.sampled_from([float("nan"), float("inf"), 2**70, -(2**63), 1e300, -0.0, 0, False, None])
LEAVES = TEXTS | ODD | st.integers() | st.floats()
IDS = st.text(min_size=1, max_size=4) | st.sampled_from(["\ud800", "é"])
KEYS = TEXTS | st.integers(0, 3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=2)
EXAMPLES = st.builds(
    Example,
    example_id=IDS,
    inputs=VALUES,
    reference_outputs=VALUES,
    metadata=OBJECTS,
    split=st.none() | TEXTS | st.lists(TEXTS, max_size=2).map(tuple),
    attachments=OBJECTS,
    extra=OBJECTS,
)


@given(st.lists(EXAMPLES, max_size=4))
def test_rows_are_those_of_the_examples(examples: list[Example]) -> None:
    book = ExampleBook(Findings())
    for example in examples:
        book.add(example)
    rows = [each.row for each in book.rows()]
    assert rows == [example_row(example, Counter()) for example in book]


@pytest.mark.parametrize("record", [{"example_id": "a", "split": [1, None]},
                                    {"example_id": "a", "inputs": 1, "later": 2}])  # fmt: skip
def test_a_record_of_another_form_goes_the_long_way(record: dict[str, Any]) -> None:
    text = dumps({"kind": "example", **record})
    known = {key: value for key, value in record.items() if key != "later"}
    if "later" in record:
        with pytest.raises(TypeError):
            row_of_text(text)
    else:
        made = Example(**{**known, "split": tuple(known["split"])})
        assert row_of_text(text) == example_row(made, Counter())


@given(IDS, VALUES)
def test_an_example_of_inputs_alone_is_written_as_its_record(example_id: str, value: Any) -> None:
    inputs = dumps(value)
    example = Example(example_id=example_id, inputs=orjson.loads(inputs))
    assert asked_text(example_id, inputs) == dumps(example_to_record(example))


def eager(examples: list[Example]) -> dict[str, str | None]:
    """The index as it is when every example is taken in at once."""
    by_id: dict[str, Example] = {}
    index: dict[str, str | None] = {}
    for example in examples:
        is_new = example.example_id not in by_id
        by_id.setdefault(example.example_id, example)
        known = index.setdefault(digest(example.inputs), example.example_id)
        if known is None or (is_new and known == example.example_id):
            continue
        if by_id[known].reference_outputs != example.reference_outputs:
            index[digest(example.inputs)] = None
    return index


SMALL = st.builds(
    Example,
    example_id=st.sampled_from("abc"),
    inputs=st.sampled_from([1, 2, None]),
    reference_outputs=st.sampled_from([1, 2]),
)


@given(st.lists(SMALL, min_size=1, max_size=8))
def test_inputs_find_what_they_find_when_all_is_indexed_at_once(examples: list[Example]) -> None:
    index = eager(examples)
    for inputs in (1, 2):
        dataset = Dataset(examples, "here")
        found = dataset.find(None, inputs)
        assert (found and found.example_id) == index.get(digest(inputs))
        assert dataset.ambiguous == (digest(inputs) in index and found is None)
