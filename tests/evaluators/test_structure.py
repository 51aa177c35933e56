"""Structure: openevals' table of JSON match, exact match, schemas, and code as syntax trees."""

import copy
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.evaluators.structure.code_match import python_match, sql_match
from evalkit.evaluators.structure.json_match import json_match
from evalkit.evaluators.structure.json_schema import json_schema_valid
from evalkit.evaluators.text import exact_match
from evalkit.model.score import Score
from evalkit.scoring.definition.coerce import to_scores

AB = {"a": 1, "b": 2}
D, C = {"a": 1, "b": 2, "d": 3}, {"a": 1, "b": 2, "c": 3}
MIXED = ([{"a": 1, "d": 2}, AB], [AB, C])
LAST = ([AB, AB], [AB, {"a": 1, "b": 3}])

# name, outputs, reference, options, what it says: one figure, or one a key
TABLE: list[tuple[str, Any, Any, dict[str, Any], Any]] = [
    ("each key", AB, AB, {"combine": "each"}, {"a": 1, "b": 1}),
    ("average", AB, {"a": 1, "b": 3}, {"combine": "average"}, 0.5),
    ("a key left out", AB, {"a": 1, "b": 3}, {"combine": "average", "ignore": ["b"]}, 1),
    ("all", AB, {"a": 1, "b": 3}, {"combine": "all"}, 0),
    (
        "items, each key",
        [AB, AB],
        [AB, AB],
        {"combine": "each", "combine_items": "all"},
        AB | {"b": 1},
    ),
    ("items averaged, each key", *LAST, {"combine": "each"}, {"a": 1, "b": 0.5}),
    ("all items, all keys", [AB, AB], [AB, AB], {"combine": "all", "combine_items": "all"}, 1),
    ("items averaged, all keys", *LAST, {"combine": "all"}, 0.5),
    ("all items, keys averaged", [AB, AB], [AB, {"a": 2, "b": 2}], {"combine_items": "all"}, 0),
    ("items and keys averaged", *LAST, {}, 0.75),
    (
        "keys that differ, all items",
        *MIXED,
        {"combine": "each", "combine_items": "all"},
        {"a": 1, "b": 0, "c": 0, "d": 0},
    ),
    ("keys that differ, all of all", *MIXED, {"combine": "all", "combine_items": "all"}, 0),
    ("keys that differ, all items averaged", *MIXED, {"combine_items": "all"}, 0),
    ("one record wrong", [D, C, D], [D, C, C], {}, 5 / 6),
    ("a reference record more", [{"a": 1}] * 2, [{"a": 1}] * 3, {}, 2 / 3),
    ("a record more", [{"a": 1}] * 3, [{"a": 1}] * 2, {}, 2 / 3),
    (
        "another order, keys left out",
        [{"a": 1, "d": 2, "e": 2}, {"b": 1}, {"c": 1}],
        [{"b": 1, "d": 2, "e": 2}, {"a": 1}, {"c": 1}],
        {"ignore": ["d", "e"]},
        1,
    ),
    ("superset", [{"a": 1}, {"b": 1}, {"c": 1}], [{"b": 1}, {"a": 1}], {"lists": "superset"}, 1),
    ("subset", [{"a": 1}, {"b": 1}], [{"b": 1}, {"c": 1}, {"a": 1}], {"lists": "subset"}, 1),
    ("ordered, wrong", [{"a": 1}, {"b": 1}], [{"b": 1}, {"a": 1}], {"lists": "ordered"}, 0),
    ("ordered, right", [{"a": 1}, {"b": 1}], [{"a": 1}, {"b": 1}], {"lists": "ordered"}, 1),
    (
        "ordered, two of three",
        [{"a": 1}, {"b": 1}, {"c": 1}],
        [{"a": 1}, {"b": 1}, {"d": 1}],
        {"lists": "ordered"},
        2 / 3,
    ),
    ("an empty record too many", [{}, {"a": 1}], [{"a": 1}], {"lists": "ordered"}, 0),
]
IDS = [row[0] for row in TABLE]


