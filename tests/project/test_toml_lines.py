"""Keys of a TOML text are found where a reader would look for them."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.project.toml_lines import TomlLines

TEXT = '''\
# first
gates = [
  "a >= 1",  # why
  "b >= 1",
]
[experiments.a]
fetcher = "records"
"usage.total_cost" = "cost"
x.y = { z = 1 }
note = """
[not.a.header]
key = 1
"""
[tool."two words".b]  # why
c = 1
[[row]]
k = 1
[[row]]
k = 2
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("gates",), 2),
        (("gates", 0), 3),
        (("gates", 1), 4),
        (("experiments", "a"), 6),
        (("experiments", "a", "fetcher"), 7),
        (("experiments", "a", "usage.total_cost"), 8),
        (("experiments", "a", "x", "y", "z"), 9),
        (("experiments", "a", "note"), 10),
        (("experiments", "a", "absent"), 6),
        (("tool", "two words", "b", "c"), 15),
        (("row", 1, "k"), 19),
        (("absent",), 1),
        ((), 1),
    ],
)
def test_line_of(keys: tuple[str | int, ...], line: int) -> None:
    assert TomlLines(TEXT).line(keys) == line


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(NAMES, NAMES), unique_by=lambda pair: pair[0], max_size=6))
def test_every_key_of_any_table_has_its_own_line(pairs: list[tuple[str, str]]) -> None:
    text = "[t]\n" + "".join(f"{quoted(k)} = [\n {quoted(v)},\n]\n" for k, v in pairs)
    assert list(tomllib.loads(text)["t"]) == [key for key, _ in pairs]
    lines = TomlLines(text)
    assert [lines.line(("t", key)) for key, _ in pairs] == [2 + 3 * i for i in range(len(pairs))]


HOSTILE = (
    "\n"
    'a = """ \\" [ " "" ] """"\n'
    "b = '''[ {#' ''''\n"
    "c = [ \"]\", '[', # ]\n"
    '  { d = "}" }, """\n'
    ']""" ]\n'
    "# [e]\n"
    "f = 1\n"
)


def test_brackets_in_texts_and_comments_end_nothing() -> None:
    keys = list(tomllib.loads(HOSTILE))
    assert [TomlLines(HOSTILE).line((key,)) for key in keys] == [2, 3, 4, 8]


def test_lines_are_those_an_editor_shows() -> None:
    text = 'a = "\u2028\x85"\r\n\r\nb = 1'  # neither of these ends a line of TOML
    assert TomlLines(text).line(("b",)) == 3
