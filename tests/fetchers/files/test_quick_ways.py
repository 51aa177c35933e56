"""The quick way from a line to rows gives what the long way gives, whatever the line holds."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.langsmith.runs import LangSmithFiles
from evalkit.fetchers.files.formats.own import OwnFetcher
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.files.formats.records_direct import Direct
from evalkit.fetchers.files.mapping.build import Builder
from evalkit.fetchers.files.mapping.mapping import FieldMap
from evalkit.fetchers.files.mapping.targets import RUN_TARGETS
from evalkit.fetchers.numbers import Numbers
from evalkit.model.schema.batch import RunRows, rows_of
from evalkit.model.schema.columns import RUN_COLUMNS, STEP_COLUMNS
from evalkit.model.views import unread_forms

TEXT = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", "a\u0000b", "é", "\ud800", "</script>", '"\\', "x" * 40, "usage"]),
)
NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([0.0, -0.0, 1.0, 1e5, 2.5e-7, 2**53 + 1, 2**63, 2**64, 10**30]),
    st.sampled_from([float("nan"), float("inf")]),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)
PAYLOAD = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "odd"]), "content": TEXT},
        optional={"tool_calls": st.just([{"name": "f", "args": {}}]), "usage_metadata": PAYLOAD},
    ),
    max_size=2,
)
BODY = st.one_of(
    PAYLOAD,
    st.fixed_dictionaries({"messages": MESSAGES}),
    st.fixed_dictionaries(
        {"answer": TEXT},
        optional={
            "__interrupt__": st.just([{"value": 1}]),
            "usage_metadata": st.just({"input_tokens": 3, "output_tokens": 4}),
            "llm_output": st.just({"token_usage": {"prompt_tokens": 1, "completion_tokens": 1}}),
            "messages": MESSAGES,
        },
    ),
)
TIME = st.sampled_from([
    None, "2025-03-01T08:00:00", "2025-03-01T08:00:01.5", "2025-03-01T08:00:02.123456+00:00",
    "2025-03-01T10:00:03+02:00", "2025-03-01T08:00:04.123456789Z", "2025-03-01", "", "soon",
    "2025-03-01T24:00:00", 1740816000,
])  # fmt: skip
SOME = st.one_of(st.none(), TEXT)
MODEL = {
    name: st.one_of(TEXT, LEAVES)
    for name in ("model", "ls_model_name", "gen_ai.request.model", "ls_run_type", "thread_id",
                 "session_id", "assistant_id", "langgraph_node", "usage_metadata")
}  # fmt: skip
METADATA = st.one_of(
    st.none(), st.just({}), st.fixed_dictionaries({}, optional=MODEL), st.dictionaries(TEXT, LEAVES)
)
EXTRA = st.one_of(
    st.none(), st.just({}), st.fixed_dictionaries({"metadata": METADATA}),
    st.fixed_dictionaries({"metadata": METADATA, "runtime": PAYLOAD, "invocation_params": PAYLOAD}),
    st.just("text"),
)  # fmt: skip
COUNT = st.one_of(st.none(), st.integers(0, 40), st.sampled_from([2**63, 5.0, "7", True, -1]))
COST = st.one_of(st.none(), st.sampled_from([0, 0.25, 1e-7, "0.5", "0", "NaN", "x", -1.0]))
PLAIN_COUNTS = st.tuples(st.integers(0, 9), st.integers(0, 9), st.one_of(st.none(), COST)).map(
    lambda said: {
        "prompt_tokens": said[0],
        "completion_tokens": said[1],
        "total_tokens": said[0] + said[1],
        "total_cost": said[2],
    }
)
COUNTS = st.one_of(
    st.just({}),
    PLAIN_COUNTS,
    PLAIN_COUNTS,
    st.fixed_dictionaries(
        {},
        optional={
            **{f"{which}_tokens": COUNT for which in ("prompt", "completion", "total")},
            **{f"{which}_cost": COST for which in ("prompt", "completion", "total")},
            "prompt_token_details": st.sampled_from([None, {}, {"cache_read": 1}]),
        },
    ),
)
FIELDS = st.fixed_dictionaries(
    {"inputs": BODY, "outputs": BODY, "start_time": TIME, "end_time": TIME},
    optional={
        "name": SOME, "error": SOME, "extra": EXTRA, "tags": st.lists(TEXT, max_size=2),
        "status": st.sampled_from(["success", "error", "pending", "ERROR", "", None, "odd"]),
        "first_token_time": TIME, "serialized": PAYLOAD, "manifest_id": LEAVES,
        "events": st.one_of(st.none(), st.just([]), st.just([{"name": "start"}]), st.just(
            [{"name": "new_token", "time": "2025-03-01T08:00:09"}])),
        "app_path": SOME, "child_run_ids": st.lists(TEXT, max_size=1), "metadata": METADATA,
        "thread_id": SOME, "session_name": st.sampled_from([None, "evaluators", "mine"]),
        "feedback_stats": st.sampled_from([None, {}, {"ok": {"n": 1, "avg": 0.5}}]),
        "z odd-name": PAYLOAD, "a": PAYLOAD,
    },
)  # fmt: skip
TYPES = st.sampled_from(["llm", "tool", "retriever", "chain", "chain", "prompt", "LLM", None])
ODD_TREE = st.sampled_from([None] * 12 + ["late", "orphan", "copy", "parent", "path", "order"])


@st.composite
def records(draw: st.DrawFn, number: int) -> Any:
    """Draw a root with steps inside, as LangSmith's SDK dumps them."""
    serial = iter(range(100))

    def record(above: str, parent: str | None, depth: int) -> dict[str, Any]:
        place = next(serial)
        own = f"{number:04d}{place:04d}-0000-4000-8000-{0:012d}"
        dotted = f"{above}20250301T0800{place:02d}000000Z{own}"
        made: dict[str, Any] = {
            "id": own, "run_type": draw(TYPES), "trace_id": "t", "session_id": "s",
            "parent_run_id": parent, "dotted_order": dotted, **draw(FIELDS), **draw(COUNTS),
        }  # fmt: skip
        if parent is None:
            made["reference_example_id"] = draw(st.sampled_from(["e1", "e2", None]))
            made["run_type"] = made["run_type"] or "chain"
        inside = draw(st.integers(1 if parent is None else 0, 3 - depth)) if depth < 3 else 0
        made["child_runs"] = [record(f"{dotted}.", own, depth + 1) for _ in range(inside)]
        _spoil(made, draw(ODD_TREE))
        return made

    return record("", None, 0)


