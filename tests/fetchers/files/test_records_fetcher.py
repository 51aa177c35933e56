"""Any log becomes runs by a mapping: what each field does, and how gaps and typos are told."""

import gzip
from datetime import UTC, datetime

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from pydantic import ValidationError

from evalkit.errors import (
    ConfigError,
    DatasetError,
    ExperimentNotFound,
    FetchError,
    IncompleteExperiment,
    NoRunsError,
    SourceUnavailable,
)
from evalkit.fetchers.base import FetchContext, revision
from evalkit.fetchers.files.formats.options import RecordsOptions
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.model.run import Run

ONE = {"q": "2+2", "a": "4", "gold": "4"}
FIELDS = {"inputs": "{q: q}", "outputs": "{a: a}"}


def only(fetched) -> Run:
    assert fetched.error is None, fetched.error
    (run,) = fetched.runs
    return run


# --- fields -------------------------------------------------------------------------------------

TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected"),
    [
        ("run_id", "r1", "run_id", "r1"),
        ("run_id", 7, "run_id", "7"),
        ("run_id", 7.0, "run_id", "7"),
        ("name", "qa", "name", "qa"),
        ("repetition", 3, "repetition", 3),
        ("repetition", "3", "repetition", 3),
        ("inputs", "plain", "inputs", "plain"),
        ("inputs.deep.q", 1, "inputs", {"deep": {"q": 1}}),
        ("outputs", [1], "outputs", [1]),
        ("metadata.model", "m", "metadata", {"model": "m"}),
        ("status", "ok", "status", "success"),
        ("status", "Timed_Out", "outcome", "timeout"),
        ("status", "failed", "outcome", "error"),
        ("status", False, "outcome", "error"),
        ("status", "cancelled", "outcome", "cancelled"),
        ("status", "weird", "status", "weird"),
        ("error", "ValueError: x", "outcome", "error"),
        ("error", {"type": "E", "message": "m"}, "error", "E: m"),
        ("error", {"code": 3}, "error", '{"code":3}'),
        ("error", True, "error", "error"),
        ("stopped", "paused", "outcome", "paused"),
        ("started_at", "2026-01-02T03:04:05Z", "started_at", TIME),
        ("started_at", "2026-01-02 03:04:05", "started_at", TIME),
        ("started_at", TIME.timestamp(), "started_at", TIME),
        ("ended_at", TIME.timestamp() * 1e3, "ended_at", TIME),
        ("created_at", TIME.timestamp() * 1e6, "created_at", TIME),
        ("updated_at", str(TIME.timestamp()), "updated_at", TIME),
        ("duration_s", 1.5, "latency", 1.5),
        ("duration_s", "1.5", "latency", 1.5),
        ("first_token_s", 0.25, "time_to_first_token", 0.25),
        ("tags", ["a", "b"], "tags", ["a", "b"]),
        ("tags", "a", "tags", ["a"]),
        ("tags", {"a": True, "b": False, "c": "d"}, "tags", ["a", "c:d"]),
        ("thread_id", "t", "thread_id", "t"),
        ("url", "https://x.test", "url", "https://x.test"),
        ("usage.total_cost", 0.5, "total_cost", 0.5),
        ("usage", {"prompt_tokens": 3, "completion_tokens": 4}, "total_tokens", 7),
        ("interrupts", [{"ask": 1}], "outcome", "paused"),
        ("extra", {"k": 1}, "extra", {"k": 1}),
    ],
)
def test_a_field_sets_what_it_names(mapped, field, value, attribute, expected):
    run = only(mapped([{"v": value}], {field: "v"}))
    assert getattr(run, attribute) == expected


@pytest.mark.parametrize("empty", [None, "", False, [], {}])
def test_an_empty_error_is_none(mapped, empty):
    run = only(mapped([{"v": empty}], {"error": "v"}))
    assert (run.error, run.outcome) == (None, "success")


