"""Compare in a browser: the list, the example chosen in it, and where a run's steps open."""

import json
import re

import pytest
from report_world import make_content, stored, summaries_over_time

from evalkit.metrics.summaries.history import history
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.report.page.write import write_report
from evalkit.scoring.definition.evaluator import evaluator

pytestmark = pytest.mark.browser


@evaluator
def right(outputs, reference_outputs) -> bool:
    """The answer is the expected one."""
    return outputs["answer"] == reference_outputs["answer"]


ANSWERS = {
    "worse": (["It is 8 euros."] * 3, ["It is 9 euros."] * 2 + ["It is 8 euros."]),
    "worst": (["It is 8 euros."] * 3, ["No idea at all, sorry."] * 3),
    "better": (["It is 7 euros."] * 3, ["It is 8 euros."] * 3),
    "same": (["It is 8 euros."] * 3, ["It is 8 euros."] * 3),
    "gone": (["It is 8 euros."] * 3, []),
}


ADDRESSES = ["#/", "#/runs?exp=all", "#/compare", "#/run/cand-worse-0?tab=compare"]
ADDRESSES += ["#/run/cand-worse-0", "#/example/worse"]


def runs_of(name: str, side: int) -> list[Run]:
    return [
        Run(
            run_id=f"{name}-{example}-{n}",
            example_id=example,
            repetition=n,
            inputs={"question": f"What is the price, {example}?"},
            outputs={"answer": answer},
            steps=steps_of(answer),
        )
        for example, sides in ANSWERS.items()
        for n, answer in enumerate(sides[side])
    ]


def steps_of(answer: str) -> list[Step]:
    kilos = {"8": 1.5, "9": 1500}.get(answer[6], 0)
    return [
        Step(step_id="0", kind="node", name="plan", outputs={"next": "postage"}),
        Step(step_id="1", kind="tool", name="postage", inputs={"kilos": kilos}, outputs=answer),
    ]


@pytest.fixture(scope="module")
def compared_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    examples = [
        Example(example_id=e, reference_outputs={"answer": "It is 8 euros."}) for e in ANSWERS
    ]
    results = [
        stored(folder / "store", name, runs_of(name, side), examples, (right,))
        for side, name in enumerate(("base", "cand"))
    ]
    write_report(make_content(results), folder / "page.html")
    return folder / "page.html"


def lines(page) -> list[str]:
    return [re.search(r"price, (\w+)\?", t)[1] for t in page.locator(".list .li").all_inner_texts()]


def test_what_got_worse_comes_first_and_is_open(opened, compared_file):
    page = opened.go(compared_file, "#/compare")
    opened.until("document.querySelector('.one .both')")
    heads = page.locator(".list .gh").all_inner_texts()
    assert heads == ["Got worse · 2", "Got better · 1", "The same · 1", "Only in base · 1"]
    assert lines(page) == ["worst", "worse", "better", "same", "gone"]
    assert "price, worst" in page.locator("#h-one").inner_text()
    assert page.locator(".list .li").first.inner_text().endswith("3/3 → 0/3")
    assert opened.problems == []


def test_an_example_has_its_address_and_keys(opened, compared_file):
    page = opened.go(compared_file, "#/compare/worse")
    opened.until("document.querySelector('#h-one')?.textContent.includes('worse')")
    assert page.locator(".one .crumb").inner_text().count("2 of 5") == 1
    page.keyboard.press("j")
    opened.until("document.querySelector('#h-one').textContent.includes('better')")
    assert page.url.endswith("#/compare/better")
    page.keyboard.press("k")
    page.keyboard.press("p")
    opened.until("document.querySelector('#h-one').textContent.includes('worst')")
    page.locator(".list").focus()
    page.keyboard.press("End")
    opened.until("document.querySelector('#h-one').textContent.includes('gone')")
    assert "No run of this example" in page.locator(".one .both").inner_text()
    page.keyboard.press("j")
    assert page.url.endswith("#/compare/gone")
    assert opened.problems == []


def test_the_run_that_shows_the_loss_is_shown_with_its_marks(opened, compared_file):
    page = opened.go(compared_file, "#/compare/worse")
    opened.until("document.querySelector('.one .both mark')")
    left, fell = page.locator(".one .both .box").all_inner_texts()
    assert "base · run 1 of 3" in left
    assert "●●● right in 3 of 3" in left
    assert "cand · run 1 of 3" in fell
    assert "○○● right in 1 of 3" in fell
    assert page.locator(".one mark").all_inner_texts() == ["8", "9"]
    assert "postage(kilos=1.5)" in left
    assert "postage(kilos=1500)" in fell
    assert page.locator(".one .first").inner_text() == (
        "First step that differs: step 2, postage (arguments)"
    )
    opened.until("document.querySelectorAll('.answers tbody tr').length === 3")
    cells = [row.split("\t") for row in page.locator(".answers tbody tr").all_inner_texts()]
    assert cells == [
        ["base", "3 of 3 ✓", "It is 8 euros."],
        ["cand", "2 of 3 ✕", "It is 9 euros."],
        ["cand", "1 of 3 ✓", "It is 8 euros."],
    ]


def test_texts_with_little_in_common_have_no_marks(opened, compared_file):
    page = opened.go(compared_file, "#/compare/worst")
    opened.until("document.querySelector('.one .both .answer-t')")
    assert page.locator(".one mark").count() == 0


def test_a_run_opened_from_compare_goes_back_to_its_example(opened, compared_file):
    page = opened.go(compared_file, "#/compare/better")
    page.get_by_role("link", name="Open this run of cand").click()
    opened.until("document.querySelector('#v-run .tabs')")
    assert "3 of 5" in page.locator("#v-run .crumb").inner_text()
    page.keyboard.press("u")
    opened.until("document.querySelector('#h-one')?.textContent.includes('better')")