def _spoil(made: dict[str, Any], how: str | None) -> None:
    inside = made["child_runs"]
    if how == "late":
        inside.reverse()
    elif how == "copy" and inside:
        inside.append(dict(inside[0]))
    elif how == "orphan" and inside:
        inside[0]["dotted_order"] = "20240101T000000000000Zlost." + inside[0]["id"]
    elif how == "parent":
        made["parent_run_ids"] = ["somebody"]
    elif how == "path" and inside:
        inside[-1]["dotted_order"] = ""
    elif how == "order" and inside:
        inside[-1]["dotted_order"] = inside[0]["dotted_order"]


STYLES = st.sampled_from(["compact", "spaced", "ascii", "twice", "huge", "cut", "deep", "bom"])


def written(record: Any, style: str) -> bytes:
    """Write a record in one of the ways that writers of JSON have."""
    if style == "twice":
        text = json.dumps(record, ensure_ascii=False)
        text = text[:-1] + ', "inputs": {"a": 1, "a": 2}}'
    elif style == "huge":
        text = json.dumps({**record, "a": "HERE"}).replace('"HERE"', "1e400")
    elif style == "deep":
        text = json.dumps({**record, "outputs": "HERE"}).replace('"HERE"', "[" * 1500 + "]" * 1500)
    elif style == "spaced":
        text = json.dumps(record, indent=None, separators=(" , ", " : "), ensure_ascii=False)
    else:
        text = json.dumps(record, ensure_ascii=style == "ascii", separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    return data[:-9] if style == "cut" else b"\xef\xbb\xbf" + data if style == "bom" else data


Seen = tuple[list[Any], Any, list[str], str]


def as_rows(fetcher: FileFetcher, *, quick: bool) -> Seen:
    """Return all that a fetch gives a store: rows, what is noted, examples, how it ended."""
    found: list[Any] = []
    ended = ""
    try:
        for made in fetcher.rows() if quick else fetcher.runs():
            if isinstance(made, RunRows):
                rows, unread = made, made.unread
            else:
                rows, unread = rows_of(made), unread_forms(made)
            found.append((named(rows), +rows.notes, +Counter(unread)))
    except EvalkitError as error:
        ended = f"{type(error).__name__}: {error}"
    return found, fetcher.counts(), [repr(each) for each in fetcher.examples()], ended


def named(rows: RunRows) -> Any:
    """Return the values with their columns, so that a difference names its own."""
    names, of_steps = [c.name for c in RUN_COLUMNS], [c.name for c in STEP_COLUMNS]
    steps = [dict(zip(of_steps, step, strict=True)) for step in rows.steps]
    return dict(zip(names, rows.row, strict=True)) | {"steps": steps}


def both(kind: type[FileFetcher], path: Path, **options: Any) -> tuple[Seen, Seen]:
    """Read a file in both ways."""
    context = FetchContext(experiment="trial", base=path.parent)
    given = {"path": path.name, **options}
    one, other = (as_rows(kind(given, context), quick=quick) for quick in (True, False))
    return one, other


CASES = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture,
                           HealthCheck.large_base_example, HealthCheck.data_too_large],
)  # fmt: skip


