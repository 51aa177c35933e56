"""Files evalkit reads without being told how: its own lines and LangSmith's shapes."""

import copy
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pyarrow
import pyarrow.parquet
import pytest
from shared import SHARED

from evalkit.errors import DatasetError, IncompleteExperiment, NoRunsError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.files.formats.langsmith.runs import LangSmithFiles
from evalkit.fetchers.files.formats.langsmith.runs import read as read_langsmith
from evalkit.fetchers.files.formats.own import OwnFetcher
from evalkit.fetchers.files.reading.paths import SourceFile, find_files
from evalkit.fetchers.files.reading.sample import sample_of
from evalkit.model.schema.written import example_to_record, run_to_record

SAMPLES = SHARED / "reference" / "langsmith-samples"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the shared LangSmith samples are not beside this checkout"
)

# --- evalkit's own lines ------------------------------------------------------------------------

OWN = {
    "run_id": "r1",
    "example_id": "e1",
    "inputs": {"q": "hi"},
    "outputs": {"a": "ho"},
    "started_at": "2026-01-02T03:04:05Z",
    "duration_s": 1.5,
    "usage": {"input_tokens": 3},
    "steps": [{"step_id": "s1", "kind": "tool", "name": "look", "outputs": [1]}],
    "feedback": [{"key": "ok", "score": True, "evaluator": "people"}],
    "custom": {"kept": 1},
}
EXAMPLE = {"kind": "example", "example_id": "e1", "inputs": {"q": "hi"}, "reference_outputs": 1}


@pytest.mark.parametrize("fetcher", [OwnFetcher, AutoFetcher])
def test_a_run_of_ours_comes_back_whole(fetch, write, fetcher):
    write("log.jsonl", [EXAMPLE, OWN])
    fetched = fetch(fetcher, path="log.jsonl")
    assert fetched.error is None
    (run,) = fetched.runs
    record = run_to_record(run)
    assert record.pop("extra") == {"custom": {"kept": 1}}
    assert record.pop("started_at") == "2026-01-02T03:04:05+00:00"
    assert record.pop("repetition") == 0
    assert record.pop("status") == "success"
    expected = {k: v for k, v in OWN.items() if k not in ("custom", "started_at")}
    assert record == expected
    assert example_to_record(fetched.examples["e1"]) == EXAMPLE


def test_what_evalkit_writes_it_reads_again(fetch, write):
    write("one.jsonl", [OWN])
    (first,) = fetch(path="one.jsonl").runs
    write("two.jsonl", [run_to_record(first)])
    (second,) = fetch(path="two.jsonl").runs
    assert run_to_record(second) == run_to_record(first)


def test_repetitions_are_counted_where_the_lines_do_not_say(fetch, write):
    runs = [{"run_id": str(n), "example_id": "e"} for n in range(3)]
    write("log.json", runs)
    assert [run.repetition for run in fetch(path="log.json").runs] == [0, 1, 2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"run_id": "r2", "steps": [{"name": "x"}]}', "log.jsonl:2: run 'r2', field steps.0"),
        ('{"run_id": "r2", "duration_s": "long"}', "field duration_s"),
        ('{"inputs": 1}', "field run_id: Field required"),
        ('{"run_id": "r2"', "log.jsonl:2: the last line is cut off"),
        ("[3]", "log.jsonl:2: a line is an object, not int"),
    ],
)
def test_a_line_that_does_not_fit_is_named_and_the_rest_kept(fetch, write, line, said):
    write("log.jsonl", json.dumps(OWN) + "\n" + line)
    fetched = fetch(path="log.jsonl")
    assert isinstance(fetched.error, IncompleteExperiment)
    assert said in str(fetched.error)
    assert [run.run_id for run in fetched.runs] == ["r1"]


def test_the_same_run_twice_is_one_and_a_different_one_is_noted(fetch, write):
    write("log.jsonl", [OWN, OWN, {**OWN, "outputs": 2}])
    fetched = fetch(path="log.jsonl")
    assert len(fetched.runs) == 1
    assert fetched.counts.duplicates == 2
    assert any("recorded twice with different content" in note for note in fetched.counts.notes)


