"""Hostile content in every field of a run: nothing runs, nothing is asked for, text stays text."""

from dataclasses import replace
from urllib.parse import quote

import pytest
from hostile_runs import MARK, PAYLOADS, hostile_run, judged, payload, raises
from report_world import make_content, stored, tone

from evalkit.metrics.summaries.history import history
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.report.page.write import write_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A comparison whose every field is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    names = (f"v1 <script>{MARK}60</script>", f'v2"><img src=x onerror={MARK}61>')
    examples = [
        Example(
            example_id=f"{payload(n)}-{n}",
            inputs={"question": payload(n)},
            reference_outputs={"answer": payload(n + 1)},
            metadata={"topic": payload(n % 5)},
        )
        for n in range(len(PAYLOADS))
    ]
    results = []
    for name in names:
        runs = [hostile_run(name, n) for n in range(len(PAYLOADS))]
        results.append(stored(folder / "store", name, runs, examples, (judged, raises, tone)))
    title = f'nightly </title><script>{MARK}70</script> "x"'
    now = summarise(results[-1])
    later = replace(now, provenance=replace(now.provenance, last_run_at=f"2027<{MARK}71>"))
    strips = history([now, later], baseline=summarise(results[0]))
    strips = replace(strips, folder=f"reports/<img src=x onerror={MARK}72>")
    content = make_content(results, title=title, gates=("error_rate <= 1%",), history=strips)
    path = folder / "hostile.html"
    write_report(content, path)
    return path, [run.run_id for each in results for run in each.runs()]


ADDRESSES = [
    "#/",
    "#/runs",
    "#/compare",
    "#/runs?q=%3Cscript%3Ewindow.__hit%3D80%3C%2Fscript%3E",
    "#/run/%3Cimg%20src%3Dx%20onerror%3Dwindow.__hit%3D81%3E",
    "#/__proto__",
    "#/constructor?q=__proto__:1",
    "#/runs?q=constructor%3A1&sort=__proto__&cols=__proto__",
    "#/runs?q=__proto__%3E1",
    "#/compare?t=__proto__&by=constructor",
    "#/compare?sort=__proto__",
    "#/compare?sort=-latency",
    "#/compare/%3Cimg%20src%3Dx%20onerror%3Dwindow.__hit%3D83%3E",
    "#/example/%3Cimg%20src%3Dx%20onerror%3Dwindow.__hit%3D84%3E",
    "#/history",
    "#javascript:window.__hit=82",
    "#/%E0%A4%A",
]


def test_nothing_of_a_run_is_ever_executed(opened, hostile):
    path, ids = hostile
    page = opened.go(path)
    for address in ADDRESSES:
        opened.to(address)
        page.evaluate("() => new Promise((go) => requestAnimationFrame(go))")
    for place, run_id in enumerate(ids):
        tabs = ("", "io", "compare", "raw") if place % 4 == 0 else ("",)
        for tab in tabs:
            opened.to(f"#/run/{quote(run_id, safe='')}?tab={tab}")
            opened.until("document.querySelector('#v-run .tabs [aria-selected=true]')")
        if place % 8 == 0:
            for n in range(page.locator("#v-run [role=option]").count()):
                page.locator("#v-run [role=option]").nth(n).click()
    assert page.evaluate("window.__hit ?? null") is None
    assert opened.problems == []
    assert len(page.frames) == 1
    assert page.evaluate("document.baseURI").startswith("file:")
    assert page.evaluate("[...document.scripts].filter((s) => !s.type).length") == 2
    assert page.evaluate("({}).polluted ?? null") is None


def test_text_is_shown_as_text(opened, hostile):
    path, ids = hostile
    page = opened.go(path, f"#/run/{quote(ids[2], safe='')}?tab=io")
    opened.until("document.querySelector('#v-run .io')")
    assert PAYLOADS[2] in page.locator("#v-run .io").inner_text()
    place = next(i for i, text in enumerate(PAYLOADS) if "\u202e" in text)
    opened.to(f"#/run/{quote(ids[place], safe='')}?tab=io")
    opened.until("document.querySelector('#v-run .io .ctl')")
    assert "U+202E" in page.locator("#v-run .io").inner_text()


ATTEMPTS = {
    "innerHTML": "document.body.innerHTML = '<img src=x onerror=window.__hit=1>'",
    "text as timer": "setTimeout('window.__hit=2', 0)",
    "script": """const s = document.createElement('script');
        s.textContent = 'window.__hit=3'; document.body.append(s)""",
    "fetch": "await fetch('http://127.0.0.1:9/')",
    "frame": """await new Promise((ok, no) => { const f = document.createElement('iframe');
        f.srcdoc = '<script>parent.__hit=4</script>';
        document.body.append(f); setTimeout(ok, 50); })""",
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_second_line_of_defence_holds(opened, hostile, name):
    page = opened.go(hostile[0])
    refused = page.evaluate(
        f"async () => {{ try {{ {ATTEMPTS[name]}; return null; }} catch (e) {{ return e.name; }} }}"
    )
    assert refused == "TypeError"
    assert page.evaluate("window.__hit ?? null") is None


def test_an_inline_handler_does_nothing(opened, hostile):
    page = opened.go(hostile[0])
    page.evaluate("""() => { const b = document.createElement('button');
        try { b.setAttribute('onclick', 'window.__hit=5'); } catch { return; }
        document.body.append(b); b.click(); }""")
    assert page.evaluate("window.__hit ?? null") is None


def test_nothing_hostile_is_in_the_markup(hostile):
    text = hostile[0].read_text("utf-8")
    for bad in (
        "<script>window",
        "<img src=x",
        "<svg onload",
        "<iframe",
        "<base",
        "<details open o",
    ):
        assert bad not in text


def test_five_megabytes_of_one_line_open_at_once(opened, tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    run = Run(run_id="large", example_id="e", outputs={"answer": "x" * 5_000_000, "tone": "a"})
    results = stored(folder / "store", "big", [run], [Example(example_id="e")], (tone,))
    path = folder / "large.html"
    write_report(make_content([results]), path)
    page = opened.go(path, "#/run/large?tab=io")
    opened.until("document.querySelector('#v-run .io')")
    assert page.evaluate("document.querySelector('#v-run').innerText.length") < 50_000
    more = page.locator("#v-run .io .link").first
    assert "4,994,000 more characters" in more.inner_text()
    more.click()
    assert opened.problems == []


def test_exports_hold_no_formula(opened, hostile):
    page = opened.go(hostile[0], "#/runs?exp=all")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    import csv

    with open(download.value.path(), newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + 2 * len(PAYLOADS)
    for row in rows:
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r")), cell
