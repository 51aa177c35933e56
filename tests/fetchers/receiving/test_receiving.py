"""What is sent over OTLP/HTTP is kept, answered when it is kept, and read as runs."""

import atexit
import gzip
import json
import resource
import signal
import socket
import subprocess
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import zstandard
from command_line import SCRIPT
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from evalkit.errors import ConfigError, NoRunsError, StoreError
from evalkit.fetchers.base import revision
from evalkit.fetchers.receiving.journal import Journal
from evalkit.pipeline.fetching import fetch as pull
from evalkit.project.config import load

from .conftest import request, span

CLIENT = httpx.Client(verify=False, timeout=20)
atexit.register(CLIENT.close)
JSON, PROTOBUF = "application/json", "application/x-protobuf"


def as_protobuf(*spans):
    """Return what an exporter of protobuf sends for spans written as JSON."""
    made = ExportTraceServiceRequest()
    into = made.resource_spans.add().scope_spans.add().spans
    for each in spans:
        one = into.add(
            trace_id=bytes.fromhex(each["traceId"]),
            span_id=bytes.fromhex(each["spanId"]),
            parent_span_id=bytes.fromhex(each.get("parentSpanId", "")),
            name=each["name"],
            kind=each["kind"],
            start_time_unix_nano=int(each["startTimeUnixNano"]),
            end_time_unix_nano=int(each["endTimeUnixNano"]),
        )
        for pair in each["attributes"]:
            one.attributes.add(key=pair["key"]).value.string_value = pair["value"]["stringValue"]
    return made.SerializeToString()


def send(receiver, body, kind=JSON, path="/v1/traces", **headers):
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CLIENT.post(
        receiver.url + path, content=content, headers={"content-type": kind, **named}
    )


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.compress),
    ],
)
@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_both_forms_in_every_packing(receive, read, kind, encoding, pack):
    spans = [span(1, 11, attributes={"gen_ai.system": "x"}, kind=3), span(1, 12, 11), span(2, 21)]
    body = as_protobuf(*spans) if kind == PROTOBUF else json.dumps(request(*spans)).encode()
    answer = send(receive(), pack(body), kind, content_encoding=encoding)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.content == (b"" if kind == PROTOBUF else b"{}")
    found = read().runs
    assert [len(found[f"{n:032x}"].steps) for n in (1, 2)] == [1, 0]
    assert found[f"{1:032x}"].started_at.timestamp() * 1e9 == pytest.approx(
        int(spans[0]["startTimeUnixNano"]), abs=2e3
    )


def test_a_body_in_chunks_without_a_length(receive, read):
    body = json.dumps(request(*(span(n, n + 100) for n in range(1, 40)))).encode()
    address = receive().url + "/v1/traces"
    with httpx.Client(verify=False) as client:
        for _ in range(2):  # the second request on the same connection
            pieces = (body[at : at + 97] for at in range(0, len(body), 97))
            answer = client.post(address, content=pieces, headers={"content-type": JSON})
            assert answer.status_code == 200
    assert len(read().runs) == 39


@pytest.mark.parametrize(
    ("body", "kind", "path", "headers", "status"),
    [
        (b"{", JSON, "/v1/traces", {}, 400),
        (b"[]", JSON, "/v1/traces", {}, 400),
        ({"resourceLogs": []}, JSON, "/v1/traces", {}, 400),
        (b"\xff\xff", PROTOBUF, "/v1/traces", {}, 400),
        (request(span(1, 2)), "text/plain", "/v1/traces", {}, 415),
        (request(span(1, 2)), JSON, "/v1/traces", {"content_encoding": "br"}, 415),
        (request(span(1, 2)), JSON, "/v1/traces", {"content_encoding": "gzip"}, 400),
        (
            gzip.compress(b"{}" * 99, mtime=0)[:-9],
            JSON,
            "/v1/traces",
            {"content_encoding": "gzip"},
            400,
        ),
        (
            zstandard.compress(json.dumps(request(span(1, 2))).encode() + b" " * 300_000)[:-3],
            JSON,
            "/v1/traces",
            {"content_encoding": "zstd"},
            400,
        ),
        (request(span(1, 2)), JSON, "/v2/traces", {}, 404),
        (request(span(1, 2)), JSON, "/v1/traces", {"host": "name.example"}, 403),
        (
            gzip.compress(b" " * 65_000_000, mtime=0),
            JSON,
            "/v1/traces",
            {"content_encoding": "gzip"},
            413,
        ),
    ],
)
def test_what_is_not_stored_is_refused_and_harms_nothing(
    receive, read, body, kind, path, headers, status
):
    receiver = receive()
    answer = send(receiver, body, kind, path, **headers)
    assert answer.status_code == status
    assert isinstance(read().error, NoRunsError)
    assert send(receiver, request(span(3, 4))).status_code == 200
    assert list(read().runs) == [f"{3:032x}"]