# --- which format -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("a.jsonl", [OWN], "evalkit"),
        ("a.jsonl", [EXAMPLE], "evalkit"),
        ("a.json", {"runs": [{"id": "1", "run_type": "chain"}]}, "langsmith"),
        ("a.json", {"items": [{"id": "1", "run_type": "CHAIN"}]}, "langsmith"),
        ("a.jsonl", [{"run_id": "1", "run_type": "chain", "trace_id": "1"}], "langsmith"),
        ("a.json", {"experiment_name": "x", "results": []}, "langsmith"),
    ],
)
def test_the_format_is_found_out(write, tmp_path, name, content, format_):
    write(name, content)
    fetcher = AutoFetcher({"path": name}, FetchContext("trial", tmp_path))
    assert [line.text for line in fetcher.check()][-1] == f"format: {format_}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", [{"run_id": 1, "q": 1}]),
        ("a.json", [{"q": 1}]),
        ("a.csv", "q,a\n1,2"),
        ("a.json", "[3]"),
        ("a.json", '{"runs": [1]}'),
    ],
)
def test_an_unknown_format_is_refused_with_those_that_are_known(fetch, write, name, content):
    write(name, content)
    fetched = fetch(path=name)
    assert isinstance(fetched.error, DatasetError)
    said = str(fetched.error)
    assert 'fetcher = "records"' in said
    assert "evalkit:" in said
    assert "langsmith: LangSmith: v1 pages" in said


def test_files_of_two_formats_are_two_experiments(fetch, write):
    write("log/a.jsonl", [OWN])
    write("log/b.json", {"runs": [{"id": "1", "run_type": "chain"}]})
    fetched = fetch(path="log")
    assert "log/a.jsonl is evalkit, log/b.json is langsmith" in str(fetched.error)


def test_a_format_can_be_named_and_a_wrong_name_is_told(fetch, write):
    write("log.jsonl", [OWN])
    assert fetch(path="log.jsonl", format="evalkit").error is None
    assert "Did you mean 'evalkit'?" in str(fetch(path="log.jsonl", format="evlkit").error)


def test_a_large_document_is_recognised_by_its_beginning(write):
    page = {"runs": [{"id": str(n), "run_type": "chain", "x": "y" * 1000} for n in range(34_000)]}
    path = write("large.json", page)
    assert path.stat().st_size > 33 << 20
    sample = sample_of(SourceFile(str(path), path.name))
    assert len(sample.value["runs"]) == 1


# --- LangSmith ----------------------------------------------------------------------------------


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def nested(records):
    """Put flat v1 records below their parents, as the SDK dumps them."""
    by_id = {r["id"]: copy.deepcopy(r) | {"child_runs": []} for r in records}
    for record in by_id.values():
        if record["parent_run_id"]:
            by_id[record["parent_run_id"]]["child_runs"].append(record)
    return [record for record in by_id.values() if not record["parent_run_id"]]


def cli(record):
    """Say a v1 record as LangSmith's command line does with all its flags."""
    kept = ("trace_id", "name", "run_type", "parent_run_id", "start_time", "status", "inputs")
    flat = {name: record[name] for name in (*kept, "outputs", "error", "tags")}
    start, end = (datetime.fromisoformat(record[key]) for key in ("start_time", "end_time"))
    return flat | {
        "run_id": record["id"],
        "duration_ms": (end - start).total_seconds() * 1000,
        "custom_metadata": record["extra"].get("metadata"),
        "token_usage": {"prompt_tokens": record["prompt_tokens"],
                        "completion_tokens": record["completion_tokens"],
                        "total_tokens": record["total_tokens"]},
    }  # fmt: skip


def bulk(records, path):
    """Write v1 records as the bulk export does: payloads as JSON text."""
    text = ("inputs", "outputs", "extra", "events", "feedback_stats")
    rows = []
    for record in records:
        row = {k: json.dumps(v) if k in text else v for k, v in record.items() if k != "s3_urls"}
        for key in ("start_time", "end_time", "first_token_time"):
            row[key] = datetime.fromisoformat(row[key]).replace(tzinfo=UTC) if row[key] else None
        rows.append(row)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def facts(fetched):
    assert fetched.error is None, fetched.error
    return sorted(
        (
            run.run_id,
            run.name,
            run.outcome,
            run.example_id,
            run.started_at,
            run.ended_at,
            json.dumps(run.outputs, sort_keys=True),
            [(s.step_id, s.parent_id, s.kind, s.name, s.started_at) for s in run.steps],
            run.usage and run.usage.total_tokens,
        )
        for run in fetched.runs
    )