@CASES
@given(st.data())
def test_langsmith_lines(tmp_path: Path, data: st.DataObject) -> None:
    lines = [
        written(data.draw(records(number)), data.draw(STYLES) if data.draw(st.booleans()) else "")
        for number in range(data.draw(st.integers(1, 3)))
    ]
    if data.draw(st.booleans()):
        lines.append(lines[0])
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    quick, long = both(LangSmithFiles, path)
    assert quick == long


AS_WRITTEN = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 40), "output_tokens": st.integers(0, 40)},
    optional={
        "total_tokens": st.integers(0, 80), "input_cost": COST, "output_cost": COST,
        "total_cost": COST, "cache_read_tokens": COUNT, "cache_write_tokens": COUNT,
        "reasoning_tokens": COUNT, "cost_source": st.sampled_from([None, "", "prices 2026", 1]),
        "currency": st.sampled_from([None, "", " ", "USD", "eur ", "\u00df", 7]),
    },
)  # fmt: skip
USAGE = st.one_of(
    st.none(),
    AS_WRITTEN,
    AS_WRITTEN,
    st.fixed_dictionaries({"input_tokens": COUNT, "output_tokens": COUNT}),
    st.fixed_dictionaries(
        {}, optional={"prompt_tokens": COUNT, "total_cost": COST, "details": PAYLOAD, "odd": COUNT}
    ),
)
STEP = st.fixed_dictionaries(
    {"step_id": st.one_of(st.sampled_from(["s1", "s2", ""]), st.integers(0, 3))},
    optional={
        "parent_id": SOME, "name": TEXT, "inputs": BODY, "outputs": BODY, "error": SOME,
        "kind": st.sampled_from(["llm", "tool", "odd"]), "started_at": TIME, "ended_at": TIME,
        "first_token_at": TIME, "duration_s": st.one_of(st.none(), NUMBERS), "usage": USAGE,
        "metadata": METADATA, "tags": st.lists(TEXT, max_size=2), "more": PAYLOAD,
    },
)  # fmt: skip
OWN = st.fixed_dictionaries(
    {"run_id": st.sampled_from(["r1", "r2", "r3", "r4", "", "é"])},
    optional={
        "kind": st.sampled_from(["run", "example", "odd"]), "example_id": SOME, "url": SOME,
        "repetition": st.one_of(st.none(), NUMBERS), "inputs": BODY, "outputs": BODY,
        "metadata": METADATA, "status": TEXT, "error": SOME, "name": SOME, "created_at": TIME,
        "updated_at": TIME, "started_at": TIME, "ended_at": TIME, "first_token_at": TIME,
        "duration_s": st.one_of(st.none(), NUMBERS), "usage": USAGE, "thread_id": SOME,
        "steps": st.one_of(st.none(), st.lists(STEP, max_size=3)), "extra": METADATA,
        "tags": st.lists(TEXT, max_size=2), "attachments": METADATA, "more": PAYLOAD,
        "interrupts": st.lists(PAYLOAD, max_size=1), "steps_recorded": st.booleans(),
        "stopped": st.sampled_from([None, "timeout", "odd"]),
        "feedback": st.one_of(st.just([]), st.just([{"key": "k", "score": 1}])),
    },
)  # fmt: skip


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": None}, {"input_tokens": None}, {"currency": "EUR"}, {}, {"x": "y"}]
)
def test_a_usage_without_a_number_in_own_lines(tmp_path: Path, usage: dict[str, Any]) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps({"run_id": "a", "usage": usage}) + "\n")
    quick, long = both(OwnFetcher, path)
    assert quick == long


