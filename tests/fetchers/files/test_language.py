"""What a mapping can say: arithmetic, units, tables, several files, and what it says of gaps."""

import pytest

from evalkit.errors import IncompleteExperiment
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
        ("number(t)", {"t": "$1,200.50"}, 1200.5),
        ("from_json(x)", {"x": "['a', None, (1, 2)]"}, ["a", None, [1, 2]]),
        ("from_json(x)", {"x": ""}, None),
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


@pytest.mark.parametrize("text", ["soon", "3 parsecs", "1.2.3", True, [1]])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is no"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1_000", 1000), ("1 000", 1000), ("-3", -3), ("2e3", 2000.0), ("45%", 45), ("€3.50", 3.5)],
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


@pytest.mark.parametrize(
    ("step", "latency"),
    [
        ({"took_ms": 1500}, 1.5), ({"duration_ms": "1500"}, 1.5), ({"elapsed_s": 1.5}, 1.5),
        ({"duration": "1500 ms"}, 1.5), ({"latency": 1.5}, 1.5), ({"took_ms": 0}, 0.0), ({}, None),
    ],
)  # fmt: skip
def test_steps_say_under_many_names_how_long_they_took(write, fetch, step, latency):
    said = {"at": "2026-01-01T00:00:00Z", "text": "hi", "tokens": 5, "type": "llm", **step}
    write("log.jsonl", [{"id": 1, "trace": [said]}])
    (run,) = fetch(RecordsFetcher, path="log.jsonl", fields={"run_id": "id", "steps": "trace"}).runs
    (found,) = run.steps
    assert (found.latency, found.outputs, found.usage.total_tokens) == (latency, "hi", 5)
    assert found.started_at is not None