def test_a_run_opens_at_the_first_step_that_differs(opened, compared_file):
    page = opened.go(compared_file, "#/run/cand-worse-0")
    opened.until("document.querySelector('#v-run .det h2')")
    assert "postage" in page.locator("#v-run .det h2").inner_text()
    apart = page.locator("#v-run .apart").inner_text()
    assert apart.startswith("≠ Not as in base (arguments):")
    assert "postage(kilos=1.5) gave It is 8 euros." in " ".join(apart.split())
    assert json.loads(page.locator("#v-run .det pre").first.inner_text()) == {"kilos": 1500}
    opened.go(compared_file, "#/run/cand-same-0")
    opened.until("document.querySelector('#v-run .det h2')")
    assert "plan" in page.locator("#v-run .det h2").inner_text()
    assert page.locator("#v-run .apart").count() == 0


@pytest.mark.parametrize("width", [390, 768, 1400])
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_beside_the_screen(opened, compared_file, width, address):
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    opened.go(compared_file, address)
    opened.until("!document.querySelector('.sk')")
    beside = page.evaluate("""() => [...document.querySelectorAll("main *, header *")]
      .filter((node) => !node.closest(".sr,[hidden],.menu,svg,canvas"))
      .filter((node) => { const thead = node.closest("thead");
        return !thead || getComputedStyle(thead).position !== "absolute"; })
      .filter((node) => { const box = node.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 1 || box.left < -1); })
      .map((node) => node.outerHTML.slice(0, 120))""")
    assert beside == []


def test_the_whole_header_fits_a_phone(opened, world, tmp_path):
    strips = history(list(summaries_over_time(world[1])))
    write_report(make_content(world, history=strips), tmp_path / "page.html")
    opened.page.set_viewport_size({"width": 375, "height": 900})
    page = opened.go(tmp_path / "page.html", "#/history")
    assert page.locator("[data-nav]").count() == 4
    assert page.evaluate("document.querySelector('.top').scrollWidth") <= 375
    assert "over their last 9 saved summaries" in page.locator("#h-history").inner_text()
    values = page.locator("#v-history table").first.locator("tbody tr").last
    shown = values.locator("td").nth(1).inner_text() or values.locator("td").nth(1).text_content()
    head = page.locator("#v-history h2").first.inner_text()
    assert head.split("\n")[0] == f"correct {shown}"


def test_the_list_is_put_in_another_order_by_keyboard(opened, compared_file):
    page = opened.go(compared_file, "#/compare")
    opened.until("document.querySelector('.one .both')")
    order = page.get_by_label("Order")
    order.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    opened.until("location.hash.includes('sort=-right')")
    assert page.locator(".list .gh").first.inner_text() == "Δ right, highest first · 4"
    assert lines(page) == ["better", "same", "worse", "worst", "gone"]
    opened.go(compared_file, "#/compare?sort=right")
    opened.until("document.querySelector('.one .both')")
    assert lines(page) == ["worst", "worse", "same", "better", "gone"]
    assert order.input_value() == "right"
    opened.go(compared_file, "#/compare?sort=nothing")
    opened.until("document.querySelector('.one .both')")
    assert page.locator(".list .gh").first.inner_text() == "Got worse · 2"
    assert opened.problems == []


def test_an_order_by_another_metric_is_that_of_its_changes(opened, reports):
    page = opened.go(reports["two"], "#/compare?sort=-closeness")
    opened.until("document.querySelector('.one .both')")
    small = page.locator(".list [role=group]").first.locator(".li small").all_inner_texts()
    found = [re.search(r"closeness ([+−]?[\d.]+)", text) for text in small]
    values = [float(m[1].replace("−", "-")) if m else 0.0 for m in found]
    assert len({*values}) > 3
    assert values == sorted(values, reverse=True)
    front = [text for text, m in zip(small, found, strict=True) if m]
    assert all(text.startswith("closeness ") for text in front)


def test_every_change_of_an_example_stands_with_it(opened, reports):
    page = opened.go(reports["two"], "#/compare")
    opened.until("document.querySelectorAll('.one table').length === 2")
    rows = [
        r.split("\t") for r in page.locator(".one table").last.locator("tbody tr").all_inner_texts()
    ]
    assert {row[0] for row in rows} >= {"correct", "closeness", "words", "latency"}
    for name, before, after, change in rows:
        if name in ("closeness", "words"):
            moved = float(after.replace(",", "")) - float(before.replace(",", ""))
            assert float(change.replace("−", "-")) == pytest.approx(moved, abs=0.0011)
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_long_question_is_whole_where_its_run_and_its_example_are(opened, tmp_path):
    words = " ".join(f"word{n}" for n in range(120))
    runs = [
        [
            Run(run_id=f"{x}-{e}", example_id=e, inputs={"question": f"{e} {words}", "lang": "en"},
                outputs={"answer": "8"})
            for e in ("one", "two")
        ]
        for x in ("base", "cand")
    ]  # fmt: skip
    examples = [Example(example_id=e, reference_outputs={"answer": "8"}) for e in ("one", "two")]
    results = [
        stored(tmp_path / "store", name, given, examples, (right,))
        for name, given in zip(("base", "cand"), runs, strict=True)
    ]
    write_report(make_content(results), tmp_path / "page.html")
    for address, place in (
        ("#/run/cand-one", "#h-run"), ("#/compare/one", "#h-one"), ("#/example/one", "#v-example"),
    ):  # fmt: skip
        page = opened.go(tmp_path / "page.html", address)
        opened.until(f"document.querySelector('{place}')?.textContent.includes('word119')")
        page.set_viewport_size({"width": 390, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.problems == []