@pytest.mark.parametrize("place", ["inputs", "metadata", "extra", "usage", "step"])
@pytest.mark.parametrize("levels", [*range(248, 258), 1030])
def test_own_lines_nested_as_deeply_as_text_is_written(
    tmp_path: Path, place: str, levels: int
) -> None:
    deep = '{"a":' * levels + "1" + "}" * levels
    field = f'"{place}": {deep}'
    if place == "step":
        field = f'"steps": [{{"step_id": "s", "outputs": {deep}}}]'
    path = tmp_path / "runs.jsonl"
    path.write_text(f'{{"run_id": "r", {field}}}\n')
    quick, long = both(OwnFetcher, path)
    assert quick == long


@pytest.mark.parametrize("place", ["inputs", "outputs", "extra", "more", "events"])
@pytest.mark.parametrize("levels", [*range(246, 258, 2), 1030])
def test_langsmith_lines_nested_as_deeply_as_text_is_written(
    tmp_path: Path, place: str, levels: int
) -> None:
    deep = '{"a":' * levels + "1" + "}" * levels
    step = {"id": "s", "run_type": "tool", "parent_run_id": "r", "dotted_order": "a.b",
            "parent_run_ids": ["r"]}  # fmt: skip
    root = {"id": "r", "run_type": "chain", "dotted_order": "a", "reference_example_id": "e",
            "status": "success", "child_runs": [step]}  # fmt: skip
    path = tmp_path / "runs.jsonl"
    beside = f', "{place}": {deep}}}'
    in_root = json.dumps(root)[:-1] + beside
    in_step = json.dumps(root | {"child_runs": []})[:-3] + f"[{json.dumps(step)[:-1]}{beside}]}}"
    in_step = in_step.replace('"r"', '"r2"')
    path.write_text(f"{in_root}\n{in_step}\n")
    quick, long = both(LangSmithFiles, path)
    assert quick == long
    assert len(quick[0]) == (0 if levels > 1000 else 2)


@pytest.mark.parametrize("metadata", ["", 0, [], {}, None, "x", 1, {"a": 1}])
@pytest.mark.parametrize("outputs", ["1", "NaN"])
def test_langsmith_metadata_that_is_no_object_is_the_same_both_ways(
    tmp_path: Path, metadata: Any, outputs: str
) -> None:
    step = {"id": "s", "run_type": "tool", "parent_run_id": "r", "dotted_order": "a.b",
            "parent_run_ids": ["r"], "metadata": metadata}  # fmt: skip
    root = {"id": "r", "run_type": "chain", "dotted_order": "a", "reference_example_id": "e",
            "status": "success", "child_runs": [step]}  # fmt: skip
    path = tmp_path / "runs.jsonl"
    path.write_text(f'{json.dumps(root)[:-1]}, "outputs": {{"o": {outputs}}}}}\n')
    quick, long = both(LangSmithFiles, path)
    assert quick == long


