"""The labelling page in a browser: by keyboard alone, blind, hostile content, no label lost."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from command_line import SCRIPT, evalkit
from hostile_runs import PAYLOADS, hostile_run, judged, payload

from evalkit.metrics.agreement.choosing import choose, labelled_metric
from evalkit.model.example import Example
from evalkit.report.labelling.choices import choices_of
from evalkit.report.labelling.desk import Desk
from evalkit.report.labelling.server import LabelServer

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What a second theme can change."""
VERDICT = re.compile(r"evaluator: |expected '")
CONFIG = """\
[experiments.baseline]
fetcher = "evalkit"
path = ["support.examples.jsonl", "support.baseline.runs.jsonl.gz"]
[experiments.candidate]
fetcher = "evalkit"
path = ["support.examples.jsonl", "support.candidate.runs.jsonl.gz"]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The sample project, fetched and scored."""
    folder = tmp_path_factory.mktemp("labels")
    for name in ("support.examples.jsonl", "support.baseline.runs.jsonl.gz"):
        shutil.copy(ROOT / "datasets" / name, folder)
    shutil.copy(ROOT / "datasets/support.candidate.runs.jsonl.gz", folder)
    (folder / "evalkit.toml").write_text(CONFIG)
    (folder / "evaluators").mkdir()
    for name in ("correct.py", "grounded.py"):
        shutil.copy(ROOT / "evaluators" / name, folder / "evaluators")
    assert evalkit("run", "--quiet", cwd=folder).code == 0
    return folder


@contextmanager
def serving(project, *more):
    """`evalkit label` as people start it; yields its address and its process."""
    command = [str(SCRIPT), "label", "--metric", "correct", *more]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