@pytest.mark.parametrize(
    ("value", "score", "category", "comment"),
    [
        (1, 1, None, None),
        (True, True, None, None),
        (0.25, 0.25, None, None),
        ("good", None, "good", None),
        ({"score": 1, "comment": "why"}, 1, None, "why"),
        ({"value": "good", "explanation": "why"}, None, "good", "why"),
        ({"value": 0.5}, 0.5, None, None),
        ({"precision": 1}, None, {"precision": 1}, None),
        (["a"], None, ["a"], None),
    ],
)
def test_a_recorded_score_keeps_its_kind(mapped, value, score, category, comment):
    (item,) = only(mapped([{"v": value}], {"feedback.reward": "v"})).feedback
    assert (item.key, item.source, item.evaluator) == ("reward", "recorded", "records")
    assert (item.score, item.value, item.comment) == (score, category, comment)
    assert type(item.score) is type(score)


def test_scores_come_as_an_object_or_a_list_too_and_null_is_no_score(mapped):
    records = [
        {"s": {"a": 1, "b": None}},
        {"s": [{"key": "a", "score": 0}, {"name": "c", "value": "x"}]},
    ]
    fetched = mapped(records, {"feedback": "s"}, source="grader")
    keys = [[item.key for item in run.feedback] for run in fetched.runs]
    assert keys == [["a"], ["a", "c"]]
    assert fetched.runs[0].feedback[0].evaluator == "grader"


def test_parts_go_into_the_whole(mapped):
    fields = {
        "metadata": "m",
        "metadata.task": "t",
        "usage": "u",
        "usage.total_cost": "cost",
        "inputs.q": "t",
    }
    record = {"m": {"model": "x"}, "t": 1, "u": {"input_tokens": 5, "other": 2}, "cost": "0.5"}
    run = only(mapped([record], fields))
    assert run.metadata == {"model": "x", "task": 1}
    assert (run.usage.input_tokens, run.usage.total_cost) == (5, 0.5)
    assert run.usage.details == {"other": 2}
    assert run.inputs == {"q": 1}


def test_toml_may_nest_dotted_names():
    options = RecordsOptions(path="x", fields={"usage": {"total_cost": "c"}, "run_id": "r"})
    assert options.fields == {"usage.total_cost": "c", "run_id": "r"}


# --- identity, examples, repetitions ------------------------------------------------------------


def test_runs_without_an_id_are_named_by_their_content(mapped):
    records = [ONE, {**ONE, "a": "5"}]
    first, again = mapped(records, FIELDS), mapped([dict(reversed(ONE.items()))], FIELDS)
    assert len({run.run_id for run in first.runs}) == 2
    assert again.runs[0].run_id == first.runs[0].run_id
    assert "run_id: a hash of the record" in first.counts.inferred


def test_equal_records_without_ids_are_runs_of_their_own_and_noted(mapped):
    fetched = mapped([ONE, ONE, ONE], FIELDS)
    assert len({run.run_id for run in fetched.runs}) == 3
    assert [run.repetition for run in fetched.runs] == [0, 1, 2]
    assert any("2 x record equal to an earlier one" in note for note in fetched.counts.notes)


def test_equal_records_with_an_id_are_copies(mapped):
    fetched = mapped([ONE, ONE], {**FIELDS, "run_id": "q"})
    assert len(fetched.runs) == 1
    assert (fetched.counts.received, fetched.counts.duplicates) == (1, 1)


def test_different_records_with_one_id_are_a_mistake_in_the_mapping(mapped):
    fetched = mapped([ONE, {**ONE, "a": "5"}], {**FIELDS, "run_id": "q"})
    assert isinstance(fetched.error, ConfigError)
    assert "fields.run_id" in str(fetched.error)
    assert "'2+2'" in str(fetched.error)
    assert "log.jsonl:2" in str(fetched.error)


def test_equal_inputs_are_one_example_and_its_runs_are_counted(mapped):
    records = [{**ONE, "a": str(n)} for n in range(3)] + [{**ONE, "q": "1+1"}]
    fetched = mapped(records, {**FIELDS, "reference_outputs": "{gold: gold}"})
    assert [run.repetition for run in fetched.runs] == [0, 1, 2, 0]
    assert len(fetched.examples) == 2
    example = fetched.examples[fetched.runs[0].example_id]
    assert (example.inputs, example.reference_outputs) == ({"q": "2+2"}, {"gold": "4"})


