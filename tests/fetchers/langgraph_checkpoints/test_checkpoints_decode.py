"""Blobs are read as data: nothing they name is imported, nothing they hold is run."""

import json
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import RecordError
from evalkit.fetchers.langgraph_checkpoints.decoding.decode import decode
from evalkit.fetchers.langgraph_checkpoints.decoding.objects import plain

ormsgpack = pytest.importorskip("ormsgpack", reason="ormsgpack is not installed")


def packed(code: int, *parts: Any) -> bytes:
    """Return an extension as LangGraph's serializer writes it."""
    blob: bytes = ormsgpack.packb(ormsgpack.Ext(code, ormsgpack.packb(parts)))
    return blob


@pytest.mark.parametrize(
    ("blob", "value"),
    [
        (ormsgpack.packb({"a": [1, "b", None, 2.5]}), {"a": [1, "b", None, 2.5]}),
        (packed(0, "uuid", "UUID", "abc"), "abc"),
        (packed(1, "langgraph.types", "Send", ["node", {"n": 1}]), ["node", {"n": 1}]),
        (packed(2, "langgraph.types", "Interrupt", {"value": 1}), {"value": 1}),
        (packed(3, "datetime", "datetime", "2026-01-01", "fromisoformat"), "2026-01-01"),
        (packed(5, "m", "AIMessage", {"content": "hi"}, "model_validate_json"), {"content": "hi"}),
        (packed(6, "float64", [2], "C", b"1234"), {"unread": "extension 6", "size": 19}),
        (packed(99, 1), {"unread": "extension 99", "size": 2}),
        (ormsgpack.packb({"raw": b"\x00\xff"}), {"raw": {"base64": "AP8="}}),
        (ormsgpack.packb({"x": float("nan")}), {"x": "nan"}),
    ],
)
def test_what_blobs_hold(blob: bytes, value: Any) -> None:
    assert decode("msgpack", blob, "here") == value


def test_nested_objects() -> None:
    inner = ormsgpack.Ext(5, ormsgpack.packb(("m", "Message", {"content": "hi"}, "parse")))
    blob = ormsgpack.packb({"messages": [inner]})
    assert decode("msgpack", blob, "here") == {"messages": [{"content": "hi"}]}


@pytest.mark.parametrize("code", range(8))
def test_a_named_module_is_never_imported(code: int, tmp_path: Path) -> None:
    trap = tmp_path / "trap_module.py"
    trap.write_text("raise SystemExit('imported')")
    sys.path.insert(0, str(tmp_path))
    try:
        decode("msgpack", packed(code, "trap_module", "Trap", {}, "spring"), "here")
        decode("msgpack", packed(code, "os", "system", [f"touch {tmp_path}/sprung"]), "here")
    finally:
        sys.path.remove(str(tmp_path))
    assert "trap_module" not in sys.modules
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("kind", ["pickle", "msgpack+rot13", "json+zip"])
def test_what_could_run_code_is_refused(kind: str) -> None:
    with pytest.raises(RecordError, match=rf"row 7: is stored as '{kind}'".replace("+", r"\+")):
        decode(kind, pickle.dumps({"a": 1}), "row 7")


@pytest.mark.parametrize(("kind", "blob"), [("null", b""), (None, b"x"), ("msgpack", None)])
def test_nothing(kind: str | None, blob: bytes | None) -> None:
    assert decode(kind, blob, "here") is None


def test_legacy_json_envelopes() -> None:
    blob = b'{"lc": 2, "type": "constructor", "id": ["m", "Message"], "kwargs": {"content": "hi"}}'
    assert decode("json", blob, "here") == {"content": "hi"}


@given(st.binary(max_size=200))
def test_any_bytes_give_data_or_a_record_error(blob: bytes) -> None:
    with suppress(RecordError):
        json.dumps(decode("msgpack", blob, "here"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_json_values_come_back_as_they_were(value: Any) -> None:
    assert plain(value) == value
    assert decode("msgpack", ormsgpack.packb(value), "here") == value