class Labeller:
    """A tab that keeps all bytes the server sent it, and what went wrong."""

    def __init__(self, page, url) -> None:
        self.page, self.sent, self.problems = page, [], []
        page.on("console", lambda m: m.type == "error" and self.problems.append(m.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        page.on("response", lambda answer: self.sent.append(answer))
        page.goto(url)
        self.settle()

    def settle(self):
        """Wait until every key pressed so far has done its work."""
        self.until("document.querySelector('[data-count=todo]').textContent")
        self.page.wait_for_load_state("networkidle")

    def until(self, expression, seconds=20):
        """Wait for an expression; the page's policy forbids to poll inside it."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(f"() => !!({expression})"):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.01)

    def left(self):
        return int(self.page.inner_text("[data-count=todo]"))

    def press(self, key):
        """Press a label's key and wait for the next run, or for the end."""
        before = self.left()
        self.page.keyboard.press(key)
        self.until(f"+document.querySelector('[data-count=todo]').textContent !== {before}")

    def bodies(self):
        return "\n".join(answer.text() for answer in self.sent)


@pytest.fixture
def tab(browser):
    page = browser.new_page()
    page.set_viewport_size({"width": 1360, "height": 900})
    yield page
    page.close()


def lines_of(project, rater):
    path = project / "datasets" / "labels" / f"correct.{rater}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_hundred_runs_by_keyboard_with_a_kill_in_between(tab, project):
    with serving(project, "--sample", "100", "--rater", "Ann") as (url, process):
        person = Labeller(tab, url)
        assert person.left() == 100
        for n in range(58):
            person.press("2" if n % 5 == 0 else "1")
        tab.keyboard.press("n")
        tab.keyboard.type("1 2 u are digits of a note")
        tab.keyboard.press("Escape")
        person.press("3")
        assert not VERDICT.search(person.bodies())
        shown = tab.inner_text("#question")
        process.send_signal(signal.SIGKILL)
        process.wait()
        tab.keyboard.press("1")
        person.until("!document.querySelector('#problem').hidden")
        assert "Everything before is kept" in tab.inner_text("#problem")
        assert tab.inner_text("#question") == shown
        person.problems.clear()  # the request that failed
        tab.evaluate("() => { onbeforeunload = null; }")
    assert len(lines_of(project, "ann")) == 59
    with serving(project, "--sample", "100", "--rater", "Ann") as (url, _):
        person = Labeller(tab, url)
        assert (person.left(), tab.inner_text("[data-count=done]")) == (41, "59")
        assert tab.inner_text("#question") == shown
        person.press("1")
        tab.keyboard.press("u")
        person.until("document.querySelector('[data-count=done]').textContent == 59")
        assert tab.inner_text("#question") == shown
        for n in range(40):
            person.press("2" if n % 7 == 0 else "1")
        assert not VERDICT.search(person.bodies())
        person.press("1")
        person.until("document.querySelector('#rows li')")
        assert "evaluator: " in tab.inner_text("main")
        tab.locator("#rows li").first.get_by_role("button", name="Final label: Pass").click()
        person.until("document.querySelector('#rows').textContent.includes('final: Pass')")
        assert person.problems == []
    last = {row["run_id"]: row for row in lines_of(project, "ann") if not row.get("final")}
    assert len(last) == 100
    assert [row["note"] for row in last.values() if "note" in row] == ["1 2 u are digits of a note"]
    ended = evalkit("agree", "candidate", "--metric", "correct", "--json", cwd=project)
    assert ended.code == 0, ended.err
    found = ended.document
    assert found["weighted"]
    assert found["raters"] == ["Ann"]
    both = evalkit("agree", "baseline", "--metric", "correct", "--json", cwd=project).document
    assert found["n"] + both["n"] + found["abstained"] + both["abstained"] == 100
    assert found["abstained"] + both["abstained"] == 1


def test_a_note_typed_while_a_label_is_on_its_way_belongs_to_the_next_run(tab, project):
    with serving(project, "--sample", "3", "--rater", "Eve") as (url, _):
        person = Labeller(tab, url)
        tab.route("**/label", lambda route: (time.sleep(0.4), route.continue_()))
        tab.keyboard.press("1")
        tab.keyboard.press("n")
        tab.keyboard.type("2 of 22")
        tab.keyboard.press("Backspace")
        tab.keyboard.press("Escape")
        tab.keyboard.press("2")
        person.until("document.querySelector('[data-count=todo]').textContent == 1")
        person.settle()
        assert person.problems == []
    path = project / "datasets" / "labels" / "correct.eve.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(row["label"], row.get("note")) for row in rows] == [("1", None), ("0", "2 of 2")]


def test_two_people_do_not_see_each_other_before_the_end(tab, project):
    options = ("--sample", "4", "--rater", "Bo", "--rater", "Cy", "--queue", "random")
    with serving(project, *options) as (url, _):
        person = Labeller(tab, url)
        for key in "1212":
            person.press(key)
        tab.fill("#who", "Cy")
        tab.keyboard.press("Enter")
        person.until("document.querySelector('[data-count=todo]').textContent == 4")
        person.sent.clear()
        for key in "111":
            person.press(key)
        assert "Bo: " not in person.bodies()
        assert '"who"' not in person.bodies()
        person.press("1")
        person.until("!document.querySelector('#many').hidden")
        assert "Bo: Fail" in tab.inner_text("main")
        assert tab.inner_text("[data-count=differ]") != "0"
        assert person.problems == []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A desk whose every text is hostile."""
    from report_world import stored

    folder = tmp_path_factory.mktemp("hostile")
    examples = [
        Example(
            example_id=f"{payload(n)}-{n}",
            inputs={"question": payload(n)},
            reference_outputs={"answer": payload(n + 1)},
        )
        for n in range(len(PAYLOADS))
    ]
    runs = [hostile_run("v", n) for n in range(len(PAYLOADS))]
    results = stored(folder / "store", "v</script>", runs, examples, (judged,))
    metric = labelled_metric([results], "judged")
    desk = Desk(
        metric=metric,
        picks=choose(metric, len(PAYLOADS)),
        choices=choices_of(metric),
        results={results.experiment: results},
        folder=folder / "labels",
    )
    with LabelServer(desk, ["</script><b>x"], guide=metric.info.doc) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server, desk
        server.stop()
        thread.join()


def test_hostile_text_is_text(tab, hostile):
    server, desk = hostile
    tab.set_viewport_size({"width": 390, "height": 844})
    person = Labeller(tab, server.url)
    seen = []
    for n in range(len(desk.picks)):
        seen.append(tab.inner_text("#item"))
        wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (n, wide)
        person.press("12"[n % 2])
    person.until("!document.querySelector('#many').hidden")
    assert tab.evaluate("window.__hit ?? null") is None
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert person.problems == []
    assert any("<script>window.__hit=1</script>" in text for text in seen)
    assert any("⟦U+202E⟧" in text for text in seen)
    assert tab.evaluate("document.scripts.length") == 2
    refused = tab.evaluate(
        "() => { try { document.body.innerHTML = '<img src=x>'; } catch (e) { return e.name; } }"
    )
    assert refused == "TypeError"


def looked_at(person, name):
    """Hold the page as it is against axe and its edges, at three widths in both themes."""
    from axe_playwright_python.sync_playwright import Axe

    tab, shots = person.page, os.environ.get("LABEL_SHOTS")
    for width, scheme in product((1400, 768, 390), ("light", "dark")):
        tab.set_viewport_size({"width": width, "height": 860})
        tab.emulate_media(color_scheme=scheme)
        if shots:
            tab.screenshot(path=Path(shots) / f"{name}-{scheme}-{width}.png")
        rules = {"type": "tag", "values": TAGS} if scheme == "light" else COLOURS
        options = {"runOnly": rules}
        found = Axe().run(tab, options=options).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert tab.evaluate(SMALL) == []


SMALL = """() => [...document.querySelectorAll('.btn, nav a')]
    .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 30)
    .map((e) => e.id || e.textContent)"""


def test_axe_finds_nothing_and_nothing_is_cut(tab, project):
    with serving(project, "--sample", "6", "--rater", "Di") as (url, _):
        person = Labeller(tab, url)
        looked_at(person, "single")
        for key in "123221":
            person.press(key)
        person.until("document.querySelector('#told').textContent")
        looked_at(person, "differ")
        tab.keyboard.press("d")
        person.until("document.querySelector('#heading').textContent.includes('is done')")
        looked_at(person, "done")
        tab.locator("#rows a").first.click()
        person.until("!document.querySelector('#single').hidden")
        assert tab.locator("[data-label='1']").bounding_box()["height"] >= 52