def test_an_example_that_changes_is_noted(mapped):
    records = [{"id": "e", "gold": 1}, {"id": "e", "gold": 2}]
    fetched = mapped(records, {"example_id": "id", "reference_outputs": "gold", "outputs": "gold"})
    assert fetched.examples["e"].reference_outputs == 1
    assert any("different inputs or references" in note for note in fetched.counts.notes)


def test_many_examples_do_not_stay_in_memory_and_all_come_back(mapped, monkeypatch):
    records = [{"id": n, "text": "x" * 2000} for n in range(9000)]  # beyond the 16 MB kept
    fetched = mapped(records, {"example_id": "id", "inputs": "{text: text}"})
    assert list(fetched.examples) == [str(n) for n in range(9000)]
    assert fetched.progress[-1] == 9000


# --- typos and gaps -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"outputs": "anser"}, "outputs = 'anser': no record has 'anser'"),
        ({"outputs": "{a: a, b: anser.x}"}, "no record has 'anser.x'"),
        ({"run_id": "join('-', [q, to_string(trail)])"}, "no record has 'trail'"),
        ({"outputs": "list[*].txt"}, "it gives nothing for any record"),
        ({"outputs": "list[0].txt"}, "it gives nothing for any record"),
        ({"outputs": "{a: a, b: list[0].txt}"}, "'b' is missing in every record"),
        ({"duration_s": "q"}, "never fits: '2+2' is no number (first: log.jsonl:1)"),
        ({"started_at": "q"}, "never fits: '2+2' is no time"),
        ({"messages": "q"}, "never fits: '2+2' is no list"),
        ({"steps": "list"}, "never fits: step 0 is a int"),
        ({"outputs": "length(n)"}, "never fits: In function length()"),
        ({"name": "list"}, "never fits: [1] is no text"),
        ({"usage": "q"}, "never fits: '2+2' is no object"),
        ({"feedback": "list"}, "never fits: a score in the list has no 'key'"),
    ],
)
def test_a_typo_is_an_error_that_names_the_field(mapped, fields, said):
    fetched = mapped([{**ONE, "list": [1], "n": None}] * 2, fields)
    assert isinstance(fetched.error, ConfigError)
    assert fetched.error.exit_code == 2
    assert "experiments.trial.fields" in str(fetched.error)
    assert said in str(fetched.error)


def test_all_typos_are_said_at_once(mapped):
    fetched = mapped([ONE], {"inputs": "qq", "outputs": "aa", "name": "q"})
    assert len(fetched.error.problems) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"error": "error || `null`"},
        {"outputs": "a || b"},
        {"outputs": "not_null(b, a)"},
        {"error": "n"},
        {"tags": "none[*].x"},
        {"outputs": "list[?@ == `9`]"},
    ],
)
def test_allowed_absence_is_no_typo(mapped, fields):
    fetched = mapped([{**ONE, "n": None, "none": [], "list": [1]}], fields)
    assert fetched.error is None


def test_gaps_are_missing_data_and_counted(mapped):
    records = [{"s": 1, "d": 2}, {"s": None, "d": "x"}, {"d": 3}]
    fetched = mapped(records, {"feedback.s": "s", "duration_s": "d"})
    assert [len(run.feedback) for run in fetched.runs] == [1, 0, 0]
    assert [run.latency for run in fetched.runs] == [2.0, None, 3.0]
    notes = "\n".join(fetched.counts.notes)
    assert "feedback.s: missing in 2 of 3 records" in notes
    assert "duration_s: unusable in 1 of 3 records, read as missing: 'x' is no number" in notes
    assert "log.jsonl:2" in notes


@pytest.mark.parametrize(
    ("options", "place", "said"),
    [
        ({"fields": {"outptus": "a"}}, "outptus", "Did you mean 'outputs'?"),
        ({"fields": {"usage.cost": "a"}}, "usage.cost", "usage has no 'cost'"),
        ({"fields": {"name.x": "a"}}, "name.x", "name has no parts"),
        ({"fields": {"outputs": "a["}}, "outputs", "at column 3"),
        ({"fields": {}}, "fields", "at least 1"),
        ({"fields": FIELDS, "records": "a["}, "records", "at column 3"),
        ({"fields": FIELDS, "pth": "x"}, "pth", "Extra inputs"),
        ({"fields": FIELDS, "dataset": {"path": "x", "fields": {"id": "a"}}}, "id", "no field"),
    ],
)
def test_options_are_checked_when_the_config_is(options, place, said):
    with pytest.raises(ValidationError) as caught:
        RecordsOptions(**{"path": "x", **options})
    wrong = [e for e in caught.value.errors() if place in e["loc"]]
    assert any(said in each["msg"] for each in wrong)


