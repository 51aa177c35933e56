"""Score once, re-score for free: what runs again when something changes, and what does not."""

import importlib.util
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import StoreError
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator, marked
from evalkit.scoring.fingerprint.fingerprint import combined, fingerprint
from evalkit.store.care import collect_stale
from evalkit.store.disk.parts import PART_ROWS
from evalkit.store.results import read_results
from evalkit.store.writing import open_writer

PROJECT = {
    "evaluators/__init__.py": "",
    "evaluators/helpers.py": """
        LIMIT = 3
        def norm(text):
            return text.strip()
        def unused(text):
            return text
    """,
    "evaluators/mine.py": """
        from evalkit import evaluator
        from . import other
        from .helpers import norm

        SCALE = 2

        @evaluator
        def first(outputs):
            return len(norm(str(outputs))) * SCALE

        @evaluator(threshold=0.5)
        def second(outputs, *, limit: int = 3):
            return other.longer(outputs, limit)
    """,
    "evaluators/other.py": """
        def longer(outputs, limit):
            return len(str(outputs)) > limit
    """,
}


class Folder:
    """A project's folder whose evaluators can be loaded anew after an edit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in PROJECT.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(textwrap.dedent(text))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / "evaluators" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def load(self) -> dict[str, Evaluator]:
        for name in [each for each in sys.modules if each.split(".")[0] == "_project"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        folder = self.root / "evaluators"
        _load("_project", folder / "__init__.py", [str(folder)])
        module = _load("_project.mine", folder / "mine.py", None)
        made = [marked(value) for value in vars(module).values()]
        return {each.name: each for each in made if each is not None}

    def prints(self) -> dict[str, str]:
        return {n: combined(fingerprint(e, self.root)) for n, e in self.load().items()}


def _load(name: str, path: Path, search: list[str] | None) -> Any:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: Any) -> Iterator[Folder]:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Folder(tmp_path)
    for name in [each for each in sys.modules if each.split(".")[0] == "_project"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("mine.py", "SCALE = 2", "SCALE = 2  # twice", set()),
        ("mine.py", "threshold=0.5", "threshold=0.9", set()),
        ("mine.py", "return len", "return  len", set()),
        ("mine.py", "SCALE = 2", "SCALE = 3", {"first"}),
        ("mine.py", "* SCALE", "+ SCALE", {"first"}),
        ("mine.py", "limit: int = 3", "limit: int = 4", {"second"}),
        ("mine.py", "@evaluator(threshold=0.5)", "@evaluator(version='2')", {"second"}),
        ("helpers.py", "text.strip()", "text.lower()", {"first"}),
        ("helpers.py", "def unused(text)", "def unused(text, more=1)", set()),
        ("helpers.py", "LIMIT = 3", "LIMIT = 4", set()),
        ("other.py", "> limit", ">= limit", {"second"}),
    ],
)
def test_an_edit_changes_exactly_what_can_reach_it(
    folder: Folder, file: str, old: str, new: str, changed: set[str]
) -> None:
    before = folder.prints()
    assert folder.prints() == before
    folder.edit(file, old, new)
    after = folder.prints()
    assert {name for name in after if after[name] != before[name]} == changed


def test_what_is_bound_into_a_function_counts() -> None:
    def judge(model: str) -> Callable[..., Any]:
        def ask(outputs: Any) -> bool:
            return model in str(outputs)

        return ask

    one, two, again = (as_evaluator(judge(name), name="judge") for name in ("a", "b", "a"))
    prints = [combined(fingerprint(each)) for each in (one, two, again)]
    assert prints[0] == prints[2] != prints[1]


def test_an_object_counts_with_what_it_holds() -> None:
    class Judge:
        def __init__(self, model: str) -> None:
            self.model = model

        def __call__(self, outputs: Any) -> bool:
            return self.model in str(outputs)

    prints = [combined(fingerprint(as_evaluator(Judge(n), name="j"))) for n in ("a", "b", "a")]
    assert prints[0] == prints[2] != prints[1]


def long_answer(outputs: Any, *, limit: int = 5) -> bool:
    return bool(outputs["answer"] > limit)


def knows(outputs: Any, reference_outputs: Any) -> bool:
    return bool(outputs["answer"] % 10 == reference_outputs["answer"])


def steps(run: Run) -> int:
    return len(run.steps)


def counts(runs: Any) -> float:
    return len(runs)


def test_nothing_runs_twice(lab: Any) -> None:
    place = lab(50)
    first = place.score(long_answer, knows, steps, counts)
    assert first.done == 151
    second = place.score(long_answer, knows, steps, counts)
    assert second.done == 0
    assert second.explain()[0] == "long_answer: all 50 reused"


def test_only_the_changed_evaluator_runs(lab: Any) -> None:
    place = lab(50)
    place.score(long_answer, knows)
    changed = as_evaluator(long_answer).with_options({"limit": 7})
    outcome = place.score(changed, knows)
    assert {name: work.missing for name, work in outcome.evaluators.items()} == {
        "long_answer": 50,
        "knows": 0,
    }
    assert outcome.explain()[0] == "long_answer: 50 to do (the evaluator changed: options)"
    assert len(place.cells("long_answer")) == 50
    assert sum(cell["score"] for cell in place.cells("long_answer")) == 42


def test_stale_cells_are_never_shown(lab: Any) -> None:
    place = lab(10)
    place.score(long_answer, knows)
    place.score(as_evaluator(long_answer).with_options({"limit": 100}))
    assert {cell["evaluator"] for cell in place.cells()} == {"long_answer"}
    assert sum(cell["score"] for cell in place.cells("long_answer")) == 0
    place.score(knows, keep_others=True)
    assert {cell["evaluator"] for cell in place.cells()} == {"long_answer", "knows"}


def test_a_changed_run_is_scored_again_alone(lab: Any) -> None:
    place = lab(30)
    place.score(long_answer, counts)
    run = read_results(place.stored).run("run-00004")
    with open_writer(place.stored) as writer:
        writer.add(Run(run_id=run.run_id, outputs={"answer": 99}, example_id=run.example_id))
        writer.finish()
    outcome = place.score(long_answer, counts)
    assert {n: w.missing for n, w in outcome.evaluators.items()} == {"long_answer": 1, "counts": 1}
    assert len(place.cells("long_answer")) == 30
    assert next(c["score"] for c in place.cells("long_answer") if c["run_id"] == "run-00004") == 1


def test_a_changed_example_matters_to_those_who_see_it(lab: Any) -> None:
    place = lab(30)
    place.score(long_answer, knows)
    examples = dict(read_results(place.stored).examples())
    examples["ex-3"] = Example(example_id="ex-3", reference_outputs={"answer": 33})
    with open_writer(place.stored) as writer:
        writer.add_examples(examples.values())
        writer.finish()
    outcome = place.score(long_answer, knows)
    assert {n: w.missing for n, w in outcome.evaluators.items()} == {"long_answer": 0, "knows": 3}


def test_an_example_that_comes_later_matters_to_those_who_see_it(lab: Any) -> None:
    place = lab(5, example_id="ex-late")
    place.score(long_answer, knows)
    examples = dict(read_results(place.stored).examples())
    examples["ex-late"] = Example(example_id="ex-late", reference_outputs={"answer": 3})
    with open_writer(place.stored) as writer:
        writer.add_examples(examples.values())
        writer.finish()
    outcome = place.score(long_answer, knows)
    assert {n: w.missing for n, w in outcome.evaluators.items()} == {"long_answer": 0, "knows": 5}
    assert [cell["score"] for cell in place.cells("knows")] == [0, 0, 0, 1, 0]


def test_examples_are_read_only_for_those_who_see_them(lab: Any) -> None:
    place = lab(20)
    (examples,) = (Path(place.stored.where) / "examples").iterdir()
    examples.unlink()
    assert place.score(long_answer).done == 20
    with pytest.raises(StoreError, match="the file is gone"):
        place.score(knows)


def test_every_cell_stays_with_its_run(lab: Any) -> None:
    def number(run: Run) -> int:
        return int(run.run_id[-5:])

    def check(place: Any, runs: int) -> None:
        cells = place.cells("number")
        assert len(cells) == runs
        for cell in cells:
            assert cell["run_id"] == f"run-{int(cell['score']):05d}"
            assert cell["example_id"] == f"ex-{int(cell['score']) % 10}"
            assert cell["repetition"] == int(cell["score"]) // 10

    place = lab(PART_ROWS + 100)  # two parts, both as they were
    place.score(number, steps)
    check(place, PART_ROWS + 100)
    with open_writer(place.stored) as writer:  # now the first is another
        writer.add(place.run(7, outputs={"answer": "another"}))
        writer.finish()
    check(place, PART_ROWS + 99)
    assert place.score(number, steps).done == 2
    check(place, PART_ROWS + 100)
    collect_stale(place.stored)
    check(place, PART_ROWS + 100)


def test_fresh_ignores_the_cells_there_are(lab: Any) -> None:
    place = lab(20)
    place.score(long_answer)
    assert place.score(long_answer, fresh=True).done == 20
    assert len(place.cells("long_answer")) == 20


def test_errors_are_retried_when_asked(lab: Any) -> None:
    def picky(outputs: Any) -> bool:
        if outputs["answer"] == 3:
            raise ValueError("no")
        return True

    place = lab(10)
    assert place.score(picky).errors == 1
    assert place.score(picky).done == 0
    assert place.score(picky, retry_errors=True).done == 1
    assert len(place.cells("picky")) == 10