def test_spans_nobody_can_place_are_named_and_the_others_kept(receive, read):
    receiver = receive()
    bad = [{"name": "no ids"}, "text", span(0, 5), {**span(1, 6), "attributes": [1]}]
    for kind in ("scopeSpans", "scope_spans"):
        body = {"resourceSpans": [{kind: [{"spans": [*bad, span(1, 7)]}, 5, {"spans": None}]}]}
        said = send(receiver, body).json()["partialSuccess"]
        assert said["rejectedSpans"] == "4"
    answer = send(receiver, as_protobuf({**span(1, 8), "spanId": ""}, span(1, 9)), PROTOBUF)
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (told.rejected_spans, bool(told.error_message)) == (1, True)
    found = read()
    assert (list(found.runs), found.error) == ([f"{1:032x}"], None)


def test_text_that_is_hardly_text_arrives(receive, read):
    body = json.dumps(request(span(1, 2, attributes={"input.value": "\ud83d cut"}))).encode()
    pretty = json.dumps(request(span(2, 3)), indent=1).encode()
    receiver = receive()
    assert [send(receiver, each).status_code for each in (body, pretty)] == [200, 200]
    assert read().runs[f"{1:032x}"].inputs == "\ufffd cut"
    assert len(read().runs) == 2


def test_logs_lie_beside_and_metrics_are_said_not_to_be_kept(receive, read):
    receiver = receive()
    send(receiver, request(span(1, 2)))
    assert send(receiver, {"resourceLogs": [{}]}, path="/v1/logs").json() == {}
    said = send(receiver, {"resourceMetrics": []}, path="/v1/metrics").json()
    assert "not kept" in said["partialSuccess"]["errorMessage"]
    assert (len(read().runs), read().error) == (1, None)


def test_a_token_is_asked_for(receive, tmp_path):
    receiver = receive(token="s3cret")
    for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic s3cret"}):
        assert send(receiver, request(span(1, 2)), **given).status_code == 401
    right = {"authorization": "Bearer s3cret", "host": "name.example"}
    assert send(receiver, request(span(1, 2)), **right).status_code == 200
    with pytest.raises(ConfigError, match="needs a token"):
        receive(host="0.0.0.0")
    everywhere = receive(host="0.0.0.0", token="s3cret", folder=tmp_path / "more")
    assert everywhere.url.startswith(f"http://{socket.gethostname()}:")


def test_what_is_no_http_gets_an_answer_and_grpc_a_hint(receive):
    said = []
    receiver = receive(told=said.append)
    port = int(receiver.url.rpartition(":")[2])
    for bytes_, status in ((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"404"), (b"x\r\n\r\n", b"400")):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(bytes_)
            assert status in sock.recv(1000)
    deadline = time.monotonic() + 5
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "OTEL_EXPORTER_OTLP_PROTOCOL" in said[0]


def test_a_trace_without_its_root_is_pending_and_a_late_span_is_a_change(receive, read):
    receiver = receive()
    send(receiver, request(span(1, 2, 9), span(2, 3)))
    first = read()
    assert (list(first.runs), first.counts.pending) == ([f"{2:032x}"], 1)
    known = {run_id: revision(run) for run_id, run in first.runs.items()}
    send(receiver, request(span(1, 9)))
    second = read(known)
    assert (list(second.runs), second.counts.unchanged) == ([f"{1:032x}"], 1)
    send(receiver, request(span(2, 4, 3)))
    third = read(known)
    assert set(third.runs) == {f"{1:032x}", f"{2:032x}"}
    assert len(third.runs[f"{2:032x}"].steps) == 1


def test_a_root_that_never_came_is_given_up_in_the_end(receive, read):
    old = str(time.time_ns() - 2 * 3600 * 10**9)
    send(receive(), request(span(1, 2, 9, startTimeUnixNano=old, endTimeUnixNano=old)))
    found = read()
    assert (found.runs[f"{1:032x}"].outcome, found.counts.pending) == ("unknown", 0)