def langsmith_steps_inside_steps(levels: int) -> str:
    """Return a record with a chain of steps, each inside the one before."""
    head = '{"id": "%s", "run_type": "chain", "dotted_order": "%s", "child_runs": ['
    return "".join(head % (f"s{n}", f"d{n}") for n in range(levels)) + "]}" * levels


@pytest.mark.parametrize("levels", [126, 128, 300, 510, 600])
def test_langsmith_steps_inside_steps(tmp_path: Path, levels: int) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(langsmith_steps_inside_steps(levels) + "\n")
    quick, long = both(LangSmithFiles, path)
    assert quick == long


def own_id(record: dict[str, Any], number: int) -> dict[str, Any]:
    """Give each record an id of its own: only whole copies share one."""
    return {**record, "run_id": record["run_id"] and f"{record['run_id']}{number}"}


@CASES
@given(st.data())
def test_own_lines(tmp_path: Path, data: st.DataObject) -> None:
    lines = [
        written(own_id(data.draw(OWN), n), data.draw(STYLES) if data.draw(st.booleans()) else "")
        for n in range(data.draw(st.integers(1, 3)))
    ]
    if data.draw(st.booleans()):
        lines.append(lines[0])
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    quick, long = both(OwnFetcher, path)
    assert quick == long


MAPPED = {
    "run_id": "id", "name": "name", "status": "state", "error": "error", "inputs": "asked.q",
    "outputs": "said", "example_id": "example", "started_at": "began", "ended_at": "ended",
    "metadata": "extra.metadata", "tags": "tags", "usage": "usage", "duration_s": "took",
    "usage.total_cost": "cost", "reference_outputs": "wanted", "created_at": "made",
    "thread_id": "thread", "repetition": "again", "split": "split", "outputs.more": "more",
}  # fmt: skip
RECORD = st.fixed_dictionaries(
    {"id": st.sampled_from(["r1", "r2", 3, "", "\u00e9"])},
    optional={
        "name": SOME, "state": st.one_of(TEXT, st.booleans(), st.just("done")), "error": LEAVES,
        "asked": st.one_of(st.fixed_dictionaries({"q": BODY}), LEAVES), "said": BODY,
        "took": LEAVES,
        "example": SOME, "began": TIME, "ended": TIME, "made": TIME, "thread": LEAVES,
        "extra": EXTRA, "tags": st.one_of(st.lists(TEXT, max_size=2), SOME, METADATA),
        "usage": USAGE, "cost": COST, "wanted": PAYLOAD, "again": NUMBERS, "split": SOME,
        "more": LEAVES, "other": PAYLOAD,
    },
)  # fmt: skip


@CASES
@given(st.data())
def test_records(tmp_path: Path, data: st.DataObject) -> None:
    drawn = [data.draw(RECORD) for _ in range(data.draw(st.integers(1, 4)))]
    lines = [written(each, data.draw(STYLES) if data.draw(st.booleans()) else "") for each in drawn]
    if data.draw(st.booleans()):
        shuffled = dict(reversed(drawn[0].items()))
        lines.append(written(shuffled, data.draw(st.sampled_from(["", "spaced"]))))
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    names = [name for name in MAPPED if name == "outputs" or data.draw(st.sampled_from([1, 1, 0]))]
    quick, long = both(RecordsFetcher, path, fields={name: MAPPED[name] for name in names})
    assert quick == long