def said(returned: Any) -> Any:
    scores = to_scores(returned, "json_match")
    if len(scores) == 1 and scores[0].key == "json_match":
        return scores[0].score
    return {(score.key or "").removeprefix("json_match."): score.score for score in scores}


@pytest.fixture(scope="module")
def theirs() -> Iterator[Callable[..., Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = pytest.importorskip("openevals.json")

        def ask(outputs: Any, reference: Any, **options: Any) -> Any:
            combine = options.get("combine", "average")
            names = {"unordered": "same_elements"}
            make = library.create_json_match_evaluator(
                aggregator=None if combine == "each" else combine,
                list_aggregator=options.get("combine_items", "average"),
                exclude_keys=list(options.get("ignore", [])),
                list_match_mode=names.get(options.get("lists", "unordered"), options.get("lists")),
            )
            given = copy.deepcopy((outputs, reference))
            found = {
                r["key"]: r["score"] for r in make(outputs=given[0], reference_outputs=given[1])
            }
            if combine != "each":
                return found[f"json_match:{combine}"]
            return {key.removeprefix("json_match:"): score for key, score in found.items()}

        yield ask


@pytest.mark.parametrize(
    ("outputs", "reference", "options", "expected"), [r[1:] for r in TABLE], ids=IDS
)
def test_json_match(outputs: Any, reference: Any, options: dict[str, Any], expected: Any) -> None:
    assert said(json_match(outputs, reference, **options)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("outputs", "reference", "options", "expected"), [r[1:] for r in TABLE], ids=IDS
)
def test_json_match_is_what_the_library_says(
    theirs: Callable[..., Any], outputs: Any, reference: Any, options: dict[str, Any], expected: Any
) -> None:
    assert theirs(outputs, reference, **options) == pytest.approx(expected)


records = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)
full = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), min_size=1, max_size=3)


@settings(max_examples=100, deadline=None)
@given(
    got=st.one_of(full, st.lists(full, min_size=1, max_size=3)),
    want=st.one_of(full, st.lists(full, min_size=1, max_size=3)),
    combine=st.sampled_from(["average", "all"]),
    items=st.sampled_from(["average", "all"]),
)
def test_random_records_get_the_same_figure(
    theirs: Callable[..., Any], got: Any, want: Any, combine: str, items: str
) -> None:
    if isinstance(got, list) != isinstance(want, list):
        return
    options = {"combine": combine, "combine_items": items, "lists": "ordered"}
    expected = theirs(got, want, **options)
    assert said(json_match(got, want, **options)) == pytest.approx(expected)


def test_differs_equal_records_are_paired_first(theirs: Callable[..., Any]) -> None:
    """The library pairs in order of the outputs: a poor match can take a perfect partner."""
    got, want = [{"a": 1, "b": 9}, {"a": 1, "b": 2}], [{"a": 1, "b": 2}, {"a": 5, "b": 5}]
    assert theirs(got, want) == 0.25
    assert said(json_match(got, want)) == 0.5


def test_differs_one_item_lists_keep_the_name_of_the_key(theirs: Callable[..., Any]) -> None:
    """A list of one record gives the same keys as a longer one."""
    assert said(json_match([{"a": 1}], [{"a": 1}], combine="each")) == {"a": True}


def test_tolerance_weights_and_rules() -> None:
    reference = {"price": 10.0, "name": "Blue Tent", "tags": ["x", "y"], "nested": {"n": [1.0]}}
    outputs = {"price": 10.1, "name": "blue  tent", "tags": ["y", "x"], "nested": {"n": [1.01]}}
    assert json_match(outputs, reference) == Score(
        score=0.0, comment="differ: price, name, tags, nested"
    )
    rules = {"name": "casefold", "tags": "unordered"}
    assert said(json_match(outputs, reference, tolerance=0.02, compare=rules)) == 1.0
    weights = {"price": 3.0}
    assert said(json_match(outputs, reference, tolerance=0.02, weights=weights)) == 4 / 6