def test_time_alone_settles_a_root_that_never_came(receive, tmp_path):
    (tmp_path / "evalkit.toml").write_text('[experiments.a]\nfetcher = "files"\npath = "traces"\n')
    ended = time.time_ns() - 3600 * 10**9 + 3 * 10**9
    late = {"startTimeUnixNano": str(ended), "endTimeUnixNano": str(ended)}
    send(receive(), request(span(1, 2, 9, **late), span(2, 3)))
    project = load(tmp_path)
    assert pull(project, "a").manifest.pending == 1
    time.sleep(max(0.0, (ended + 3600 * 10**9 - time.time_ns()) / 1e9 + 0.1))
    again = pull(project, "a").manifest
    assert (again.pending, again.received) == (0, 2)


@pytest.mark.parametrize(("flags", "pending"), [(0x300, 0), (0x301, 0), (0x100, 1), (1, 1)])
def test_a_parent_in_another_process_is_not_waited_for(receive, read, flags, pending):
    send(receive(), request(span(1, 2, 9, flags=flags)))
    found = read()
    assert (len(found.runs), found.counts.pending) == (1 - pending, pending)
    assert found.counts.orphans == pending


def test_a_line_that_is_being_written_is_not_yet_there(receive, read, tmp_path):
    receiver = receive()
    send(receiver, request(span(1, 2)))
    path = next((tmp_path / "traces").glob("*.jsonl"))
    whole = path.read_bytes()
    path.write_bytes(whole + json.dumps(request(span(5, 6))).encode()[:-7])
    assert (list(read().runs), read().error) == ([f"{1:032x}"], None)
    receiver.__exit__()
    Journal(tmp_path / "traces").close()
    assert path.read_bytes() == whole


def test_files_are_turned_over_and_opened_again(tmp_path):
    journal = Journal(tmp_path, file_bytes=400)
    with pytest.raises(StoreError, match="another"):
        Journal(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: journal.append(json.dumps({"n": n}).encode()), range(200)))
    journal.close()
    with pytest.raises(OSError, match="ending"):
        journal.append(b"{}")
    again = Journal(tmp_path, file_bytes=400)
    again.append(b'{"n": 200}')
    again.close()
    files = sorted(tmp_path.glob("*.jsonl"))
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert sorted(line["n"] for line in lines if "n" in line) == list(range(201))
    assert len(files) > 5


def test_a_full_disk_is_said_and_leaves_whole_lines(receive, read, tmp_path):
    receiver = receive()
    send(receiver, request(span(1, 2)))
    path = next((tmp_path / "traces").glob("*.jsonl"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        answer = send(receiver, request(span(2, 3)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert send(receiver, request(span(3, 4))).status_code == 200
    assert set(read().runs) == {f"{n:032x}" for n in (1, 3)}


class Process:
    """`evalkit receive` in a process of its own."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [str(SCRIPT), "receive", "--port", "0", *args],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = self.process.stdout.readline()
        self.url = first.strip().partition("=")[2]

    def end(self, how: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(how)
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, err


def test_a_kill_loses_nothing_that_was_answered(tmp_path, read):
    answered: list[int] = []
    for first in (0, 100_000):
        started = Process(tmp_path)

        def one(number, at=started):
            with httpx.Client(verify=False) as client:
                for trace in range(number, number + 5000):
                    try:
                        send_to = f"{at.url}/v1/traces"
                        client.post(send_to, json=request(span(trace, 7))).raise_for_status()
                    except httpx.HTTPError:
                        return
                    answered.append(trace)

        with ThreadPoolExecutor(4) as pool:
            for worker in range(1, 5):
                pool.submit(one, first + worker * 10_000)
            time.sleep(0.8)
            started.end(signal.SIGKILL)
    found = read()
    assert found.error is None
    assert len(answered) > 20
    assert {f"{n:032x}" for n in answered} - set(found.runs) == set()


def test_the_command_ends_well_and_counts(tmp_path):
    started = Process(tmp_path, "--to", "kept")
    CLIENT.post(f"{started.url}/v1/traces", json=request(span(1, 2), span(1, 3, 2)))
    code, err = started.end()
    assert code == 0
    assert "Receive spans: 2" in err
    assert "1 traces ended" in err
    idle = subprocess.run(
        [str(SCRIPT), "receive", "--port", "0", "--idle", "0.2", "--json", "-q"],
        cwd=tmp_path, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert json.loads(idle.stdout)["requests"] == 0
