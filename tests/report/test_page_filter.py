"""The filter finds the runs that the same filter written in Python finds; exports hold them."""

import csv
import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from report_file import ReportFile

pytestmark = pytest.mark.browser


class Row(dict):
    """One run with what a filter can ask for."""


@pytest.fixture(scope="module")
def rows(reports) -> list[Row]:
    report = ReportFile(reports["two"])
    head = report.head
    columns = {name: report.column(name) for name in head["columns"]}
    found = []
    for at in range(len(columns["exp"])):
        example = columns["ex"][at]
        row = Row(
            id=columns["id"][at],
            outcome=head["outcomes"][columns["outcome"][at]],
            example=columns["ex.id"][example],
            input=columns["ex.input"][example],
            out=columns["out"][at],
            latency=columns["latency"][at],
            ttft=columns["ttft"][at],
            tokens=columns["tokens"][at],
            cost=columns["cost"][at],
            steps=columns["steps"][at],
            repetition=columns["repetition"][at],
            failing=columns["low"][at],
            error=head["errors"][columns["err"][at]] if columns["err"][at] < 255 else "",
        )
        for i, facet in enumerate(head["facets"]):
            code = columns[f"f{i}"][at]
            row[facet["name"]] = facet["values"][code] if code < 255 else None
        for i, e in enumerate(head["evaluators"]):
            value = columns[f"s{i}"][at]
            category = e["type"] == "category" and value is not None
            row[e["key"]] = e["values"][int(value)] if category else value
            row[e["key"] + ".outcome"] = head["cellOutcomes"][columns[f"o{i}"][at]]
        found.append(row)
    return found


def known(value, test) -> bool:
    return value is not None and test(value)


def has(row, text) -> bool:
    return any(text in row[name].lower() for name in ("input", "out", "id", "example"))


CASES = {
    "": lambda r: True,
    "outcome:error": lambda r: r["outcome"] == "error",
    "outcome:failed": lambda r: r["outcome"] in ("error", "timeout", "cancelled"),
    "outcome:unfinished": lambda r: r["outcome"] in ("paused", "running"),
    "-outcome:success": lambda r: r["outcome"] != "success",
    "status:timeout": lambda r: r["outcome"] == "timeout",
    "topic:billing": lambda r: r["topic"] == "billing",
    'topic:"delivery and returns"': lambda r: r["topic"] == "delivery and returns",
    '-topic:"delivery and returns" hard:true': lambda r: (
        r["topic"] != "delivery and returns" and r["hard"] == "true"
    ),
    "latency>2s": lambda r: known(r["latency"], lambda v: v > 2),
    "latency<=1500ms": lambda r: known(r["latency"], lambda v: v <= 1.5),
    "latency:1s..2s": lambda r: known(r["latency"], lambda v: 1 <= v <= 2),
    "latency>0.03m": lambda r: known(r["latency"], lambda v: v > 1.8),
    "latency:missing": lambda r: r["latency"] is None,
    "ttft>400ms": lambda r: known(r["ttft"], lambda v: v > 0.4),
    "tokens>=250": lambda r: known(r["tokens"], lambda v: v >= 250),
    "tokens=241": lambda r: r["tokens"] == 241,
    "tokens<0.25k": lambda r: known(r["tokens"], lambda v: v < 250),
    "cost:0.002..0.004": lambda r: known(r["cost"], lambda v: 0.002 <= v <= 0.004),
    "cost<=0.0004": lambda r: known(r["cost"], lambda v: v <= 0.0004),
    "steps=4": lambda r: r["steps"] == 4,
    "repetition=1": lambda r: r["repetition"] == 1,
    "failing>1": lambda r: r["failing"] > 1,
    "correct:yes": lambda r: r["correct"] == 1,
    "correct:no": lambda r: r["correct"] == 0,
    "closeness<0.5": lambda r: known(r["closeness"], lambda v: v < 0.5),
    "closeness>=70%": lambda r: known(r["closeness"], lambda v: v >= 0.7),
    "closeness:error": lambda r: r["closeness.outcome"] == "evaluator_error",
    "closeness:missing": lambda r: r["closeness.outcome"] != "scored",
    "-closeness:missing closeness<0.7": lambda r: known(r["closeness"], lambda v: v < 0.7),
    "words>4": lambda r: known(r["words"], lambda v: v > 4),
    "tone:curt": lambda r: r["tone"] == "curt",
    "-tone:curt": lambda r: r["tone"] != "curt",
    "error:catalogue": lambda r: "catalogue" in r["error"].lower(),
    "id:candidate-003": lambda r: "candidate-003" in r["id"],
    "example:ex-003": lambda r: "ex-003" in r["example"],
    "has:trace": lambda r: True,
    "sure": lambda r: has(r, "sure"),
    '"not sure about 7"': lambda r: has(r, "not sure about 7"),
    '""': lambda r: True,
    "-sure": lambda r: not has(r, "sure"),
    "experiment:baseline": lambda r: r["id"].startswith("baseline"),
    "topic:repairs latency>1s correct:no -outcome:error": lambda r: (
        r["topic"] == "repairs"
        and known(r["latency"], lambda v: v > 1)
        and r["correct"] == 0
        and r["outcome"] != "error"
    ),
}


