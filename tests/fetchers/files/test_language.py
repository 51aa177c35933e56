"""What a mapping can say: arithmetic, units, tables, several files, and what it says of gaps."""

import gzip
import io
import math
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalkit.errors import ConfigError, IncompleteExperiment
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.files.reading.arithmetic import translated
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.paths import braces
from evalkit.fetchers.files.reading.quantities import number_of, seconds_of


@pytest.mark.parametrize(
    ("text", "record", "value"),
    [
        ("ms / 1000", {"ms": 1500}, 1.5),
        ("ms / 1000", {"ms": "1,500 ms"}, 1.5),
        ("ms / 1000", {}, None),
        ("ms / 1000", {"ms": 0}, 0.0),
        ("a / b", {"a": 1, "b": 0}, None),
        ("a + b * 2", {"a": 1, "b": 3}, 7),
        ("(a + b) * 2", {"a": 1, "b": 3}, 8),
        ("a - b - 1", {"a": 9, "b": 3}, 5),
        ("{s: ms / 1000, n: x}", {"ms": 500, "x": 1}, {"s": 0.5, "n": 1}),
        ("sum(xs) / length(xs)", {"xs": [1, 2]}, 1.5),
        ("xs[?ms / 1000 > `2`].n", {"xs": [{"ms": 3000, "n": 1}, {"ms": 5, "n": 2}]}, [1]),
        ("a || ms / 60", {"ms": 30}, 0.5),
        ('"the ms" / 1000', {"the ms": 1000}, 1.0),
        ("max([a * 2, b])", {"a": 2, "b": 3}, 4),
        ("'a / b'", {}, "a / b"),
        ("xs.*.y", {"xs": {"p": {"y": 1}}}, [1]),
        ("join(' - ', xs)", {"xs": ["a", "b"]}, "a - b"),
        ('lookup(`{"a": 1}`, name)', {"name": "a"}, 1),
        ('lookup(`{"1": "one"}`, n)', {"n": 1}, "one"),
        ('lookup(`{"a": 1}`, name)', {"name": "b"}, None),
        ("seconds(t)", {"t": "350 ms"}, 0.35),
        ("seconds(t)", {"t": 350}, 350),
        ("seconds(t, 'ms')", {"t": 350}, 0.35),
        ("seconds(t, 'ms')", {"t": "350"}, 0.35),
        ("seconds(t, 'ms')", {"t": "1,5 s"}, 1.5),
        ("seconds(t, 'min')", {"t": "1.200,5 ms"}, 1.2005),
        ("number(t)", {"t": "$1,200.50"}, 1200.5),
        ("from_json(x)", {"x": "['a', None, (1, 2)]"}, ["a", None, [1, 2]]),
        ("from_json(x)", {"x": ""}, None),
        ("from_json(x)", {"x": "[nan, 1.5, -inf]"}, [None, 1.5, None]),
        ("from_json(x)", {"x": '{"a": NaN}'}, {"a": None}),
        (
            "end - start",
            {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01 01:00:01.5+01:00"},
            1.5,
        ),
        ("b - a", {"a": "20260101", "b": "20260203"}, 102),
        ('n * lookup(`{"big": 0.5}`, m) / 1000', {"n": "1,200", "m": "big"}, 0.6),
    ],
)
def test_expressions(text, record, value):
    found = Expression(text, "t")(record)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize("text", ["a.b", "xs[0]", "'it is 3 / 4'", "[?a == 'x - y']", "`[1, 2]`"])
def test_what_computes_nothing_stays_as_it_is(text):
    assert translated(text) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("350 ms", 0.35), ("350ms", 0.35), ("1.5 s", 1.5), ("1.5", 1.5), ("2 min", 120),
        ("1m 20s", 80), ("1h2m3s", 3723), ("00:01:23", 83), ("0:00:01.500000", 1.5), ("12:34", 754),
        ("1 day, 0:00:01", 86401), ("PT1M3.5S", 63.5), ("20 µs", 2e-5), ("", None), (None, None),
        (3, 3),
    ],
)  # fmt: skip
def test_durations_as_people_write_them(text, seconds):
    assert seconds_of(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seconds(t, 'weeks')", "is one of 'ms', 's'"),
        ("seconds(t, unit)", "is one of 'ms', 's'"),
        ("seconds(t, 'ms', 's')", "takes 1 or 2 arguments, not 3"),
        ("seconds()", "takes at least 1 arguments, not 0"),
    ],
)
def test_units_of_seconds_are_checked_before_anything_is_read(text, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        Expression(text, "t")


@pytest.mark.parametrize(
    ("expression", "amounts", "said"),
    [
        ("t / 1000", ["350 ms", "1.2 s"], "in 'ms' and in 's'"),
        ("t / 1000", [350, "1.2 s"], "without a unit and in 's'"),
        ("t / 1000", ["350", "1,2 s"], "without a unit and in 's'"),
        ("number(t) / 1000", [350, "1.2 s"], "without a unit and in 's'"),
        ("t + x", ["350 ms"], "in 'ms' and in 's'"),
        ("{a: t / 1000}.a", [350, "1.2 s"], "without a unit and in 's'"),
        ("t / 1000", ["350 ms", "20ms", "7 MS", None, ""], None),
        ("t / 1000 + x", ["350 ms", "20 ms"], "without a unit and in 's'"),
        ("t / 1000 + number(x)", ["350 ms", "20 ms"], None),
        ("t / 100", ["85%", 0.85], "without a unit and in '%'"),
        ("t * 1", ["$0.5", 0.5], None),
        ("t * 1", ["$0.5", "€0.5"], "in '$' and in '€'"),
        ("t * 1", ["1.2k", 300, "3M"], None),
        ("t * 1", ["12 tokens", 300], None),
        ("seconds(t, 'ms')", [350, "1.2 s", "7 ms"], None),
    ],
)
def test_computing_with_amounts_in_several_units_is_refused(mapped, expression, amounts, said):
    rows = [{"id": n, "t": amount, "x": "1.2 s"} for n, amount in enumerate(amounts)]
    fetched = mapped(rows, {"run_id": "id", "metadata.x": expression})
    assert said is None if fetched.error is None else said in str(fetched.error)
    if said is None:
        assert fetched.error is None
    elif "'s'" in said:
        assert "seconds(t, 'ms')" in str(fetched.error)


def test_one_mapping_does_not_hear_of_the_units_of_another(mapped):
    for amount in ("350 ms", "1.2 s"):
        fetched = mapped([{"id": 1, "t": amount}], {"run_id": "id", "duration_s": "t / 1000"})
        assert fetched.error is None


@pytest.mark.parametrize("text", ["soon", "3 parsecs", "1.2.3", True, [1]])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is no"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1_000", 1000),
        ("1 000", 1000),
        ("-3", -3),
        ("2e3", 2000.0),
        ("45%", 45),
        ("€3.50", 3.5),
        ("1.2k", 1200),
        ("3M", 3_000_000),
        ("1 234,5 ms", 1234.5),
        ("1\u00a0234", 1234),
        ("0,012 €", 0.012),
        ("1,012", 1012),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("pattern", "every"),
    [
        ("a.json", ["a.json"]),
        ("{a,b}/x.json", ["a/x.json", "b/x.json"]),
        ("{a,b}.{c,d}", ["a.c", "a.d", "b.c", "b.d"]),
        ("id={1}.json", ["id={1}.json"]),
    ],
)
def test_braces(pattern, every):
    assert braces(pattern) == every


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (["runs/*.jsonl", "!runs/old*.jsonl"], ["a", "b"]),
        (["runs", "!old.jsonl"], ["a", "b"]),
        ("runs/{a,old}.jsonl", ["a", "old"]),
        (["runs/**/*.jsonl", "!runs/b.jsonl", "!*/a.jsonl"], ["old"]),
    ],
)
def test_which_files(write, fetch, path, names):
    for name in ("a", "b", "old"):
        write(f"runs/{name}.jsonl", [{"n": name}])
    fetched = fetch(RecordsFetcher, path=path, fields={"run_id": "n"})
    assert sorted(run.run_id for run in fetched.runs) == names


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (["!runs/a.jsonl"], "only says what is left out"),
        (["runs", "!runs/*"], "leave no file"),
        ("runs/{a,gone}.jsonl", "no file matches 'runs/gone.jsonl'"),
    ],
)
def test_a_path_that_leaves_nothing_is_refused(write, fetch, path, said):
    write("runs/a.jsonl", [{"n": "a"}])
    assert said in str(fetch(RecordsFetcher, path=path, fields={"run_id": "n"}).error)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", b""),
        ("b.jsonl", b" \n\n"),
        ("b.parquet", b""),
        ("b.jsonl.gz", gzip.compress(b"", mtime=0)),
    ],
)
def test_nothing_but_white_space_is_empty_whatever_it_is_packed_in(write, fetch, name, content):
    write("runs/a.jsonl", [{"n": "a"}])
    write(f"runs/{name}", content)
    fetched = fetch(RecordsFetcher, path="runs", fields={"run_id": "n"})
    assert [run.run_id for run in fetched.runs] == ["a"]
    assert f"runs/{name}: the file is empty" in str(fetched.error)