def test_what_has_no_keys() -> None:
    assert said(json_match([1, 2, 3], [3, 2, 1])) == 1.0
    assert said(json_match([1, 2], [1, 2, 3])) == 2 / 3
    assert said(json_match({"a": []}, {"a": []})) == 1.0
    assert said(json_match([{}], [{}])) == 1.0
    assert said(json_match("no json", {"a": 1})) == 0.0
    assert said(json_match({"answer": '{"a": 1}'}, {"a": 1})) == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lists": "sorted"}, "unordered"),
        ({"combine": "mean"}, "average"),
        ({"compare": {"a": "x"}}, "casefold"),
    ],
)
def test_unknown_words_name_the_known_ones(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        json_match([{"a": 1}], [{"a": 1}], **options)


@pytest.mark.parametrize(
    ("outputs", "reference"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}),
        ([1, 2], [2, 1]),
        ("x", "x"),
        ({"a": True}, {"a": 1}),
        ({"a": None}, {}),
        ({"a": "\ud800"}, {"a": "\ud800"}),
    ],
)
def test_exact_match_as_openevals(outputs: Any, reference: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = pytest.importorskip("openevals.exact")
        expected = library.exact_match(outputs=outputs, reference_outputs=reference)["score"]
    if reference == {}:
        assert exact_match(outputs, reference).type is None  # nothing to compare with
    else:
        assert exact_match(outputs, reference).score is expected


def test_differs_json_has_one_kind_of_number() -> None:
    """openevals compares JSON text, where a number that went through JavaScript changes."""
    assert exact_match({"a": 1.0}, {"a": 1}).score is True
    assert exact_match({"a": 1e300}, {"a": 1e300}).score is True


SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}, "when": {"format": "date"}},
    "required": ["n"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("outputs", "valid", "said"),
    [
        ({"n": 1}, True, ""),
        ({"n": -1}, False, "$.n"),
        ({"n": 1, "when": "yesterday"}, False, "$.when"),
        ({"m": 1}, False, "required"),
        ({"answer": 'Here:\n```json\n{"n": 2}\n```\nDone'}, True, ""),
        ({"answer": '{"n": NaN}'}, False, "no JSON"),
        ("[" * 100_000, False, "no JSON"),
        ({"answer": None}, False, ""),
    ],
)
def test_schemas(outputs: Any, valid: bool, said: str) -> None:
    score = json_schema_valid(outputs, {}, schema=SCHEMA)
    assert (score.score, said in (score.comment or "")) == (valid, True)


def test_a_schema_from_a_file_and_one_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "array"}')
    assert json_schema_valid([1], {}, schema_file=str(file)).score is True
    with pytest.raises(Exception, match="nonsense"):
        json_schema_valid([1], {}, schema={"type": "nonsense"})


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        (
            "select a,b from t where x=1 and y=2",
            "SELECT a, b FROM T WHERE (y = 2) AND x = 1;",
            True,
        ),
        ('select "a" from t', "select a from t", True),
        ("select a -- comment\nfrom t", "select a from t", True),
        ("select b from t", "select a from t", False),
        ("select 'A' from t", "select 'a' from t", False),
        ("select a from t limit 1", "select a from t", False),
        ("```sql\nselect 1\n```", "select 1", True),
        ("drop", "select 1", False),
        ("", "select 1", False),
    ],
)
def test_sql(got: str, want: str, same: bool) -> None:
    pytest.importorskip("sqlglot")
    assert sql_match({"answer": got}, {"answer": want}).score is same


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        ("def f(x):\n  'doc'\n  return (x)", "def f(x):\n    return x  # back", True),
        ("f('a')", 'f("a")', True),
        ("a = b", "b = a", False),
        ("x\0", "x", False),
        ("(" * 500, "x", False),
    ],
)
def test_python(got: str, want: str, same: bool) -> None:
    assert python_match({"answer": got}, {"answer": want}).score is same
