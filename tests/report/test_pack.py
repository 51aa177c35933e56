"""Packed columns and traces give back exactly what went in."""

import base64
import json
import math
import random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_file import ReportFile

from evalkit.report.runs.pack import Core, compress, scrub
from evalkit.report.runs.traces import LONG, MEMBER_RUNS, TraceWriter, _long_strings

TEXT = st.text(st.characters(exclude_categories=()), max_size=400)


def read_back(tmp_path, core: Core, members=()) -> ReportFile:
    """Put blocks into the least page there can be and read it as a report."""
    path = tmp_path / "packed.html"
    blocks = [("ek-core", core.pack({"memberRuns": 64, "memberTexts": 256}))]
    blocks += [(f"ek-{name}", data) for name, data in members]
    html = '<script type="application/json" id="evalkit-summary">{}</script>'
    for name, data in blocks:
        body = base64.b64encode(data).decode()
        html += f'<script type="text/plain" id="{name}">{body}</script>'
    path.write_text(html, "utf-8")
    return ReportFile(path)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None],
        [0.1, 0.7, None, 0.1],
        [i / 1000 for i in range(3000)],
        [1e-9 * i for i in range(400)],
        [float(i) for i in range(70_000)],
        [-1.5 * i for i in range(300)],
        [math.pi * i for i in range(300)] + [None],
        [2**40 + i for i in range(300)],
        [1.1234567 + i for i in range(300)],
    ],
)
def test_numbers_come_back_exactly(tmp_path, values):
    core = Core()
    core.numbers("x", values)
    assert read_back(tmp_path, core).column("x") == values


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.floats(0, 1e6, allow_nan=False) | st.integers(0, 10**9)))
def test_any_numbers_come_back(tmp_path_factory, values):
    core = Core()
    core.numbers("x", values)
    assert read_back(tmp_path_factory.mktemp("n"), core).column("x") == values


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT))
def test_any_texts_come_back(tmp_path_factory, values):
    core = Core()
    core.texts("x", values)
    found = read_back(tmp_path_factory.mktemp("t"), core).column("x")
    assert found == [scrub(value) for value in values]


def test_uuids_take_sixteen_bytes(tmp_path):
    values = [f"0{n:07x}-0000-4000-8000-{n:012x}" for n in range(50)]
    core = Core()
    core.texts("id", values)
    assert core.columns["id"]["t"] == "uuid"
    assert read_back(tmp_path, core).column("id") == values


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def scrubbed(value):
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    return {scrub(k): scrubbed(v) for k, v in value.items()} if isinstance(value, dict) else value


def traces_of(tmp_path, runs, budget=None):
    with TraceWriter() as writer:
        for row, run in enumerate(runs):
            writer.add(row, run)
        writer.finish()
        kept = writer.keep(budget)
        core = Core()
        core.codes("where", [kept.where.get(row, 2**32 - 1) for row in range(len(runs))])
        return read_back(tmp_path, core, list(writer.read_all(kept))).traces()


@settings(max_examples=80, deadline=None)
@given(st.lists(JSON, min_size=1, max_size=6))
def test_any_traces_come_back(tmp_path_factory, runs):
    found = traces_of(tmp_path_factory.mktemp("j"), runs)
    assert [found[row] for row in range(len(runs))] == [scrubbed(run) for run in runs]


def test_strings_that_recur_are_shared_and_come_back(tmp_path):
    rng = random.Random(3)
    passages = [f"passage {n} " * 60 for n in range(600)]
    runs = [
        {"docs": rng.sample(passages, 4), "again": passages[n % 600], "nul": "\0b1", "n": n}
        for n in range(3 * MEMBER_RUNS + 5)
    ]
    found = traces_of(tmp_path, runs)
    assert [found[row] for row in range(len(runs))] == runs


def test_a_budget_keeps_the_first_priorities(tmp_path):
    rng = random.Random(1)
    with TraceWriter() as writer:
        for row in range(640):
            noise = "".join(rng.choices("abcdefghijklmnop", k=2000))
            writer.add(row, {"noise": noise}, priority=row % 4)
        writer.finish()
        everything = writer.keep(None)
        kept = writer.keep(everything.size // 3)
    assert len(everything.where) == 640
    assert 0 < len(kept.where) < 640
    assert kept.size <= everything.size // 3
    first = {row for row in range(640) if row % 4 == 0}
    assert first <= kept.where.keys() or kept.where.keys() <= first


def test_compressing_twice_gives_the_same_bytes():
    data = json.dumps(list(range(1000))).encode()
    assert compress(data) == compress(data)


def spelled(data: bytes) -> list[bytes]:
    """Find the long strings that are no keys, letter by letter."""
    found, at = [], 0
    while at < len(data):
        if data[at] != ord('"'):
            at += 1
            continue
        end = at + 1
        while data[end] != ord('"'):
            end += 2 if data[end] == ord("\\") else 1
        literal, at = data[at : end + 1], end + 1
        if len(literal) - 2 >= LONG and data[at : at + 1] != b":":
            found.append(literal)
    return found


LENGTHY = st.builds(
    lambda part, times: part * times,
    st.text(st.sampled_from('ab"\\\n:,{}[]\0\u00e9'), min_size=1, max_size=7),
    st.sampled_from([1, 28, 50, 99, 100, 199, 200, 201, 400]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        LENGTHY | st.none() | st.lists(st.integers(0, 9), min_size=90, max_size=120),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LENGTHY, inner, max_size=4),
        max_leaves=12,
    )
)
def test_long_strings_are_found_as_they_are_spelled(value):
    data = orjson.dumps(value)
    assert [data[start:end] for start, end in _long_strings(data)] == spelled(data)
