"""Expressions: checked before anything is read, quick on plain paths, true to JMESPath."""

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import ConfigError
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.functions import OWN, Functions
from evalkit.fetchers.files.reading.selection import Selection

WHO = "experiments.airline.fields.inputs"


def run(text, record):
    return Expression(text, WHO)(record)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("a.", 3, "too early"),
        ("a[", 3, "too early"),
        ("a b", 3, "'b'"),
        ("'x", 1, "Unclosed"),
        ("lengt(a)", 1, "Did you mean 'length'?"),
        ("{n: lenght(a)}", 5, "Did you mean 'length'?"),
        ("split(a)", 1, "2 arguments, not 1"),
        ("a.b && spread(@)", 8, "at least 2 arguments, not 1"),
        ("regex_extract(a, '(')", 1, "no regular expression"),
        ("a.#", 3, "#"),
    ],
)
def test_a_bad_expression_is_refused_with_its_field_and_column(text, column, reason):
    with pytest.raises(ConfigError) as caught:
        Expression(text, WHO)
    first, shown, arrow = str(caught.value).split("\n")
    assert first.startswith(f"{WHO}: not a JMESPath expression at column {column}: ")
    assert reason in first
    assert shown.strip() == text
    assert arrow.index("^") - 2 == column - 1


def test_an_empty_expression_is_refused():
    with pytest.raises(ConfigError, match=f"{WHO}: the JMESPath expression is empty"):
        Expression("", WHO)


names = st.sampled_from(["a", "b", "c d", "é"])
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
quoted = names.map(lambda name: f'"{name}"')
paths = st.lists(quoted, min_size=1, max_size=3).map(".".join)
shortcuts = (
    paths
    | paths.map("@.{}".format)
    | st.just("@")
    | st.dictionaries(st.sampled_from(["x", "y"]), paths, min_size=1).map(
        lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs.items()) + "}"
    )
)


@settings(deadline=None)
@given(shortcuts, documents.filter(lambda each: each is not None))
def test_shortcuts_answer_as_jmespath_does(text, document):
    assert run(text, document) == jmespath.search(text, document)


SELECTIONS = [
    "@",
    "[]",
    "[*]",
    "*",
    "values(@)",
    "values(@)[?x==`1`]",
    "values(@)[].y[]",
    "*.y[]",
    "*[]",
    "[].y[]",
    "[?x==`1`]",
    "[?x==`1`].y[]",
    "[*].{only: x}",
    "a.b",
    "a.b[]",
    "a.b[*].y[]",
    "a.*",
    "a.*.y",
    "a.b[?x]",
    "[0:2]",
    "[-1]",
    "length(@)",
    "a | b",
    "[?x] | [0]",
    "a.b[0].y",
]
DOCUMENTS = [
    [{"x": 1, "y": [1, 2]}, {"x": 0, "y": [3]}, {"x": 1, "y": []}, {"z": None}],
    {"p": {"x": 1, "y": [1]}, "q": {"x": 2, "y": [5, [6]]}},
    {"a": {"b": [{"x": 1, "y": [9]}, {"y": [7, 8]}], "c": [1, 2]}},
    [],
    {},
]


@pytest.mark.parametrize("text", SELECTIONS)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_records_are_what_jmespath_selects_whether_streamed_or_not(text, document):
    try:
        whole = jmespath.search(text, document)
    except jmespath.exceptions.JMESPathTypeError:  # `values` of a list; here it selects nothing
        whole = None
    expected = whole if isinstance(whole, list) else [] if whole is None else [whole]
    selection = Selection(Expression(text, WHO))
    assert [record for _, record in selection.of_document(document)] == expected


