"""Where a record stands is a name for expressions, never data; notes count all that is missing."""

import pytest

from evalkit.fetchers.files.formats.records import RecordsFetcher

LINES = [{"a": 1}, {"a": 2}]


def test_a_whole_record_is_as_it_is_in_the_file(write, fetch):
    write("log.jsonl", LINES)
    write("gold.jsonl", LINES)
    fetched = fetch(
        RecordsFetcher,
        path="log.jsonl",
        fields={
            "run_id": "join('#', [_filename, to_string(_line)])",
            "example_id": "_index",
            "outputs": "@",
            "metadata": "{all: @, path: _path}",
            "feedback": "@",
        },
        dataset={
            "path": "gold.jsonl",
            "fields": {"example_id": "_index", "reference_outputs": "@", "metadata": "{m: [@]}"},
        },
    )
    assert fetched.error is None
    assert [run.run_id for run in fetched.runs] == ["log.jsonl#1", "log.jsonl#2"]
    assert [run.outputs for run in fetched.runs] == LINES
    assert fetched.runs[0].metadata == {"all": {"a": 1}, "path": "log.jsonl"}
    assert [(f.key, f.score) for f in fetched.runs[1].feedback] == [("a", 2)]
    assert [e.reference_outputs for e in fetched.examples.values()] == LINES
    assert fetched.examples["0"].metadata == {"m": [{"a": 1}]}


@pytest.mark.parametrize(
    ("content", "name", "records", "count"),
    [
        (LINES, "sql.jsonl", "[?!regex_match(_filename, 'sql')]", 0),
        (LINES, "py.jsonl", "[?!regex_match(_filename, 'sql')]", 2),
        (LINES, "py.jsonl", "[?_line > `1`]", 1),
        ({"rows": LINES}, "py.json", "rows[?_filename == 'py.json']", 2),
        ({"rows": LINES}, "py.json", "rows[?_path == 'py.json'] | [:1]", 1),
        ({"rows": {"x": {"a": 1}}}, "py.json", "rows.*[] | [?_filename == 'py.json']", 1),
        ([{"_filename": "own", "a": 1}], "py.jsonl", "[?_filename == 'own']", 1),
        ({"n": 3, "xs": [1, 2, 3]}, "py.json", "spread(@, 'xs')[?_index > `0`]", 2),
    ],
)
def test_places_in_records(write, fetch, content, name, records, count):
    write(name, content)
    fetched = fetch(RecordsFetcher, path=name, records=records, fields={"metadata": "{f: _index}"})
    assert len(fetched.runs) == count
    assert (fetched.error is None) == bool(count)


def test_records_that_were_spread_keep_their_place_to_themselves(write, fetch):
    write("log.json", {"q": "x", "answers": {"one": 1, "two": 2}})
    fields = {"run_id": "join('-', [q, _key, to_string(_index)])", "outputs": "@"}
    fetched = fetch(RecordsFetcher, path="log.json", records="spread(@, 'answers')", fields=fields)
    assert [run.run_id for run in fetched.runs] == ["x-one-0", "x-two-1"]
    assert [run.outputs for run in fetched.runs] == [
        {"q": "x", "answers": 1}, {"q": "x", "answers": 2},
    ]  # fmt: skip


def test_a_dataset_of_many_files_is_joined_by_their_names(write, fetch):
    for part in ("a", "b"):
        write(f"runs/{part}_result.jsonl", [{"n": 0, "out": part}])
        write(f"gold/{part}_gold.jsonl", [{"n": 0, "ok": part == "a"}])
    named = "join('#', [split(_filename, '_')[0], to_string(n)])"
    fetched = fetch(
        RecordsFetcher,
        path="runs/*.jsonl",
        fields={"example_id": named, "outputs": "{out: out}"},
        dataset={
            "path": "gold/*.jsonl",
            "fields": {"example_id": named, "reference_outputs": "{ok: ok, at: _path}"},
        },
    )
    assert {name: e.reference_outputs for name, e in fetched.examples.items()} == {
        "a#0": {"ok": True, "at": "gold/a_gold.jsonl"},
        "b#0": {"ok": False, "at": "gold/b_gold.jsonl"},
    }
    assert [run.example_id for run in fetched.runs] == ["a#0", "b#0"]


@pytest.mark.parametrize(
    ("field", "expression", "note"),
    [
        ("feedback.x", "divide(length(xs), n)", "missing in 3 of 4 records, unusable in 1 of them"),
        ("outputs", "n", "missing in 1 of 4 records"),
        ("thread_id", "t", "missing in 3 of 4 records"),
        ("outputs", "{n: n, t: t}", "missing of 4 records: outputs.n in 1, outputs.t in 2"),
        ("outputs", "{n: n || `0`, t: t}", "missing of 4 records: outputs.t in 2"),
    ],
)
def test_notes_count_every_record_that_is_missing_something(write, fetch, field, expression, note):
    write(
        "log.jsonl",
        [{"n": 1, "xs": [1], "t": "a"}, {"n": 0, "xs": [], "t": ""}, {"xs": [], "t": None},
         {"n": 3}],
    )  # fmt: skip
    fetched = fetch(
        RecordsFetcher, path="log.jsonl", fields={"example_id": "'e'", field: expression}
    )
    assert any(note in each for each in fetched.counts.notes), fetched.counts.notes
