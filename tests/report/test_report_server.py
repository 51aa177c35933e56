"""The local server: the page and one trace at a time, for those who know the address."""

import json
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from evalkit.report.page.server import ReportServer
from evalkit.report.runs.feedback import Cells


@pytest.fixture(scope="module")
def served(compared):
    with ReportServer(compared, idle=0.5) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.stop()
        thread.join()


def test_it_listens_on_this_machine_only(served):
    assert served.url.startswith("http://127.0.0.1:")
    assert len(served.url.rstrip("/").rsplit("/", 1)[1]) >= 32


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("core", 200),
        ("run/0", 200),
        ("run/95", 200),
        ("run/96", 404),
        ("run/-1", 404),
        ("run/../core", 200),
        ("run/0/..%2f..%2fetc", 404),
        ("etc/passwd", 404),
    ],
)
def test_it_answers_known_paths(served, path, status):
    answer = httpx.get(served.url + path)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


def test_nothing_without_the_token(served):
    root = served.url.split("/", 3)
    base = "/".join(root[:3])
    for path in ("/", "/core", "/wrong-token/", "/wrong-token/core"):
        assert httpx.get(base + path).status_code == 404


def test_another_host_name_is_refused(served):
    assert httpx.get(served.url, headers={"Host": "evil.example"}).status_code == 404


def test_it_only_reads(served):
    assert httpx.post(served.url).status_code == 501
    assert httpx.delete(served.url + "run/0").status_code == 501


def test_a_trace_is_the_run(served, compared):
    own, trace = httpx.get(served.url + "run/5").json()
    row = compared.source.rows
    assert trace["run_id"] == row.run_ids[5]
    assert own == []
    assert {f["name"] for f in trace["feedback"]} >= {"correct", "closeness"}


def test_cells_of_a_served_report_are_joined_once(compared):
    """Else each opened run joins all pieces of the table, a third of its time."""
    for results, summary in zip(compared.results, compared.source.summaries, strict=True):
        asked = results.table("cells", ["run_id", "key"])
        assert asked.column("key").num_chunks > 1
        held = Cells(results, summary)
        assert {column.num_chunks for column in held._table.columns} == {1}
        (cells,) = held.of([asked.column("run_id")[0].as_py()])
        assert {"correct", "closeness"} <= {cell["name"] for cell in cells}


@pytest.mark.browser
def test_the_page_pages_from_the_server(opened, served):
    page = opened.page
    page.goto(served.url + "#/runs?q=outcome%3Aerror")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.locator("#v-runs tr.row").first.click()
    opened.until("document.querySelector('#v-run .det h2')")
    assert page.locator("#v-run [role=option]").count() == 4
    assert "Traces are read from the store" in page.locator("#v-summary").text_content()
    asked = [p for p in opened.problems if not p.startswith(f"request {served.url[:20]}")]
    assert asked == []


def connected(served):
    where = urlsplit(served.url)
    return socket.create_connection((where.hostname, where.port), timeout=10), where.path


def test_clients_that_leave_in_the_middle_of_an_answer_cost_nothing(served, capfd):
    for number in range(40):
        client, path = connected(served)
        client.sendall(
            f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode()[: 20 + number * 4]
        )
        if number % 2:
            client.recv(10)
        reset = struct.pack("ii", 1, 0)  # close with a reset, as a killed browser does
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        client.close()
    assert httpx.get(served.url).status_code == 200
    time.sleep(0.7)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


@pytest.mark.parametrize("said", [b"", b"GET /", b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n"])
def test_a_client_that_says_nothing_is_closed(served, said, capfd):
    client, _ = connected(served)
    with client:
        client.sendall(said)
        began = time.monotonic()
        assert client.recv(100) == b""
        assert 0.3 < time.monotonic() - began < 5
    assert capfd.readouterr().err == ""


def test_many_at_once_get_the_right_answers_beside_silent_ones(served):
    silent = [connected(served)[0] for _ in range(60)]
    alone = [json.loads(httpx.get(f"{served.url}run/{row}").content) for row in range(8)]

    def one(number):
        return json.loads(httpx.get(f"{served.url}run/{number % 8}", timeout=30).content)

    with ThreadPoolExecutor(50) as clients:
        assert list(clients.map(one, range(100))) == [alone[n % 8] for n in range(100)]
    for each in silent:
        each.close()
