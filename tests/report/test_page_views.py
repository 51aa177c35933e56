"""The page in a browser: what people see, how they move, and what addresses they can share."""

import json
import os
import re
from pathlib import Path

import pytest
from report_world import make_content, stored, tone

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.report.charts import numbers
from evalkit.report.page.write import write_report

pytestmark = pytest.mark.browser
GOLDEN = Path(__file__).parent / "golden"
SCRUBS = (
    (re.compile(r"evalkit \d[\w.]*"), "evalkit VERSION"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
)


def scrubbed(text: str) -> str:
    for pattern, word in SCRUBS:
        text = pattern.sub(word, text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_the_summary_reads_as_it_did(opened, reports, name):
    page = opened.go(reports[name])
    text = scrubbed(page.locator("#v-summary").inner_text())
    golden = GOLDEN / f"summary-{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")
    assert opened.problems == []


def test_figures_of_the_summary_are_those_of_json(opened, reports, compared):
    page = opened.go(reports["two"])
    shown = page.locator("#v-summary").inner_text()
    for summary in compared.view.summaries:
        for score in summary["scores"].values():
            if score["mean"] is None:
                continue
            unit = "share" if score["type"] == "rate" else ""
            assert numbers.in_unit(score["mean"], unit) in shown
            assert numbers.count(score["n"]) in shown
        for name in ("p50", "p90", "p95", "p99", "max"):
            assert numbers.duration(summary["latency"][name]) in shown


def test_the_headline_of_the_runs_is_the_summary(opened, reports, compared):
    page = opened.go(reports["two"])
    for place, summary in enumerate(compared.view.summaries):
        opened.to(f"#/runs?exp={summary['experiment']}")
        opened.until("document.querySelector('#v-runs tr.row')")
        text = page.locator("#v-runs .sum").inner_text()
        latency = summary["latency"]
        assert text == (
            f"48 of 48 · success {numbers.percent(summary['rates']['success']['rate'])}"
            f" · p50 {numbers.duration(latency['p50'])} · p95 {numbers.duration(latency['p95'])}"
        ), place


def test_figures_of_a_list_of_some_runs_say_so(opened, world, tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.metrics.selecting.chosen.LISTED", 30)
    content = make_content(world, runs=4)
    page = opened.go(write_report(content, tmp_path / "some.html").path, "#/runs")
    opened.until("document.querySelector('#v-runs tr.row')")
    n = len(content.source.rows)
    here = content.source.rows.experiments.count(1)
    assert (
        page.locator("#v-runs .sum").inner_text().startswith(f"{here} of {here} listed · success")
    )
    assert f"Of 96 runs {n} are listed and 4 are whole" in page.locator("#v-runs").inner_text()
    opened.to("#/compare")
    opened.until("document.querySelector('#v-compare .sum').textContent")
    assert " examples listed" in page.locator("#v-compare .sum").inner_text()


def test_changes_on_the_page_are_those_of_the_comparison(opened, reports, compared):
    page = opened.go(reports["two"], "#/compare")
    differences = compared.view.comparison["candidates"][0]["differences"]
    on_page = [
        d for d in differences if d["metric"] in {c.name for c in compared.source.rows.scores}
    ]
    assert len(on_page) >= 5
    for found in on_page:
        opened.to(f"#/compare?by={found['metric']}")
        opened.until("document.querySelector('#v-compare .li')")
        chips = dict(
            chip.rsplit(" ", 1) for chip in page.locator("#v-compare .chip").all_inner_texts()
        )
        shown = tuple(int(chips[k]) for k in ("▲ Improved", "▼ Regressed", "Same"))
        assert shown == (found["wins"], found["losses"], found["ties"]), found["metric"]
        mean = numbers.signed(
            found["difference"]["value"], numbers.number(found["difference"]["value"])
        )
        assert mean in page.locator("#v-compare .sum").inner_text()


def test_transitions_link_to_as_many_examples(opened, reports, compared):
    page = opened.go(reports["two"])
    part = compared.view.transitions[0]
    for counts, links in zip(part.counts, part.links, strict=True):
        for count, link in zip(counts, links, strict=True):
            opened.to(link)
            opened.until("!document.querySelector('#v-compare').hidden")
            assert page.locator("#v-compare .sum").inner_text().startswith(f"{count} of ")


def test_from_what_broke_to_the_step_in_three_clicks(opened, reports):
    page = opened.go(reports["two"])
    page.get_by_role("link", name=re.compile("that got worse$")).click()
    page.locator("#v-compare .li").first.click()
    opened.until("document.querySelector('#v-compare .first')")
    first = page.locator("#v-compare .first a").first
    name = first.inner_text().split(", ")[1]
    first.click()
    opened.until("document.querySelector('#v-run .det h2')")
    assert name in page.locator("#v-run .det h2").inner_text()
    assert opened.problems == []


def test_a_failed_run_opens_at_the_step_that_failed(opened, reports):
    page = opened.go(reports["two"], "#/runs?q=outcome%3Aerror")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.locator("#v-runs tr.row").first.click()
    opened.until("document.querySelector('#v-run .det h2')")
    assert (
        page.locator("#v-run [role=option][aria-selected=true]").inner_text().startswith("! lookup")
    )
    assert "the catalogue is closed" in page.locator("#v-run .det").inner_text()


def test_keys_reach_everything(opened, reports):
    page = opened.go(reports["two"])
    focus = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focus}.className") == "skip"
    page.keyboard.press("2")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.keyboard.press("/")
    opened.until(f"{focus}.id === 'q-runs'")
    page.keyboard.type("topic:billing failing>0")
    page.keyboard.press("Enter")
    opened.until("location.hash.includes('failing')")
    shown = page.locator("#v-runs .sum").inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focus}.className") == "tw"
    for key in ("j", "j", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate(f"{focus}.getAttribute('aria-activedescendant')") == "row3"
    page.keyboard.press("Enter")
    opened.until("document.querySelector('#v-run .tabs')")
    assert page.evaluate(f"{focus}.id") == "h-run"
    crumb = page.locator("#v-run .crumb").inner_text()
    assert "4 of" in crumb
    page.keyboard.press("n")
    opened.until("document.querySelector('#v-run .crumb').textContent.includes('5 of')")
    page.locator("#v-run [role=listbox]").focus()
    page.keyboard.press("ArrowDown")
    opened.until("location.hash.includes('step=')")
    page.keyboard.press("u")
    opened.until("!document.querySelector('#v-runs').hidden")
    assert page.locator("#v-runs .sum").inner_text() == shown
    page.keyboard.press("3")
    opened.until("!document.querySelector('#v-compare').hidden")
    page.keyboard.press("?")
    assert page.evaluate("document.querySelector('#keys').open")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.keyboard.press("1")
    opened.until("!document.querySelector('#v-summary').hidden")
    assert opened.problems == []


def test_steps_fold_by_keys(opened, reports):
    page = opened.go(reports["two"], "#/run/candidate-000-0")
    opened.until("document.querySelector('#v-run [role=option]')")
    page.locator("#v-run [role=listbox]").focus()
    page.keyboard.press("Home")
    before = page.locator("#v-run [role=option]").count()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#v-run [role=option]").count() == 1
    page.keyboard.press("ArrowRight")
    assert page.locator("#v-run [role=option]").count() == before == 4


@pytest.mark.parametrize(
    ("address", "selector", "text"),
    [
        ("#/runs?q=topic%3Arepairs&sort=-latency", "#v-runs .sum", "16 of 48"),
        ("#/runs?exp=all&cols=latency,example", "#v-runs thead", "Example"),
        ("#/compare?t=regressed&by=closeness", "#v-compare h1", "candidate against baseline"),
        ("#/run/candidate-003-1?step=3", "#v-run .det h2", "search"),
        ("#/run/candidate-003-1?tab=io", "#v-run .io", "It lasts 4 years."),
        ("#/run/candidate-003-1?tab=compare&with=candidate-003-0", "#v-run .cmp", "repetition 0"),
        ("#/run/candidate-003-1?tab=raw", "#v-run [role=tabpanel] pre", "candidate-003-1"),
        ("#/example/ex-003", "#v-example table", "candidate"),
        ("#/run/nobody", "#v-run", "No such run"),
        ("#/example/nobody", "#v-example", "No such example"),
        ("#/runs?q=foo%3E1", "#v-runs .hint", "unknown field"),
        ("#/runs?q=latency%3E", "#v-runs .sum", "0 of 48"),
        ("#/runs?q=zzzz", "#v-runs .void", "No run matches"),
        ("#/nowhere", "#v-summary h1", "candidate"),
        ("#/%E0%A4%A", "#v-summary h1", "candidate"),
    ],
)  # fmt: skip
def test_an_address_opens_cold(opened, reports, address, selector, text):
    page = opened.go(reports["two"], address)
    opened.until(
        f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(text)})"
    )
    assert text in page.locator(selector).first.inner_text()
    assert opened.problems == []