# --- which records ------------------------------------------------------------------------------


def test_an_object_keyed_by_index(mapped):
    fields = {"run_id": "_key", "outputs": "a"}
    fetched = mapped({"0": ONE, "1": {**ONE, "a": 5}}, fields, "log.json", records="*")
    assert [run.run_id for run in fetched.runs] == ["0", "1"]
    assert fetched.error is None


def test_one_record_of_many_samples(mapped):
    record = {"task": 900, "ys": ["a", "b"], "accs": [True, False]}
    fields = {
        "example_id": "task",
        "repetition": "_index",
        "outputs": "ys",
        "feedback.acc": "accs",
    }
    fetched = mapped([record], fields, "log.json", records="[].spread(@, 'ys', 'accs')[]")
    assert [(r.example_id, r.repetition, r.outputs) for r in fetched.runs] == [
        ("900", 0, "a"),
        ("900", 1, "b"),
    ]


def test_where_a_record_stands_is_open_to_expressions(fetch, write):
    write("runs/a/none.json", [ONE])
    write("runs/b/hard.jsonl", [ONE, {**ONE, "_path": "own"}])
    fields = {
        "run_id": "join(':', [_path, to_string(_index)])",
        "metadata.attack": "replace(_filename, '.jsonl', '')",
        "metadata.line": "to_string(_line)",
    }
    fetched = fetch(RecordsFetcher, path="runs", fields=fields)
    assert fetched.error is None
    assert [run.run_id for run in fetched.runs] == [
        "runs/a/none.json:0",
        "runs/b/hard.jsonl:0",
        "own:1",
    ]
    assert [run.metadata["line"] for run in fetched.runs] == ["null", "1", "2"]


def test_a_document_taken_for_one_record_though_it_holds_many_is_noted(mapped):
    document = {"name": "x", "results": [ONE, ONE]}
    fetched = mapped(document, {"name": "name"}, "log.json")
    assert len(fetched.runs) == 1
    assert any("lists of objects: results (2)" in note for note in fetched.counts.notes)


def test_records_that_hold_lists_are_no_reason_to_wonder(mapped):
    fetched = mapped([{"q": 1, "docs": [{}, {}]}, {"q": 2, "docs": []}], {"name": "q"}, "log.json")
    assert not any("lists of objects" in note for note in fetched.counts.notes)


def test_a_line_that_holds_null_is_no_record(mapped):
    assert len(mapped(b'null\n{"q": 1}\n', {"inputs": "q"}).runs) == 1


def test_a_selection_of_nothing_says_how_it_is_written(mapped):
    fetched = mapped({"runs": [ONE]}, FIELDS, "log.json", records="rows")
    assert isinstance(fetched.error, NoRunsError)
    assert "records = 'rows' selects nothing in log.json" in str(fetched.error)


def test_a_selection_that_cannot_be_computed_is_said(mapped):
    fetched = mapped([1], FIELDS, "log.json", records="sort_by([], &a)")
    assert isinstance(fetched.error, DatasetError)
    assert "experiments.trial.records" in str(fetched.error)


def test_a_line_that_a_selection_cannot_be_computed_on_is_named(mapped):
    lines = [{"task": "user_1"}, {"task": None}]
    fetched = mapped(lines, {"name": "task"}, records="[?starts_with(task, 'user')]")
    assert isinstance(fetched.error, DatasetError)
    assert "log.jsonl:2: experiments.trial.records: In function starts_with()" in str(fetched.error)
    guarded = mapped(lines, {"name": "task"}, records="[?task && starts_with(task, 'user')]")
    assert guarded.error is None


# --- files --------------------------------------------------------------------------------------