@pytest.mark.parametrize(
    ("text", "streams"),
    [
        ("a.b[?x].y[]", True),
        ("*", True),
        ("values(@)[?x]", True),
        ("[0:2]", False),
        ("[?x] | [0]", False),
        ("sort_by(@, &x)", False),
        ("a[0]", False),
    ],
)
def test_only_what_needs_everything_at_once_is_read_at_once(text, streams):
    assert Selection(Expression(text, WHO)).streams is streams


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("@", {"x": 1}, [{"x": 1}]),
        ("[?x == `1`]", {"x": 1}, [{"x": 1}]),
        ("[?x == `2`]", {"x": 1}, []),
        ("[].spread(@, 's')[]", {"s": [5]}, [{"s": 5}]),
        ("samples", {"samples": [1, 2]}, [1, 2]),
        ("samples[?@ > `1`]", {"samples": [1, 2]}, [2]),
        ("{only: x}", {"x": 1}, [{"only": 1}]),
        ("values(@)", {"x": 1, "y": 2}, [1, 2]),
    ],
)
def test_on_a_line_lists_mean_the_list_of_lines(text, line, expected):
    selection = Selection(Expression(text, WHO))
    assert [record for _, record in selection.of_line(line)] == expected


@pytest.mark.parametrize(
    ("text", "record", "expected"),
    [
        ("zip({a: x, b: y})", {"x": [1, 2], "y": [3]}, [{"a": 1, "b": 3}, {"a": 2}]),
        ("zip({a: x})", {}, None),
        ("zip(x, y)", {"x": [1, 2], "y": [3]}, [[1, 3]]),
        ("spread(@, 's')", {"s": [7, 8], "q": 0}, [{"s": 7, "q": 0}, {"s": 8, "q": 0}]),
        ("spread(@, 's')[]._index", {"s": [7, 8], "q": 0}, [0, 1]),
        ("spread(@, 's')[]._key", {"s": {"k": 1}}, ["k"]),
        ("spread(@, 's', 't')[].t", {"s": [7, 8], "t": ["a"]}, ["a"]),
        ("spread(@, 's')", {"s": {"k": 1}}, [{"s": 1}]),
        ("spread(@, 's')", {"s": []}, []),
        ("entries(@)", {"k": 1}, [{"key": "k", "value": 1}]),
        ("enumerate(x)", {"x": ["a"]}, [{"index": 0, "value": "a"}]),
        ("when(x, 'yes', 'no')", {"x": 0}, "yes"),
        ("when(x, 'yes', 'no')", {"x": False}, "no"),
        ("split(x, '/')[1]", {"x": "a/b"}, "b"),
        ("split(x, '/')", {}, None),
        ("regex_extract(x, 'A: (-?[0-9]+)')", {"x": "so A: -7"}, "-7"),
        ("regex_extract(x, '[0-9]+')", {"x": "a 12 b"}, "12"),
        ("regex_extract(x, 'z')", {"x": "a"}, None),
        ("regex_match(x, '^a')", {"x": "ab"}, True),
        ("replace(x, 'a', 'b')", {"x": "aa"}, "bb"),
        ("[lower(x), upper(x), trim(x)]", {"x": " Ab "}, [" ab ", " AB ", "Ab"]),
        ("text(x)", {"x": [{"type": "text", "text": "hi"}]}, "hi"),
        ("from_json(x).a", {"x": '{"a": 1}'}, 1),
        ("[add(x, y), subtract(x, y), multiply(x, y), divide(x, y)]", {"x": 6, "y": 3},
         [9, 3, 18, 2]),
        ("divide(x, `0`)", {"x": 1}, None),
        ("add(x, y)", {"x": 1}, None),
    ],
)  # fmt: skip
def test_functions_of_ours(text, record, expected):
    assert run(text, record) == expected


def test_every_function_of_ours_is_explained():
    for name in OWN:
        assert Functions.FUNCTION_TABLE[name]["function"].__doc__


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a.b", [("a", "b")]),
        ("{x: a.b, y: {z: c}}", [("a", "b"), ("c",)]),
        ("join('-', [to_string(a), to_string(b.c)])", [("a",), ("b", "c")]),
        ("a || b", []),
        ("not_null(a, b)", []),
        ("a[*].b", [("a",)]),
        ("a[?b == 'x'].c | [0]", [("a",)]),
        ("length(a[].b)", [("a",)]),
        ("a == `1`", []),
    ],
)
def test_paths_that_some_record_must_have(text, paths):
    assert Expression(text, WHO).required_paths() == paths