WHOLE = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["r1", "r2", "r3", "é"]),
        "name": st.sampled_from(["a", "é", "", None]),
        "state": st.sampled_from(["done", "failed", "odd", "timeout", "running", "", None, True]),
        "error": st.sampled_from([None, None, "ValueError: x", "", "e", False]),
        "asked": st.fixed_dictionaries({"q": BODY}), "said": BODY,
        "example": st.sampled_from(["e1", "e2", None, ""]),
        "began": st.one_of(TIME, st.just("2025-03-01T08:00:01.5+02:00")), "ended": TIME,
        "made": TIME, "thread": st.sampled_from(["t", "é", None, 3]), "extra": EXTRA,
        "tags": st.sampled_from([[], ["a"], ["a", ""], ["é", "b"], None, "a", [1]]),
        "usage": USAGE, "cost": COST, "took": st.one_of(st.none(), NUMBERS),
        "again": st.sampled_from([None, 0, 2, 1.0, "1", 2**70, True]),
        "wanted": PAYLOAD, "split": st.sampled_from([None, "a", ["a", "b"], [], ""]),
        "about": METADATA, "filtered": st.lists(LEAVES, max_size=2),
    },
)  # fmt: skip
STRAIGHT = {
    **{name: path for name, path in MAPPED.items() if name != "outputs.more"},
    "error": "error || `null`", "url": "filtered[?@ == 'x'] | [0]", "example_metadata": "about",
    "first_token_s": "took", "stopped": "extra.stopped || `null`", "assistant_id": "thread",
}  # fmt: skip
FULL = {
    "id": "r0", "name": "a", "state": "done", "error": "e", "asked": {"q": 1}, "said": {"a": 1},
    "example": "e0", "began": "2025-03-01T08:00:01Z", "ended": "2025-03-01T08:00:03Z",
    "made": "2025-03-01T08:00:00Z", "thread": "t", "extra": {"metadata": {"a": 1}}, "tags": ["a"],
    "usage": {"input_tokens": 1, "output_tokens": 2}, "cost": 0.5, "took": 1.5, "again": 0,
    "wanted": 2, "split": "a", "about": {"a": 1}, "filtered": ["x"],
}  # fmt: skip
"""Of which every field is given, so that what follows is read without a look at paths."""


@CASES
@given(st.data())
def test_records_that_go_straight_into_rows(tmp_path: Path, data: st.DataObject) -> None:
    drawn = [FULL, *(data.draw(WHOLE) for _ in range(data.draw(st.integers(1, 5))))]
    for number, each in enumerate(drawn[1:]):
        if data.draw(st.booleans()):
            each["id"] += str(number)
    lines = [written(each, data.draw(STYLES) if data.draw(st.booleans()) else "") for each in drawn]
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    names = ["run_id", *(n for n in STRAIGHT if n != "run_id" and data.draw(st.booleans()))]
    fields = {name: STRAIGHT[name] for name in names}
    quick, long = both(RecordsFetcher, path, fields=fields)
    assert quick == long


CHANGES: list[dict[str, Any]] = [
    {}, {"state": None}, {"state": None, "error": None}, {"state": "odd", "error": None},
    {"error": None, "extra": {}}, {"extra": {"stopped": "timeout"}}, {"example": None},
    {"example": None, "asked": {}}, {"asked": {"q": None}}, {"ended": None, "began": None},
    {"took": None}, {"took": -1}, {"made": None}, {"usage": None}, {"usage": None, "cost": None},
    {"wanted": None, "split": None, "about": None}, {"split": ["a", "b"]}, {"split": []},
    {"example": "e9"}, {"error": "ValueError: x"}, {"tags": ["a", ""]}, {"tags": []},
    {"tags": None}, {"again": None}, {"filtered": []}, {"filtered": ["y"]},
    {"said": {"messages": [{"role": "assistant", "content": "a"}, {"odd": 1}]}},
    {"said": {"role": "assistant", "odd": 1}}, {"said": [1, None]}, {"said": "a"},
]  # fmt: skip
OTHERS = [
    (), ("example_id",), ("repetition", "status"), ("reference_outputs", "split"),
    ("reference_outputs", "split", "example_metadata", "usage", "usage.total_cost"),
]  # fmt: skip