def test_an_empty_file_among_others_is_named(write, fetch):
    write("runs/a.jsonl", [{"n": "a"}])
    write("runs/b.jsonl", b"")
    fetched = fetch(RecordsFetcher, path="runs", fields={"run_id": "n"})
    assert [run.run_id for run in fetched.runs] == ["a"]
    assert isinstance(fetched.error, IncompleteExperiment)
    assert "runs/b.jsonl: the file is empty" in str(fetched.error)


def test_a_cell_that_is_no_json_is_a_note(write, fetch):
    write("log.csv", "id,contexts\n1,\"['a', 'b']\"\n2,oops [\n3,\n")
    fields = {"run_id": "id", "outputs": "from_json(contexts)"}
    fetched = fetch(RecordsFetcher, path="log.csv", fields=fields)
    assert [run.outputs for run in fetched.runs] == [["a", "b"], None, None]
    said = "outputs: missing in 2 of 3 records, unusable in 1 of them: 'oops [' is neither JSON"
    assert any(said in note for note in fetched.counts.notes), fetched.counts.notes


def test_amounts_written_as_people_do_need_no_function(mapped):
    rows = [{"took": "1,250 ms", "cost": "$0.012", "tokens": "1.2k"},
            {"took": "00:00:02", "cost": "0", "tokens": "0"},
            {"took": "n/a", "cost": "", "tokens": None}]  # fmt: skip
    fields = {"duration_s": "took", "usage.total_cost": "cost", "usage.total_tokens": "tokens"}
    fetched = mapped(rows, fields)
    assert [run.latency for run in fetched.runs] == [1.25, 2.0, None]
    assert [run.usage and run.usage.total_cost for run in fetched.runs] == [0.012, 0.0, None]
    assert [run.total_tokens for run in fetched.runs] == [1200, 0, None]
    assert any("'n/a' is no number" in note for note in fetched.counts.notes)