def test_filters_find_what_python_finds(opened, reports, rows):
    page = opened.go(reports["two"], "#/runs?exp=all")
    opened.until("document.querySelector('#v-runs tr.row')")
    box = page.locator("#q-runs")
    differ = {}
    for query, wanted in CASES.items():
        box.fill(query)
        box.press("Enter")
        assert box.get_attribute("aria-invalid") is None, query
        shown = page.locator("#v-runs .sum").inner_text().split(" ")[0]
        expected = sum(map(wanted, rows))
        if shown != f"{expected:,}":
            differ[query] = (shown, expected)
    assert differ == {}
    assert sum(0 < sum(map(w, rows)) < len(rows) for w in CASES.values()) > 25


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("foo>1", "unknown field “foo”"),
        ("latency>fast", "“fast” is not a number"),
        ("latency:2s..", "is not a number"),
        ("outcome:great", "outcome is one of success, error"),
        ("topic:nothing", "topic is one of billing"),
        ("__proto__>1", "unknown field “__proto__”"),
    ],
)
def test_a_bad_filter_says_what_is_wrong_and_finds_nothing(opened, reports, query, message):
    page = opened.go(reports["two"], "#/runs")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.locator("#q-runs").fill(query)
    page.locator("#q-runs").press("Enter")
    assert message in page.locator("#v-runs .hint.bad").inner_text()
    assert page.locator("#q-runs").get_attribute("aria-invalid") == "true"
    assert page.locator("#v-runs .sum").inner_text().startswith("0 of")


def test_no_filter_breaks_the_page(opened, reports):
    page = opened.go(reports["two"], "#/runs")
    opened.until("document.querySelector('#v-runs tr.row')")
    rng = random.Random(9)
    pieces = [
        "topic",
        ":",
        "<",
        ">=",
        '"',
        "\\",
        "..",
        "-",
        " ",
        "latency",
        "1e9",
        "%",
        "é",
        "(",
        "*",
    ]
    for _ in range(150):
        page.locator("#q-runs").fill("".join(rng.choices(pieces, k=rng.randint(1, 9))))
        page.locator("#q-runs").press("Enter")
    assert opened.problems == []
    assert " of 48" in page.locator("#v-runs .sum").inner_text()


def saved(page, kind: str):
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    return download.value.path()


def test_exports_hold_the_filtered_runs(opened, reports, rows):
    page = opened.go(reports["two"], "#/runs?exp=all&q=latency%3E1s&sort=-latency")
    opened.until("document.querySelector('#v-runs tr.row')")
    wanted = sorted((r for r in rows if r["latency"] > 1), key=lambda r: -r["latency"])
    with open(saved(page, "CSV"), newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    documents = json.loads(Path(saved(page, "JSON")).read_text("utf-8"))
    table = pq.read_table(saved(page, "Parquet")).to_pylist()
    assert [d["run_id"] for d in documents] == [r["id"] for r in wanted]
    assert table == documents
    assert len(lines) == len(wanted)
    for line, document, row in zip(lines, documents, wanted, strict=True):
        assert document["latency_s"] == row["latency"]
        assert document["closeness"] == row["closeness"]
        assert document["tone"] == row["tone"]
        assert document["closeness.outcome"] == row["closeness.outcome"]
        assert line["run_id"] == row["id"]
        assert float(line["latency_s"]) == row["latency"]
        assert line["error"] == row["error"]


def test_sorting_puts_missing_values_last(opened, reports, rows):
    page = opened.go(reports["two"], "#/runs?exp=all&sort=closeness&cols=closeness")
    opened.until("document.querySelector('#v-runs tr.row')")
    documents = json.loads(Path(saved(page, "JSON")).read_text("utf-8"))
    values = [d["closeness"] for d in documents]
    present = [v for v in values if v is not None]
    assert present == sorted(present)
    assert values[: len(present)] == present
    assert None in values