def test_columns_can_be_chosen_and_are_in_the_address(opened, reports):
    page = opened.go(reports["two"], "#/runs")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Cost").check()
    assert "cols=" in page.url
    assert "Cost" in page.locator("#v-runs thead").inner_text()
    page.keyboard.press("Escape")
    page.reload()
    opened.until("document.querySelector('#v-runs tr.row')")
    assert "Cost" in page.locator("#v-runs thead").inner_text()


def test_every_chart_has_a_table(opened, reports):
    page = opened.go(reports["two"])
    charts = page.locator("#v-summary figure svg.chart").count()
    assert charts >= 3
    for figure in page.locator("#v-summary figure:has(svg.chart)").all():
        assert figure.locator("table").count() >= 1
    opened.to("#/runs")
    opened.until("document.querySelector('#v-runs tr.row')")
    for figure in page.locator("#v-runs figure").all():
        figure.locator("summary").click()
        figure.locator("table tbody tr").first.wait_for()


def test_the_histogram_table_counts_every_run(opened, reports):
    page = opened.go(reports["two"], "#/runs?exp=all")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.locator("#v-runs figure summary").first.click()
    cells = page.locator("#v-runs figure table").first.locator("td").all_inner_texts()
    assert sum(int(cell.replace(",", "")) for cell in cells) == 96


