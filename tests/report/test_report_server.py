"""The local server: the page and one trace at a time, for those who know the address."""

import threading

import httpx
import pytest

from evalkit.report.page.server import ReportServer


@pytest.fixture(scope="module")
def served(compared):
    with ReportServer(compared) as server:
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
