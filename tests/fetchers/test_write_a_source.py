"""The source that `evalkit/fetchers/README.md` writes works, and is held to what it promises."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from evalkit.fetchers.base import FetchContext, Fetcher, revision

README = Path(__file__).parents[2] / "evalkit" / "fetchers" / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
RECORDS = [
    {
        "id": f"r{n}",
        "case": f"e{n}",
        "in": {"q": n},
        "out": {"a": n},
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-01T00:00:02Z",
        "failure": "boom" if n == 2 else None,
        "host": "h",
    }
    for n in range(4)
]


@pytest.fixture(scope="module")
def source() -> dict[str, Any]:
    """Return what the README's files define."""
    made: dict[str, Any] = {}
    for block in BLOCKS:
        exec(compile(block, block.partition("\n")[0], "exec"), made)
    return made


def server(listed: list[dict[str, Any]], said: int, failing: int = 0) -> httpx.MockTransport:
    """Serve two records a page; the first `failing` requests get 503."""
    left = [failing]

    def answer(request: httpx.Request) -> httpx.Response:
        if left[0] > 0:
            left[0] -= 1
            return httpx.Response(503, headers={"Retry-After": "0"})
        if request.url.path == "/batches/b":
            return httpx.Response(200, json={"runs": said})
        start = int(request.url.params.get("after") or 0)
        more = start + 2 if start + 2 < len(listed) else None
        return httpx.Response(200, json={"items": listed[start : start + 2], "next": more})

    return httpx.MockTransport(answer)


def opened(source: dict[str, Any], transport: Any, known: dict[str, str] | None = None) -> Fetcher:
    context = FetchContext(experiment="x", base=Path(), known=known or {})
    options = source["TraceboxOptions"](url="http://tracebox.test", batch="b")
    return source["TraceboxFetcher"](options, context, transport)


def test_all_pages_arrive_and_failures_stay_failures(source: dict[str, Any]) -> None:
    fetcher = opened(source, server(RECORDS, 4, failing=1))
    runs = list(fetcher.runs())
    assert [run.run_id for run in runs] == ["r0", "r1", "r2", "r3"]
    assert [run.outcome for run in runs] == ["success", "success", "error", "success"]
    assert runs[0].latency == 2.0
    assert not runs[0].steps_recorded
    assert (fetcher.counts().expected, fetcher.counts().problems) == (4, [])


def test_a_second_fetch_brings_nothing(source: dict[str, Any]) -> None:
    known = {run.run_id: revision(run) for run in opened(source, server(RECORDS, 4)).runs()}
    again = opened(source, server(RECORDS, 4), known)
    assert list(again.runs()) == []
    assert (again.counts().received, again.counts().unchanged) == (4, 4)


def test_a_run_twice_is_one_and_a_run_that_is_missing_is_said(source: dict[str, Any]) -> None:
    fetcher = opened(source, server([*RECORDS[:3], RECORDS[0]], 4))
    assert len(list(fetcher.runs())) == 3
    assert fetcher.counts().duplicates == 1
    assert fetcher.counts().problems == ["the server has 4 runs and listed 3"]


def test_doctor_has_a_line(source: dict[str, Any]) -> None:
    assert [line.text for line in opened(source, server(RECORDS, 4)).check()] == ["b: 4 runs"]