@pytest.mark.parametrize("without", OTHERS)
@pytest.mark.parametrize("dataset", [False, True])
def test_a_record_of_every_kind_goes_straight(
    tmp_path: Path, without: tuple[str, ...], dataset: bool
) -> None:
    records = [FULL | {"id": f"r{n}"} | changed for n, changed in enumerate(CHANGES)]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    example = {"kind": "example", "inputs": 5, "reference_outputs": 6}
    rows = [{**example, "example_id": name} for name in ("e0", "e9")]
    (tmp_path / "asked.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    fields = {name: path for name, path in STRAIGHT.items() if name not in without}
    more = {"dataset": {"path": "asked.jsonl", "subset": True}} if dataset else {}
    quick, long = both(RecordsFetcher, tmp_path / "runs.jsonl", fields=fields, **more)
    assert quick == long
    assert len(quick[0]) == len(CHANGES)


@pytest.mark.parametrize(
    "field", [{"duration_s": "to_number(said)"}, {"metadata": "merge(about, more)"}]
)
def test_what_raises_anything_at_all_is_told_the_long_way(
    tmp_path: Path, field: dict[str, str]
) -> None:
    usual = {"said": "1", "about": {}, "more": {}}
    odd = {"said": "9" * 400, "about": {}, "more": 1}
    records = [{"id": f"r{n}"} | each for n, each in enumerate((usual, usual, odd, usual))]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    fields = {"run_id": "id", "outputs": "said", **field}
    quick, long = both(RecordsFetcher, tmp_path / "runs.jsonl", fields=fields)
    assert quick == long


def straight(record: dict[str, Any], fields: dict[str, str]) -> bool:
    """Tell whether a record becomes a row without values by name, once all paths were seen."""
    mapped = FieldMap(fields, RUN_TARGETS, "trial")
    direct = Direct.of(Builder(mapped, "records", Numbers()))
    mapped.values(FULL, "here")
    return direct is not None and direct.rows(record) is not None


@pytest.mark.parametrize(
    ("changed", "goes"),
    [
        ({}, True),
        ({"error": None, "tags": [], "name": None, "began": None, "extra": {}}, True),
        ({"example": None}, True),
        ({"asked": {}, "example": None}, True),
        ({"id": None}, False),
        ({"id": 3}, False),
        ({"error": ""}, True),
        ({"thread": ""}, False),
        ({"tags": "a"}, False),
        ({"began": 1e9}, False),
        ({"usage": {"odd_tokens": 3}}, False),
        ({"said": [float("nan")]}, False),
    ],
)
def test_which_records_go_straight(changed: dict[str, Any], goes: bool) -> None:
    assert straight(FULL | changed, STRAIGHT) is goes


@pytest.mark.parametrize(
    "more", [{"outputs.a": "said.a"}, {"steps": "steps"}, {"inputs": "{a: asked}"},
             {"duration_s": "subtract(took, `1`)"}, {"name": "_path"}]
)  # fmt: skip
def test_which_mappings_do_not(more: dict[str, str]) -> None:
    assert not straight(FULL, {"run_id": "id", **more})
    assert straight(FULL, {"run_id": "id"})
    assert not straight(FULL, {"name": "name"})


@pytest.mark.parametrize(
    ("second", "copies"),
    [
        ('{"id": "a", "q": {"x": 1, "y": 2}, "rest": 1}', 1),
        ('{"rest": 1, "q": {"y": 2, "x": 1}, "id": "a"}', 1),
        (' {"id":"a","q":{"x":1,"y":2},"rest":1}', 1),
        ('[{"id": "a", "q": {"x": 1, "y": 2}, "rest": 1}]', 1),
        ('{"id": "a", "q": {"x": 1, "y": 2}, "rest": 2}', None),
    ],
)
def test_a_copy_is_told_from_another_record(
    tmp_path: Path, second: str, copies: int | None
) -> None:
    first = '{"id": "a", "q": {"x": 1, "y": 2}, "rest": 1}'
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join((first, '{"id": "b", "q": 1}', second, first)) + "\n")
    for found, counts, _, ended in both(
        RecordsFetcher, path, fields={"run_id": "id", "inputs": "q"}
    ):
        if copies is None:
            assert "two different records have the id 'a'" in ended
        else:
            assert (len(found), counts.duplicates, ended) == (2, copies + 1, "")