@pytest.mark.parametrize(
    ("number", "outcome"),
    [(200, "success"), ("204", "success"), (400, "error"), ("404", "error"), (429, "error"),
     (599, "error"), (600, "unknown"), (301, "unknown"), (0, "unknown"), ("weird", "unknown"),
     (None, "unknown"), ("", "unknown")],
)  # fmt: skip
def test_numbers_of_failures_and_words_nobody_knows_are_no_success(mapped, number, outcome):
    rows = [{"s": number}, {"s": "ok"}]
    assert mapped(rows, {"status": "s"}).runs[0].outcome == outcome


def test_zero_is_not_nothing(mapped):
    fields = {"run_id": "id", "example_id": "id", "repetition": "n", "duration_s": "n || other",
              "usage.total_tokens": "n", "usage.total_cost": "n / 1000", "outputs": "n",
              "feedback.right": "n"}  # fmt: skip
    (run,) = mapped([{"id": 0, "n": 0, "other": 5}], fields).runs
    assert (run.run_id, run.example_id, run.repetition, run.outputs) == ("0", "0", 0, 0)
    assert (run.latency, run.usage.total_tokens, run.usage.total_cost) == (0.0, 0, 0.0)
    assert [item.score for item in run.feedback] == [0]


def test_nan_in_parquet_is_a_note(write, fetch):
    table = pa.table({"id": [1, 2], "score": [1.0, math.nan], "parts": [[1.0], [math.nan]]})
    packed = io.BytesIO()
    pq.write_table(table, packed)
    write("log.parquet", packed.getvalue())
    fields = {"run_id": "id", "feedback.score": "score", "outputs": "parts"}
    fetched = fetch(RecordsFetcher, path="log.parquet", fields=fields)
    assert [[item.score for item in run.feedback] for run in fetched.runs] == [[1.0], []]
    assert [run.outputs for run in fetched.runs] == [[1.0], [None]]
    assert any("2 NaN or infinite numbers, read as missing" in n for n in fetched.counts.notes)


@pytest.mark.parametrize("key", ["task_id || id", "regex_extract(_filename, 'q[0-9]')"])
def test_files_are_joined_by_any_key_or_by_name(write, fetch, key):
    for number in (0, 1):
        write(f"answers/q{number}.jsonl", [{"task_id": number, "out": f"x{number}"}])
        write(f"scores/q{number}_score.jsonl", [{"id": str(number), "ok": bool(number)}])
    fields = {"outputs": "out", "feedback.ok": "ok"}
    fetched = fetch(RecordsFetcher, path=["answers", "scores"], group_by=key, fields=fields)
    found = [(run.outputs, [item.score for item in run.feedback]) for run in fetched.runs]
    assert found == [("x0", [False]), ("x1", [True])]