def test_traces_from_the_file_beside(opened, reports):
    page = opened.go(reports["side"], "#/run/candidate-003-1")
    opened.until("document.querySelector('#side')")
    assert "side.ekdata" in page.locator("#v-run").inner_text()
    page.set_input_files("#side", reports["side"].with_suffix(".ekdata"))
    opened.until("document.querySelector('#v-run .tabs')")
    assert page.locator("#v-run [role=option]").count() == 4
    assert opened.problems == []


def test_a_report_without_traces_says_so(opened, reports):
    page = opened.go(reports["none"], "#/run/candidate-003-1")
    opened.until("document.querySelector('[data-missing]')")
    text = page.locator("#v-run").inner_text()
    assert "made without traces" in text
    assert "evalkit show candidate candidate-003-1" in text


def test_damaged_data_is_said(opened, reports, tmp_path):
    text = reports["two"].read_text("utf-8")
    at = text.index('id="ek-core"') + 200
    damaged = tmp_path / "damaged.html"
    damaged.write_text(text[:at] + text[at + 40 :], "utf-8")
    opened.page.goto(damaged.as_uri() + "#/runs")
    opened.until("document.querySelector('#v-runs')?.textContent.includes('cannot be read')")


def test_without_javascript_the_summary_is_there(browser, reports):
    context = browser.browser.new_context(java_script_enabled=False) if browser.browser else None
    if context is None:
        pytest.skip("this browser gives no second context")
    page = context.new_page()
    page.goto(reports["two"].as_uri())
    assert page.locator("#h-sum").inner_text().startswith("candidate")
    assert not page.locator("[data-nav=runs]").is_visible()
    context.close()


def test_it_prints_on_a_few_pages(opened, reports):
    page = opened.go(reports["two"])
    page.emulate_media(media="print")
    pdf = page.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page[^s]", pdf))
    assert 1 <= pages <= 7
    assert not page.locator(".top").is_visible()


def test_a_run_is_copied_as_markdown(opened, reports, browser):
    browser.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened.go(reports["two"], "#/run/candidate-003-1")
    opened.until("document.querySelector('#v-run .tabs')")
    page.get_by_role("button", name="Copy as Markdown").click()
    opened.until("document.querySelector('#live').textContent === 'Copied'")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("### candidate-003-1: success")
    assert "| correct |" in text
    assert "It lasts 4 years." in text


def test_hundreds_of_steps_are_drawn_as_they_are_seen(opened, tmp_path):
    steps = [
        Step(step_id=str(n), kind="tool", name=f"call {n}", duration_s=0.01, inputs={"n": n},
             error="late failure" if n == 700 else None)
        for n in range(900)
    ]  # fmt: skip
    run = Run(run_id="long", example_id="e", outputs={"answer": "x", "tone": "warm"}, steps=steps)
    results = stored(tmp_path / "store", "long", [run], [Example(example_id="e")], (tone,))
    write_report(make_content([results]), tmp_path / "long.html")
    page = opened.go(tmp_path / "long.html", "#/run/long?step=1")
    opened.until("document.querySelector('#v-run [role=option]')")
    assert page.locator("#v-run [role=option]").count() < 100
    page.locator("#v-run [role=listbox]").focus()
    page.keyboard.press("e")
    opened.until("document.querySelector('#v-run .det h2').innerText.includes('call 700')")
    assert "late failure" in page.locator("#v-run .det").inner_text()
    page.keyboard.press("End")
    opened.until("document.querySelector('#v-run .det h2').innerText.includes('call 899')")
    assert page.locator("#step899").is_visible()


def test_differences_of_texts_rebuild_both(opened, reports):
    page = opened.go(reports["one"])
    wrong = page.evaluate("""() => {
      const words = "a b c the of wait() [1] . , ñ 漢 😀 x1 \\n".split(" ");
      let seed = 7;
      const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
      const make = () => Array.from({ length: random() * 30 | 0 },
        () => words[random() * words.length | 0]).join(random() < 0.5 ? " " : "");
      const side = (parts, sign) => parts.filter(([k]) => k * sign <= 0).map(([, t]) => t).join("");
      for (let i = 0; i < 4000; i++) {
        const left = make();
        const some = left.split(" ").filter(() => random() < 0.8).join(" ");
        const right = random() < 0.3 ? some : make();
        const parts = window.evalkitReport.texts.wordDiff(left, right);
        if (side(parts, 1) !== left || side(parts, -1) !== right) return [left, right, parts];
      }
      return null; }""")
    assert wrong is None


def test_differences_of_long_texts_do_not_hang(opened, reports):
    page = opened.go(reports["one"])
    parts = page.evaluate("""() => {
      const many = Array.from({ length: 20000 }, (_, i) => "w" + (i * 7919 % 9973));
      const turned = [...many].reverse();
      return window.evalkitReport.texts.wordDiff(many.join(" "), turned.join(" ")).length; }""")
    assert parts >= 1
