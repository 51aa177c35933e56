"""Every file a figure is read from, altered in every way: one line, exit code 3, no figure."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inside import evalkit_here

from evalkit.errors import StoreError
from evalkit.store.disk import journal, state
from evalkit.store.results import read_results
from evalkit.store.store import Store

EVALUATORS = """
from evalkit import evaluator


@evaluator
def right(outputs) -> bool:
    return outputs["a"] >= 0


@evaluator(scope="experiment")
def size(runs) -> float:
    return len(runs)
"""
CONFIG = """
gates = ["error_rate <= 2%", "right >= 90%"]
baseline = "y"

[score]
max_errors = 100
"""
EXPERIMENT = """
[experiments.{0}]
fetcher = "records"
path = "{0}.jsonl"
dataset = "{0}.examples.jsonl"

[experiments.{0}.fields]
run_id = "id"
example_id = "id"
inputs = "{{q: q}}"
outputs = "{{a: a}}"
"""
RUNS = 12


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with two experiments, fetched, scored and reported."""
    folder = tmp_path_factory.mktemp("scored")
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "mine.py").write_text(EVALUATORS)
    (folder / "evalkit.toml").write_text(CONFIG + EXPERIMENT.format("x") + EXPERIMENT.format("y"))
    for more, name in enumerate("xy"):
        runs = [{"id": f"r{n}", "a": n + more, "q": n} for n in range(RUNS)]
        examples = [{"example_id": f"r{n}", "inputs": {"q": n + more}} for n in range(RUNS)]
        for path, rows in ((f"{name}.jsonl", runs), (f"{name}.examples.jsonl", examples)):
            (folder / path).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert evalkit_here("run", "-q", cwd=folder).code == 0
    return folder


@pytest.fixture
def project(scored: Path, tmp_path: Path) -> Path:
    return shutil.copytree(scored, tmp_path / "project")


def flipped(place: float) -> Callable[[Path, Path], None]:
    def change(path: Path, other: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(place * (len(data) - 1))] ^= 1
        path.write_bytes(data)

    return change