@needs_samples
@pytest.mark.parametrize("name", ["rag-evaluate", "langgraph-trace"])
def test_every_shape_gives_the_same_runs(fetch, write, tmp_path, name):
    page = sample(f"{name}.v1-runs-query")
    flat = page["runs"]
    write("v1.json", page)
    expected = facts(fetch(path="v1.json"))
    assert len(expected) == (4 if name == "rag-evaluate" else 1)
    write("v2.json", sample(f"{name}.v2-runs-query"))
    write("array.json", flat)
    write("lines.jsonl", flat)
    write("pages.jsonl", [{"runs": flat[:5]}, {"runs": flat[5:]}])
    write("nested.json", nested(flat))
    write("nested.jsonl", nested(flat))
    write("split/a.json", {"runs": flat[:3], "cursors": {"next": "x"}})
    write("split/b.json", {"runs": flat[3:], "cursors": {"next": None}})
    bulk(flat, tmp_path / "bulk.parquet")
    for path in ("v2.json", "array.json", "lines.jsonl", "pages.jsonl", "nested.json",
                 "nested.jsonl", "split", "bulk.parquet"):  # fmt: skip
        for fetched in (fetch(path=path), fetch(LangSmithFiles, path=path)):
            assert facts(fetched) == expected, path


@needs_samples
@pytest.mark.parametrize("name", ["rag-evaluate", "langgraph-trace"])
def test_records_that_wait_on_disk_become_the_same_runs(fetch, write, tmp_path, name):
    flat = sample(f"{name}.v2-runs-query")["items"]
    flat = [{k: v for k, v in each.items() if k != "trace_id"} for each in flat]  # by dotted_order
    copies = [rewritten(flat, number) for number in range(50)]
    write("many.jsonl", [record for at in range(len(flat)) for record in (c[at] for c in copies)])
    expected = facts(fetch(path="many.jsonl"))
    fetcher = LangSmithFiles({"path": "many.jsonl"}, FetchContext("trial", tmp_path))
    files = find_files("many.jsonl", tmp_path, "trial")
    runs = [item.run for item in read_langsmith(files, fetcher, spill=0)]
    assert facts(SimpleNamespace(runs=runs, error=None)) == expected
    assert len(runs) == 50 * sum(not each.get("parent_run_ids") for each in flat)


def rewritten(records, number):
    """Return the records with ids of their own."""
    text = json.dumps(records)
    for record in records:
        text = text.replace(record["id"], record["id"][:-4] + f"{number:04d}")
    return json.loads(text)


@needs_samples
def test_the_command_lines_export_loses_only_what_it_leaves_out(fetch, write):
    flat = sample("rag-evaluate.v1-runs-query")["runs"]
    for trace in {record["trace_id"] for record in flat}:
        ordered = sorted(flat, key=lambda record: record["dotted_order"])
        write(f"cli/{trace}.jsonl", [cli(r) for r in ordered if r["trace_id"] == trace])
    write("v1.json", flat)
    exported, expected = facts(fetch(path="cli")), facts(fetch(path="v1.json"))
    assert [row[:3] + row[6:8] for row in exported] == [row[:3] + row[6:8] for row in expected]
    runs = fetch(path="cli").runs
    assert len({run.example_id for run in runs}) == 2  # by equal inputs, for want of ids


@needs_samples
def test_traces_of_evaluators_are_left_out(fetch):
    path = str(SAMPLES / "rag-evaluate.ingest.json")
    fetched = fetch(path=path)
    assert len(fetched.runs) == 4
    assert any("4 x trace of an evaluator left out" in note for note in fetched.counts.notes)


@needs_samples
def test_references_come_from_a_dataset_file_by_id_or_by_inputs(fetch, write):
    flat = sample("rag-evaluate.v1-runs-query")["runs"]
    roots = [record for record in flat if not record["parent_run_id"]]
    rows = {r["reference_example_id"]: r["inputs"] for r in roots}
    write("by-id.json", [{"id": i, "inputs": v, "outputs": {"gold": i}} for i, v in rows.items()])
    write("by-inputs.json", [{"inputs": v, "outputs": {"gold": i}} for i, v in rows.items()])
    write("runs.json", flat)
    write("cli.jsonl", [cli(record) for record in flat])
    for path, dataset in (("runs.json", "by-id.json"), ("cli.jsonl", "by-inputs.json")):
        fetched = fetch(LangSmithFiles, path=path, dataset=dataset)
        assert fetched.error is None
        assert len(fetched.examples) == 2
        for run in fetched.runs:
            example = fetched.examples[run.example_id]
            assert example.inputs == run.inputs
            assert example.reference_outputs["gold"] in rows


ROOT = {
    "id": "a0",
    "name": "Target",
    "run_type": "chain",
    "start_time": "2026-01-02T03:04:05",
    "end_time": "2026-01-02T03:04:06",
    "status": "success",
    "inputs": {"q": 1},
    "outputs": {"a": 2},
    "trace_id": "a0",
}


def child(name, **more):
    return {**ROOT, "id": name, "parent_run_id": "a0", "parent_run_ids": ["a0"], **more}


