"""One element after the other off a document of any size, whatever the window's edges cut."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.fetchers.files.reading.jsonstream import Broken, Window, elements, outline
from evalkit.fetchers.files.reading.jsontext import Mended, loads

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
calm = settings(deadline=None, max_examples=60)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def window(text: str | bytes, chunk: int = 1 << 20) -> Window:
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Window(io.BytesIO(raw), Mended(), "doc.json", chunk=chunk)


def read(text: str, *path: str, holds: str = "any", chunk: int = 1 << 20) -> tuple[list, str]:
    found, broken = [], ""
    try:
        for item in elements(window(text, chunk), path, holds):
            found.append(item)
    except Broken as error:
        broken = str(error)
    return found, broken


@calm
@given(st.lists(values), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_any_list_reads_as_the_parser_reads_it(items, chunk, indent, ascii_only):
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_only)
    found, broken = read(text, chunk=chunk)
    assert [value for _, value in found] == json.loads(text)
    assert not broken


@calm
@given(st.dictionaries(st.text(), values), st.integers(1, 40))
def test_any_object_reads_member_by_member(members, chunk):
    found, broken = read(json.dumps(members), holds="object", chunk=chunk)
    assert dict(found) == members
    assert not broken


@calm
@given(st.lists(values, min_size=1), st.data())
def test_a_list_cut_anywhere_gives_what_was_whole_and_says_so(items, data):
    text = json.dumps(items)
    cut = data.draw(st.integers(1, len(text) - 1))
    found, broken = read(text[:cut], chunk=7)
    got = [value for _, value in found]
    if got and got[-1] != items[len(got) - 1]:  # half of a number is a number
        got.pop()
    assert got == items[: len(got)]
    assert "the file ends" in broken


@pytest.mark.parametrize(
    ("text", "path", "holds", "expected"),
    [
        ('{"a": {"skip": [1, {"b": 0}], "b": [1, 2]}}', ("a", "b"), "list", [(None, 1), (None, 2)]),
        ('{"a": 1}', ("b",), "any", []),
        ("[1]", ("a",), "any", []),
        ('{"a": [1]}', ("a",), "object", []),
        ('{"a": {"k": 1}}', ("a",), "list", []),
        ('{"a": {"k": 1}}', ("a",), "any", [(None, {"k": 1})]),
        ("[]", (), "any", []),
        ("{}", (), "object", []),
        (" 7 ", (), "any", [(None, 7)]),
    ],
)
def test_elements_lie_where_the_path_says(text, path, holds, expected):
    assert read(text, *path, holds=holds) == (expected, "")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[1,\n2,\n{"a": oops}]', 3, "Expecting value"),
        ("[1,\n2] 3", 2, "something follows"),
        ("[1 2]", 1, "belongs"),
        ('[1,\n"open', 2, "ends in the middle"),
        ('["line\nbreak"]', 1, "Invalid control character"),
    ],
)
def test_what_is_no_json_is_said_with_its_line(text, line, reason):
    _, broken = read(text, chunk=3)
    assert broken.startswith(f"line {line}:")
    assert reason in broken


def test_a_wrong_character_does_not_make_it_read_the_rest():
    far = io.BytesIO(b"[oops, " + b"1, " * 3_000_000)
    reading = Window(far, Mended(), "doc.json", chunk=1000)
    with pytest.raises(Broken, match="Expecting value"):
        list(elements(reading, ()))
    assert far.tell() < 100_000


@pytest.mark.parametrize(
    ("raw", "value", "note"),
    [
        (b'{"a": NaN, "b": [-Infinity]}', {"a": None, "b": [None]}, "2 NaN or infinite"),
        (b'{"a": 1e999}', {"a": None}, "1 NaN or infinite"),
        (b'"\\ud83d x"', "\ufffd x", "broken characters"),
        (b'{"\\ud83d": NaN}', {"\ufffd": None}, "NaN"),
        (b'"\xff x"', "\ufffd x", "broken characters"),
        (b'["\\ud83d\\ude00", NaN]', ["😀", None], "NaN"),
        (b'{"a": 12345678901234567890123, "b": NaN}', {"a": 1.2345678901234568e22, "b": None}, ""),
        (b'"\\u0000"', "\x00", None),
        (b"-9223372036854775808", -(2**63), None),
    ],
)
def test_what_no_store_can_hold_is_mended_and_counted(raw, value, note):
    mended = Mended()
    assert loads(raw, mended, "f:1") == value
    assert (note is None) == (not mended.notes())
    assert note is None or any(note in line and "f:1" in line for line in mended.notes())
    assert read(raw.decode("utf-8", "surrogateescape")) if b"\xff" not in raw else True


@pytest.mark.parametrize("raw", [b"NaN", b'["\\ud800", 99999999999999999999999, Infinity]'])
def test_a_stream_mends_as_a_line_does(raw):
    mended = Mended()
    whole = loads(raw, mended, "f:1")
    streamed = Window(io.BytesIO(raw), mended, "f").value()
    assert streamed == whole


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": }', b"nul", b'"\x00"', b"\x00\x00", b"1 2"])
def test_what_is_no_json_is_refused(raw):
    with pytest.raises(ValueError, match=r".+"):
        loads(raw, Mended(), "f:1")


def test_an_outline_stops_at_the_first_list_of_objects():
    text = '{"version": 2, "tags": ["a", "b"], "samples": [{"id": 1}, {"id": 2}], "rest": oops'
    found = outline(window(text, chunk=5))
    assert found == {"version": 2, "tags": ["a"], "samples": [{"id": 1}]}