def cut_to(share: float) -> Callable[[Path, Path], None]:
    def change(path: Path, other: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return change


def swapped(path: Path, other: Path) -> None:
    mine = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(mine)


FAULTS: dict[str, Callable[[Path, Path], None]] = {
    "first byte": flipped(0),
    "a byte at a third": flipped(1 / 3),
    "a byte at two thirds": flipped(2 / 3),
    "last byte": flipped(1),
    "lost": lambda path, other: path.unlink(),
    "cut in half": cut_to(0.5),
    "cut by little": cut_to(0.99),
    "emptied": cut_to(0),
    "swapped with the other experiment's": swapped,
}
FILES = (
    *("manifest.json", "runs/part-*", "examples/part-*", "scores/evaluators.json"),
    *("scores/part-000001-*", "scores/part-000002-*"),
)
"""All files of a stored experiment but its lock."""
SHOWING = (
    *(("gate",), ("show", "x"), ("compare", "x", "y"), ("report",), ("metrics", "x")),
    *(("store", "export", "x", "--to", "out"), ("store", "verify")),
    ("view", "--port", "0"),
)
"""Verbs that show figures or hand them on. `run` and `fetch` mend instead."""


def test_the_table_names_every_file_of_a_store(project: Path) -> None:
    folder = project / ".evalkit" / "x"
    there = {path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}
    there -= {*(folder / "traces").iterdir()}  # no figure is read from these: damaged is not there
    there -= {folder / "validated.json"}  # nor from this: one that was altered is learnt anew
    assert there == {path for pattern in FILES for path in folder.glob(pattern)}


def damage(project: Path, pattern: str, fault: str) -> Path:
    store = project / ".evalkit"
    (path,), (other,) = (list((store / name).glob(pattern)) for name in "xy")
    FAULTS[fault](path, other)
    return path


def cases() -> Iterator[object]:
    """Yield every file with every fault; one call each is quick, all verbs take long."""
    for pattern in FILES:
        for fault in FAULTS:
            yield pytest.param(pattern, fault, (("gate",), ("store", "verify")))
            yield pytest.param(pattern, fault, SHOWING, marks=pytest.mark.slow)


@pytest.mark.parametrize(("pattern", "fault", "verbs"), [*cases()])
def test_no_figure_is_shown_from_a_file_that_was_altered(
    project: Path, pattern: str, fault: str, verbs: tuple[tuple[str, ...], ...]
) -> None:
    path = damage(project, pattern, fault)
    if fault == "first byte" and pattern.startswith(("runs", "examples")):
        verbs = (("store", "verify"),)  # Parquet's first four letters, of which no figure is made
    pages = {page: page.stat().st_mtime_ns for page in project.rglob("report.html")}
    for verb in verbs:
        ended = evalkit_here(*verb, cwd=project)
        assert ended.code == 3, (verb, ended)
        said = ended.out if verb[-1] == "verify" else ended.err
        assert path.name in said, verb
        if verb[-1] == "verify":
            assert "FAIL  x: " in said
        else:
            assert ended.out == ""
            assert said.count("error[") == 1
    assert {page: page.stat().st_mtime_ns for page in project.rglob("report.html")} == pages


@pytest.mark.parametrize("pattern", FILES)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.slow
def test_what_the_message_says_mends_it(project: Path, pattern: str, fault: str) -> None:
    path = damage(project, pattern, fault)
    ended = evalkit_here("gate", cwd=project)
    if "Delete this file" in ended.err:
        path.unlink()
    names = ("x", "y") if fault == "swapped with the other experiment's" else ("x",)
    if len(names) == 2 and "Delete this file" in ended.err:
        (project / ".evalkit" / "y" / pattern).unlink()
    verb = "score" if "scores" in pattern else "fetch"
    assert evalkit_here(verb, *names, cwd=project).code == 0
    assert evalkit_here("gate", cwd=project).code == 0
    assert evalkit_here("store", "verify", cwd=project).code == 0


@pytest.mark.parametrize("name", ["manifest.json", "scores/evaluators.json"])
def test_no_byte_of_a_small_file_can_change_unseen(project: Path, name: str) -> None:
    stored = Store(project / ".evalkit").experiment("x")
    path = project / ".evalkit" / "x" / name
    whole = path.read_bytes()
    results = read_results(stored)
    was = (results.manifest, results.evaluators)
    unseen = []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            found = read_results(stored)
        except StoreError:
            continue
        unseen += [place] if (found.manifest, found.evaluators) != was else []
    assert unseen == []


def test_a_list_without_evaluators_of_another_experiment_is_refused(project: Path) -> None:
    """The other list is whole and names no part that could be missing."""
    mine = project / ".evalkit" / "x" / "scores" / "evaluators.json"
    other = project / ".evalkit" / "y" / "scores"
    for path in other.iterdir():
        path.unlink()
    (project / "evaluators" / "mine.py").write_text("")
    assert evalkit_here("score", "y", cwd=project).code == 0
    assert json.loads((other / "evaluators.json").read_text())["rows"] == []
    mine.write_bytes((other / "evaluators.json").read_bytes())
    ended = evalkit_here("show", "x", cwd=project)
    assert (ended.code, "that of experiment 'y'" in ended.err) == (3, True)


def test_a_lost_manifest_of_an_experiment_without_scores_is_seen(project: Path) -> None:
    shutil.rmtree(project / ".evalkit" / "x" / "scores")
    (project / ".evalkit" / "x" / "manifest.json").unlink()
    for verb in (("store", "verify"), ("store", "list"), ("show", "x"), ("gate",)):
        assert evalkit_here(*verb, cwd=project).code == 3, verb
    assert evalkit_here("fetch", "x", cwd=project).code == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_an_altered_journal_is_refused_by_the_next_fetch(project: Path, fault: str) -> None:
    """An unfinished fetch keeps its state in a journal of the same form as the manifest."""
    store = Store(project / ".evalkit")
    for name in "xy":
        stored = store.experiment(name)
        now = stored.state()
        ahead = {"after": state.manifest_hash(stored.files), "owed": 1}
        state.save(stored.files, journal.JOURNAL, now.__class__(**_fields(now) | ahead))
    x, y = (project / ".evalkit" / name / journal.JOURNAL for name in "xy")
    FAULTS[fault](x, y)
    ended = evalkit_here("fetch", "x", cwd=project)
    if fault in ("lost", "last byte"):  # a byte after the last brace, or nothing to go on from
        assert ended.code in (0, 3)
    else:
        assert (ended.code, "fetching.json: is damaged" in ended.err) == (3, True)
    assert evalkit_here("gate", cwd=project).code == 0  # readers see the state before


def _fields(now: state.State) -> dict[str, object]:
    return {name: getattr(now, name) for name in now.__dataclass_fields__}


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "lost"])
def test_figures_of_earlier_days_are_guarded_too(project: Path, fault: str) -> None:
    reports = project / "reports"
    (x,), (y,) = (list((reports / name / "history").glob("*.json")) for name in "xy")
    FAULTS[fault](x, y)
    ended = evalkit_here("history", "x", cwd=project)
    assert (ended.code, x.name in ended.err, ended.out) == (3, True, "")
    x.unlink()
    assert evalkit_here("report", "x", cwd=project).code == 0
    assert evalkit_here("history", "x", cwd=project).code == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_saved_baseline_is_guarded_too(project: Path, fault: str) -> None:
    path = project / "reports" / "y" / "summary.json"
    if fault == "swapped with the other experiment's":
        return  # the file that is named is a summary, whatever its folder
    FAULTS[fault](path, path)
    ended = evalkit_here("gate", "x", "--baseline", str(path), cwd=project)
    assert (ended.code in (2, 3), path.name in ended.err, ended.out) == (True, True, "")


def test_a_page_that_was_altered_is_written_anew(project: Path) -> None:
    page = project / "reports" / "x-y" / "report.html"
    whole = page.read_bytes()
    for fault in ("a byte at a third", "cut in half", "emptied", "lost"):
        FAULTS[fault](page, page)
        assert evalkit_here("report", cwd=project).code == 0
        assert len(page.read_bytes()) >= len(whole) - 200


def test_a_store_from_before_files_said_whose_they_are_is_read(project: Path) -> None:
    """As an earlier evalkit left it: no guard, no list of parts, plain lists."""
    folder = project / ".evalkit" / "x"
    document = json.loads((folder / "manifest.json").read_text())
    for name in ("guard", "scored", "after", "owed", "damaged"):
        del document[name]
    (folder / "manifest.json").write_text(json.dumps(document))
    listed = folder / "scores" / "evaluators.json"
    guarded = json.loads(listed.read_text())
    for older in (guarded["rows"], _without_experiment(guarded)):
        listed.write_text(json.dumps(older))
        assert evalkit_here("gate", cwd=project).code == 0
        assert evalkit_here("store", "verify", cwd=project).code == 0
    saved = project / "reports" / "y" / "summary.json"
    document = json.loads(saved.read_text())
    del document["guard"]
    saved.write_text(json.dumps(document))
    assert evalkit_here("gate", "x", "--baseline", str(saved), cwd=project).code == 0


def _without_experiment(guarded: dict[str, object]) -> dict[str, object]:
    from evalkit.store.disk.parts import digest

    body = {name: guarded[name] for name in ("rows", "parts")}
    return {"hash": digest(json.dumps(body).encode()), **body}