def test_plain_records_go_the_quick_way(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_text(json.dumps({"id": "a", "said": {"a": 1}}) + "\n")
    context = FetchContext(experiment="trial", base=tmp_path)
    given = {"path": "runs.jsonl", "fields": {"run_id": "id", "outputs": "said"}}
    (made,) = RecordsFetcher(given, context).rows()
    assert made.body


PLAIN = {
    "id": "a", "run_type": "chain", "dotted_order": "a", "session_id": "s", "status": "success",
    "inputs": {"q": 1}, "outputs": {"a": 1}, "reference_example_id": "e", "child_runs": [
        {"id": "b", "run_type": "tool", "dotted_order": "a.b", "parent_run_ids": ["a"]}],
}  # fmt: skip


@pytest.mark.parametrize("more", [{}, {"serialized": {"a": 1}, "execution_order": 3}])
def test_a_usual_line_goes_the_quick_way(tmp_path: Path, more: dict[str, Any]) -> None:
    (tmp_path / "runs.jsonl").write_text(json.dumps(PLAIN | more) + "\n")
    context = FetchContext(experiment="trial", base=tmp_path)
    (made,) = LangSmithFiles({"path": "runs.jsonl"}, context).rows()
    assert made.body  # only rows that were made without a run have it


COUNTED = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}


@pytest.mark.parametrize(
    "usage",
    [
        COUNTED,
        COUNTED | {"total_cost": 0.5, "currency": "usd ", "cost_source": "prices 2026"},
        {"prompt_tokens": 3, "completion_tokens": 4},
    ],
)
def test_a_usual_line_of_ours_goes_the_quick_way(tmp_path: Path, usage: dict[str, Any]) -> None:
    step = {"step_id": "s", "usage": usage, "metadata": {"ls_model_name": "m"}}
    line = {"run_id": "r", "outputs": {"a": 1}, "usage": usage}
    line["steps"] = [step, step | {"step_id": "t"}]
    (tmp_path / "runs.jsonl").write_text(json.dumps(line) + "\n")
    context = FetchContext(experiment="trial", base=tmp_path)
    (made,) = OwnFetcher({"path": "runs.jsonl"}, context).rows()
    assert made.body
    row = named(made)
    paid = (0.5, "USD", "prices 2026") if "currency" in usage else (None, None, None)
    for each in (row, *row["steps"]):
        counts = (each["input_tokens"], each["output_tokens"], each["total_tokens"])
        assert (*counts, each["total_cost"], each["currency"], each["cost_source"]) == (
            3,
            4,
            7,
            *paid,
        )
    assert [each["model"] for each in row["steps"]] == ["m", "m"]


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize(
    "name",
    [
        "manifest_id",
        "a`b",
        "a` - at `$",
        "a` - at `$.child_runs[0]",
        'a"b',
        "\\",
        "\n",
        "",
        "\u00e9`",
    ],
)
def test_a_field_nobody_knows_is_read_wherever_it_stands(
    tmp_path: Path, name: str, depth: int
) -> None:
    step = PLAIN | {"id": "deepest", "parent_run_id": "x", "dotted_order": "", "child_runs": []}
    record = made = json.loads(json.dumps(PLAIN | {"child_runs": []}))
    for number in range(depth):
        inner = step | {"id": f"step-{number}", "parent_run_id": record["id"]}
        inner = json.loads(json.dumps(inner))
        record["child_runs"] = [inner]
        record = inner
    record[name] = {"kept": True}
    (tmp_path / "runs.jsonl").write_text(json.dumps(made) + "\n" + json.dumps(made | {"id": "2"}))
    quick, long = both(LangSmithFiles, tmp_path / "runs.jsonl")
    assert quick == long
    assert len(quick[0]) == 2