def test_several_files_are_one_experiment_in_the_order_given(fetch, write):
    for name in ("z", "b1", "b2"):
        write(f"{name}.jsonl", [{**ONE, "q": name}])
    fetched = fetch(RecordsFetcher, path=["z.jsonl", "b*.jsonl", "b1.jsonl"], fields=FIELDS)
    assert [run.inputs["q"] for run in fetched.runs] == ["z", "b1", "b2"]


def test_a_path_that_names_nothing_is_said_with_the_folder(fetch, tmp_path):
    fetched = fetch(RecordsFetcher, path="no*.jsonl", fields=FIELDS)
    assert isinstance(fetched.error, ExperimentNotFound)
    assert "'no*.jsonl'" in str(fetched.error)
    assert str(tmp_path) in str(fetched.error)


def packed(data):
    """Return gzip bytes without a time: they name test cases, which every worker collects."""
    return gzip.compress(data, mtime=0)


LINES = b'{"q": "1", "a": "x"}\n{"q": "2", "a": "\xc3\xa9"}\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.jsonl", LINES),
        ("log.jsonl", LINES.replace(b"\n", b"\r\n")),
        ("log.jsonl", b"\xef\xbb\xbf" + LINES.rstrip()),
        ("log.jsonl", b"\n \n" + LINES + b"\n"),
        ("log.json", LINES),
        ("log.txt", LINES),
        ("log.jsonl", LINES.decode().encode("utf-16")),
        ("log.jsonl.gz", packed(LINES)),
        ("log.jsonl", packed(LINES[:21]) + packed(LINES[21:])),
        ("log.jsonl.zst", zstandard.compress(LINES)),
        ("log.jsonl.zst", zstandard.compress(LINES[:21]) + zstandard.compress(LINES[21:])),
        ("log.json", LINES.replace(b'"x"', b'"x", "long": "%s"' % (b"y" * 100_000))),
        ("log.json", b"[" + LINES.strip().replace(b"\n", b",") + b"]"),
        ("log.json.gz", packed(b"[" + LINES.strip().replace(b"\n", b",") + b"]")),
        ("log.csv", b"q,a\r\n1,x\r\n2,\xc3\xa9\r\n"),
        ("log.csv", b"\xef\xbb\xbfq;a\n1;x\n2;\xc3\xa9"),
        ("log.tsv", b"q\ta\n1\tx\n2\t\xc3\xa9\n"),
    ],
)
def test_the_same_rows_from_every_kind_of_file(mapped, name, content):
    fetched = mapped(content, FIELDS, name)
    assert fetched.error is None
    assert [(run.inputs, run.outputs) for run in fetched.runs] == [
        ({"q": "1"}, {"a": "x"}),
        ({"q": "2"}, {"a": "é"}),
    ]