def test_recorded_feedback_comes_along(fetch, write):
    stats = {"correct": {"n": 1, "avg": 1.0}, "tone": {"n": 1, "values": {"kind": 1}}}
    write("runs.jsonl", [{**ROOT, "feedback_stats": stats}])
    (run,) = fetch(path="runs.jsonl").runs
    found = [(i.key, i.score, i.value, i.evaluator, i.source) for i in run.feedback]
    assert found == [
        ("correct", 1.0, None, "langsmith", "recorded"),
        ("tone", None, "kind", "langsmith", "recorded"),
    ]


def test_an_export_of_roots_alone_recorded_no_steps(fetch, write):
    write("runs.jsonl", [ROOT])
    assert fetch(path="runs.jsonl").runs[0].steps_recorded is False
    write("runs.jsonl", [ROOT, child("b")])
    assert fetch(path="runs.jsonl").runs[0].steps_recorded is True


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([ROOT, {**child("b"), "trace_id": "zz", "parent_run_ids": ["zz"]}], "trace zz: 1 steps"),
        ([{"runs": [ROOT], "cursors": {"next": "more"}}], "the page says another follows"),
        ([{"items": [ROOT], "next_cursor": "more"}], "the page says another follows"),
        ([ROOT, {"hello": 1}], "runs.jsonl:2: not a run, a page or an example"),
        ([ROOT, {**ROOT, "id": "b0", "trace_id": "b0", "start_time": "soon"}], "'soon'"),
        ([ROOT, {**ROOT, "id": None}], "without an id"),
    ],
)
def test_what_is_missing_or_does_not_fit_makes_the_fetch_incomplete(fetch, write, content, said):
    write("runs.jsonl", content)
    fetched = fetch(path="runs.jsonl")
    assert isinstance(fetched.error, IncompleteExperiment)
    assert said in str(fetched.error)
    assert [run.run_id for run in fetched.runs] == ["a0"]


def test_the_last_page_may_come_in_any_file(fetch, write):
    other = {**ROOT, "id": "b0", "trace_id": "b0"}
    write("p/1.json", {"items": [ROOT], "next_cursor": "more"})
    write("p/2.json", {"items": [other]})
    assert len(fetch(path="p").runs) == 2


def test_a_run_on_two_pages_is_one(fetch, write):
    write("runs.jsonl", [ROOT, ROOT, child("b"), child("b")])
    fetched = fetch(path="runs.jsonl")
    assert len(fetched.runs) == 1
    assert len(fetched.runs[0].steps) == 1
    assert fetched.counts.duplicates == 2


def test_unfinished_runs_are_pending(fetch, write):
    write("runs.jsonl", [{**ROOT, "status": "pending", "end_time": None}])
    fetched = fetch(path="runs.jsonl")
    assert isinstance(fetched.error, NoRunsError)
    assert fetched.counts.pending == 1


def test_an_upload_document_is_read_back(fetch, write):
    rows = [
        {
            "row_id": "e1",
            "inputs": {"q": 1},
            "expected_outputs": {"a": 2},
            "actual_outputs": {"a": 3},
            "evaluation_scores": [{"key": "ok", "score": 0, "comment": "no"}],
            "start_time": "2026-01-02T03:04:05Z",
            "end_time": "2026-01-02T03:04:07Z",
            "run_metadata": {"m": 1},
        },
        {"row_id": "e1", "inputs": {"q": 1}, "error": "E('x')", "start_time": 0, "end_time": 1},
    ]
    document = {"experiment_name": "x", "results": rows, "experiment_metadata": {"model": "m"}}
    write("upload.json", document)
    fetched = fetch(path="upload.json")
    assert fetched.error is None
    first, second = fetched.runs
    assert (first.latency, first.outputs, first.metadata) == (2.0, {"a": 3}, {"m": 1})
    assert [(i.key, i.score, i.comment) for i in first.feedback] == [("ok", 0, "no")]
    assert (second.outcome, second.error_type, second.repetition) == ("error", "E", 1)
    assert first.steps_recorded is False
    assert fetched.examples["e1"].reference_outputs == {"a": 2}
    assert fetched.counts.source_stats == {"experiment_metadata": {"model": "m"}}


def test_examples_with_their_runs(fetch, write):
    row = {"id": "e1", "inputs": {"q": 1}, "outputs": {"a": 2}, "runs": [ROOT]}
    write("rows.json", {"examples_with_runs": [row], "feedback_stats": {}})
    fetched = fetch(path="rows.json")
    assert [run.example_id for run in fetched.runs] == ["e1"]
    assert fetched.examples["e1"].reference_outputs == {"a": 2}
