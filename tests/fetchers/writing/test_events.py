"""Scores as `gen_ai.evaluation.result` events, held against OpenTelemetry's own types."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from evalkit.errors import ConfigError, SourceUnavailable
from evalkit.fetchers.writing import events

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACES = {"r1": f"tr-{TRACE}", "r2": "no trace"}


def cell(run_id: str | None, key: str = "right", **fields: Any) -> dict[str, Any]:
    return {
        "run_id": run_id, "step_id": None, "evaluator": "mine", "key": key, "fingerprint": "f1",
        "outcome": "scored", "score": None, "score_type": None, "value": None, "comment": None,
        "error_type": None, "error_message": None, "source": "evaluator", **fields,
    }  # fmt: skip


CELLS = [
    cell("r1", score=1.0, score_type="bool", comment="as it should"),
    cell("r1", "length", score=3, score_type="int", step_id=SPAN),
    cell("r2", "tone", value='"calm"', score_type="category"),
    cell("r1", "broken", outcome="evaluator_error", error_type="ValueError", error_message="no"),
    cell("r1", "failed", outcome="run_failed"),
    cell("r1", "theirs", score=1.0, source="recorded"),
    cell("gone", score=0.0),
    cell(None, "f1", score=0.5, score_type="float"),
]


def sent(cells: list[Any], **more: Any) -> tuple[dict[str, Any], list[Any], list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"partialSuccess": {}})

    counts = events.send(
        cells, {**TRACES}, "http://otel.test:4318", "nightly",
        transport=httpx.MockTransport(answer), environ={}, **more,
    )  # fmt: skip
    documents = [json.loads(each.content) for each in asked]
    records = [
        record
        for document in documents
        for record in document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    ]
    return counts, records, asked


def attributes(record: Any) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in record["attributes"]}


def test_what_is_sent() -> None:
    counts, records, asked = sent(CELLS)
    assert {str(each.url) for each in asked} == {"http://otel.test:4318/v1/logs"}
    assert (counts["created"], counts["unknown_runs"]) == (5, ["gone"])
    assert counts["notes"] == ["2 scores name no trace: their runs were not recorded as one"]
    assert {record["eventName"] for record in records} == {"gen_ai.evaluation.result"}
    said = {attributes(record)["gen_ai.evaluation.name"]: record for record in records}
    right = attributes(said["right"])
    assert right["gen_ai.evaluation.score.value"] == 1.0
    assert right["gen_ai.evaluation.score.label"] == "pass"
    assert right["gen_ai.evaluation.explanation"] == "as it should"
    assert (said["right"]["traceId"], said["right"].get("spanId")) == (TRACE, None)
    assert (said["length"]["traceId"], said["length"]["spanId"]) == (TRACE, SPAN)
    assert attributes(said["tone"])["gen_ai.evaluation.score.label"] == "calm"
    assert "traceId" not in said["tone"]
    broken = attributes(said["broken"])
    assert broken["error.type"] == "ValueError"
    assert "gen_ai.evaluation.score.value" not in broken


def test_opentelemetry_takes_it() -> None:
    service = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")
    from google.protobuf.json_format import ParseDict

    _, _, asked = sent(CELLS)
    for request in asked:
        document = json.loads(request.content)
        for record in document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
            for name in ("traceId", "spanId"):  # OTLP has these in hex, protobuf's JSON in base64
                record.pop(name, None)
        ParseDict(document, service.ExportLogsServiceRequest())


def test_many_go_in_batches() -> None:
    many = [cell("r1", f"key-{n}", score=float(n), score_type="float") for n in range(1200)]
    _, records, asked = sent(many)
    assert (len(records), len(asked)) == (1200, 3)


def test_a_dry_run_sends_nothing() -> None:
    counts, _, asked = sent(CELLS, dry_run=True)
    assert (counts["created"], asked) == (5, [])


def test_a_file(tmp_path: Path) -> None:
    target = tmp_path / "events.jsonl"
    events.send(CELLS, TRACES, str(target), "nightly", environ={})
    (line,) = target.read_text().splitlines()
    assert len(json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]) == 5


def test_headers_of_the_sdk() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["x-key"])
        return httpx.Response(200, json={})

    events.send(
        CELLS, TRACES, "http://otel.test/v1/logs", "n", transport=httpx.MockTransport(answer),
        environ={"OTEL_EXPORTER_OTLP_HEADERS": "x-key=secret,other=1"},
    )  # fmt: skip
    assert asked == ["secret"]


def test_what_is_no_place() -> None:
    with pytest.raises(ConfigError, match="neither"):
        events.send(CELLS, TRACES, "grpc://otel", "n", environ={})
    refusing = httpx.MockTransport(lambda request: httpx.Response(404, text="no logs here"))
    with pytest.raises(SourceUnavailable, match="no logs here"):
        events.send(CELLS, TRACES, "http://otel.test", "n", transport=refusing, environ={})