def test_parquet_rows_come_as_json_would_hold_them(fetch, tmp_path):
    table = pyarrow.table(
        {
            "q": ["1"],
            "at": pyarrow.array([TIME], pyarrow.timestamp("us", "UTC")),
            "score": [float("nan")],
            "deep": [{"xs": [1.5, None]}],
            "raw": [b"\xff"],
            "pairs": pyarrow.array([[("k", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "log.parquet")
    fields = {
        "inputs": "{q: q, deep: deep, raw: raw, pairs: pairs}",
        "started_at": "at",
        "feedback.score": "score",
    }
    run = only(fetch(RecordsFetcher, path="log.parquet", fields=fields))
    assert run.inputs == {
        "q": "1",
        "deep": {"xs": [1.5, None]},
        "raw": "/w==",
        "pairs": {"k": 1},
    }
    assert (run.started_at, run.feedback) == (TIME, ())


def test_cells_of_csv_stay_text_and_scores_are_read_from_it(mapped):
    text = 'q,a,score,ok,grade\n=1+1,"@SUM(A1)\n2",0.50,TRUE,good\n2,,,,\n'
    fields = {
        **FIELDS,
        "feedback.score": "score",
        "feedback.ok": "ok",
        "feedback.grade": "grade",
    }
    first, second = mapped(text, fields, "log.csv").runs
    assert (first.inputs, first.outputs) == ({"q": "=1+1"}, {"a": "@SUM(A1)\n2"})
    assert [item.score for item in first.feedback] == [0.5, True, None]
    assert first.feedback[2].value == "good"
    assert (second.outputs, second.feedback) == ({"a": None}, ())


def test_urls_of_any_file_system(fetch):
    import fsspec

    system = fsspec.filesystem("memory")
    system.pipe_file("/logs/one.jsonl", LINES)
    for path in ("memory://logs/one.jsonl", "memory://logs/*.jsonl", "memory://logs"):
        fetched = fetch(RecordsFetcher, path=path, fields={**FIELDS, "run_id": "_path"})
        assert fetched.error is None or isinstance(fetched.error, ConfigError)
        assert fetched.runs[0].run_id == "memory:///logs/one.jsonl"


@pytest.mark.parametrize("path", ["nosuch://logs/x.jsonl", "nosuch://logs/*.jsonl"])
def test_a_url_nobody_can_open_is_an_unavailable_source(fetch, path):
    fetched = fetch(RecordsFetcher, path=path, fields=FIELDS)
    assert isinstance(fetched.error, SourceUnavailable)
    assert "nosuch" in str(fetched.error)


# --- files that are not whole -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "kept", "said"),
    [
        ("log.jsonl", LINES[:-9], 1, "log.jsonl:2: the last line is cut off"),
        ("log.jsonl", b"{oops}\n" + LINES, 2, "log.jsonl:1: not JSON"),
        ("log.jsonl", LINES + b"\x00\x00\x00\n", 2, "log.jsonl:3: not JSON"),
        ("log.json", b'[{"q": "1", "a": "x"},\n{"q": "2"', 1, "log.json:2: the file ends"),
        ("log.json", b'[{"q": "1", "a": "x"}]\n]', 1, "log.json:2: something follows"),
        ("log.jsonl.gz", packed(LINES)[:-12], 1, "log.jsonl.gz:"),
        ("log.json.gz", packed(b"[" + LINES[:20] + b"]" * 9999)[:-10], 1, "log.json.gz:"),
        ("log.jsonl.gz", packed(LINES)[:30] + b"\xff" * 9, 0, "unpacking fails"),
        ("log.jsonl.zst", zstandard.compress(LINES)[:-3], 0, "log.jsonl.zst:1: unpacking fails"),
        ("log.jsonl.zst", zstandard.compress(LINES) + b"junk", 2, "log.jsonl.zst:3: unpacking"),
        ("log.json", b"not json at all", 0, "log.json:1: Expecting value"),
        ("log.json", b"[" * 3000 + b"]" * 3000, 0, "log.json:1: nested deeper than can be read"),
        ("log.csv", b'q,a\n1,x\n2,"open', 1, "log.csv:3: not CSV: unexpected end"),
        ("log.csv", b"q,a\n1,x\n2,y,z\n", 1, "log.csv:3: 3 cells under 2 column names"),
    ],
)
def test_what_is_broken_is_named_and_the_rest_is_kept(mapped, name, content, kept, said):
    fetched = mapped(content, FIELDS, name)
    assert isinstance(fetched.error, IncompleteExperiment)
    assert fetched.error.exit_code == 3
    assert said in str(fetched.error)
    assert len(fetched.runs) >= kept
    assert fetched.counts.problems


def test_a_hundred_broken_lines_are_counted_not_listed(mapped):
    fetched = mapped(b"oops\n" * 100 + LINES, FIELDS)
    assert "100 problem(s)" in str(fetched.error)
    assert "and 95 more" in str(fetched.error)
    assert len(fetched.runs) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.jsonl", b""),
        ("log.jsonl", b"\n\n"),
        ("log.json", b""),
        ("log.json", b"[]"),
        ("log.csv", b""),
        ("log.csv", b"q,a\n"),
        ("log.jsonl.gz", packed(b"")),
    ],
)
def test_a_file_without_records_is_nothing_to_evaluate(mapped, name, content):
    fetched = mapped(content, FIELDS, name)
    assert isinstance(fetched.error, NoRunsError)
    assert fetched.error.exit_code == 5


def test_a_csv_with_a_column_twice_numbers_it(mapped):
    fields = {"run_id": "id", "outputs": "{first: q, second: q_2, other: q_2_}"}
    fetched = mapped(b"id,q,q,q_2_\n1,2,3,4\n", fields, "log.csv")
    assert fetched.error is None
    assert fetched.runs[0].outputs == {"first": "2", "second": "3", "other": "4"}
    assert "column named twice" in fetched.counts.notes[0]


def test_a_file_of_no_known_kind_is_refused(mapped):
    fetched = mapped(b"hello\nworld\n", FIELDS, "log.txt")
    assert isinstance(fetched.error, DatasetError)
    assert "neither JSON, JSON Lines, CSV nor Parquet" in str(fetched.error)


@pytest.mark.parametrize(
    ("cell", "read", "said"),
    [
        ("é €".encode("cp1252"), "é €", "cells that are no UTF-8, read as Windows-1252"),
        (b"\x81", "\ufffd", "texts with broken characters"),
    ],
)
def test_bytes_that_are_no_utf_8_are_read_or_mended_and_noted(mapped, cell, read, said):
    fetched = mapped(b"q,a\n1," + cell + b"\n", FIELDS, "log.csv")
    assert only(fetched).outputs == {"a": read}
    assert any(said in n and "log.csv:2" in n for n in fetched.counts.notes)


def test_hostile_values_are_mended_and_noted(mapped):
    content = b'{"q": "\\ud800", "a": NaN, "s": Infinity, "n": 123456789012345678901234567890}\n'
    fetched = mapped(content, {**FIELDS, "feedback.s": "s", "metadata.n": "n"})
    run = only(fetched)
    assert (run.inputs, run.outputs, run.feedback) == ({"q": "\ufffd"}, {"a": None}, ())
    assert run.metadata == {"n": 1.2345678901234568e29}
    assert sum("first: log.jsonl:1" in note for note in fetched.counts.notes) == 3


# --- again --------------------------------------------------------------------------------------


def test_runs_the_store_has_are_not_handed_over_again(mapped, write, fetch):
    records = [{**ONE, "id": n, "a": n} for n in range(3)]
    fields = {**FIELDS, "run_id": "id"}
    before = mapped(records, fields)
    known = {run.run_id: revision(run) for run in before.runs}
    records[1]["a"] = "changed"
    write("log.jsonl", records)
    after = fetch(RecordsFetcher, path="log.jsonl", fields=fields, known=known)
    assert [run.run_id for run in after.runs] == ["1"]
    assert (after.counts.received, after.counts.unchanged) == (3, 2)


def test_runs_that_have_not_ended_are_pending(mapped):
    fetched = mapped([{"s": "running"}, {"s": "success"}], {"status": "s"})
    assert [run.status for run in fetched.runs] == ["success"]
    assert (fetched.counts.received, fetched.counts.pending) == (1, 1)


def test_check_maps_the_first_record_without_fetching(write, tmp_path):
    write("log.jsonl", [ONE])
    options = {"path": "log.jsonl", "fields": {"inputs": "q", "outputs": "zz"}}
    lines = list(RecordsFetcher(options, FetchContext("trial", tmp_path)).check())
    assert [line.ok for line in lines] == [True, True, None]
    assert "outputs" in lines[2].text
    missing = RecordsFetcher({**options, "path": "no.jsonl"}, FetchContext("trial", tmp_path))
    assert [line.ok for line in missing.check()] == [False]


# --- datasets -----------------------------------------------------------------------------------

ROWS = [
    {"id": "e1", "inputs": {"q": "2+2"}, "outputs": {"gold": "4"}, "metadata": {"level": 1}},
    {"id": "e2", "inputs": {"q": "3+3"}, "outputs": {"gold": "6"}},
]


def test_examples_of_a_file_of_their_own_join_by_id(mapped, write):
    write("data.jsonl", ROWS)
    fetched = mapped(
        [{"e": "e1", "a": 1}], {"example_id": "e", "outputs": "a"}, dataset="data.jsonl"
    )
    run = only(fetched)
    assert run.inputs == {"q": "2+2"}
    assert fetched.examples["e1"].reference_outputs == {"gold": "4"}
    assert fetched.examples["e1"].metadata == {"level": 1}
    assert set(fetched.examples) == {"e1", "e2"}  # e2 has no run, and that is worth knowing


def test_examples_join_by_equal_inputs_where_no_id_is_given(mapped, write):
    write("data.jsonl", ROWS)
    options = {"dataset": {"path": "data.jsonl", "subset": True}}
    fetched = mapped([ONE, ONE | {"a": 5}], FIELDS, **options)
    assert [run.example_id for run in fetched.runs] == ["e1", "e1"]
    assert list(fetched.examples) == ["e1"]


def test_a_run_without_its_example_is_noted(mapped, write):
    write("data.jsonl", ROWS)
    records = [{"e": "e9", "a": 1}, {"e": "e1", "a": 1}]
    fetched = mapped(records, {"example_id": "e", "outputs": "a"}, dataset="data.jsonl")
    assert fetched.error is None
    assert "run whose example is not in the dataset (first: log.jsonl:1)" in fetched.counts.notes
    assert set(fetched.examples) == {"e1", "e2", "e9"}


def test_a_dataset_no_run_belongs_to_is_a_mistake(mapped, write):
    write("data.jsonl", ROWS)
    fetched = mapped([{"e": 900}], {"example_id": "e"}, dataset="data.jsonl")
    assert isinstance(fetched.error, ConfigError)
    assert "a run names '900', the dataset has 'e1', 'e2'" in str(fetched.error)


def test_dataset_rows_are_mapped_too(mapped, write):
    write("data.csv", "Rank,Puzzle\n1,1 1 4 6\n2,1 1 11 11\n")
    dataset = {
        "path": "data.csv",
        "fields": {"example_id": "to_string(_index)", "inputs.puzzle": "Puzzle", "split": "Rank"},
    }
    fetched = mapped([{"idx": 1, "a": 1}], {"example_id": "idx", "outputs": "a"}, dataset=dataset)
    assert only(fetched).inputs == {"puzzle": "1 1 11 11"}
    assert fetched.examples["1"].split == "2"


@pytest.mark.parametrize(
    ("rows", "said"),
    [([{"x": 1}], "data.jsonl:1: a dataset row needs"), ([], "no row"), ([3], "is an object")],
)
def test_a_dataset_that_names_nothing_is_refused(mapped, write, rows, said):
    write("data.jsonl", rows)
    fetched = mapped([ONE], FIELDS, dataset="data.jsonl")
    assert isinstance(fetched.error, DatasetError)
    assert said in str(fetched.error)


def test_a_text_that_parquet_holds_once_is_not_a_text_for_every_row_at_once(fetch, tmp_path):
    once = pyarrow.array(["x" * 1_100_000, "y"])
    texts = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 200 + [1], pyarrow.int32()), once
    )
    lists = pyarrow.ListArray.from_arrays(
        pyarrow.array([*range(201), 203], pyarrow.int32()),
        pyarrow.DictionaryArray.from_arrays(
            pyarrow.array([1] * 200 + [0] * 3, pyarrow.int32()), once
        ),
    )
    table = pyarrow.table({"n": list(range(201)), "t": texts, "l": lists})
    pyarrow.parquet.write_table(table, tmp_path / "log.parquet")
    fields = {"run_id": "to_string(n)", "outputs": "{t: t, l: l}"}
    options = {"path": "log.parquet", "fields": fields, "max_record_mb": 2}
    fetched = fetch(RecordsFetcher, **options)
    assert "log.parquet:201: a row larger than 2 MB; `max_record_mb` raises" in str(fetched.error)
    assert len(fetched.runs) == 200
    assert fetched.runs[7].outputs == {"t": "x" * 1_100_000, "l": ["y"]}


@pytest.mark.parametrize("path", ["ftp://me:secret@127.0.0.1:1/a.jsonl", "!ftp://me:secret@host/a"])
def test_a_password_in_a_path_is_told_to_nobody(fetch, path):
    error = fetch(RecordsFetcher, path=path, fields={"run_id": "id"}).error
    assert isinstance(error, FetchError)
    assert "ftp://[hidden]@" in str(error)
    assert "secret" not in str(error)
