"""pytest plugin: gates as tests, and fixtures over runs that were already made and scored.

    pytest --evalkit reports/nightly          every gate of the report is a test
    pytest --evalkit . --evalkit-experiment nightly
    pytest --evalkit search --evalkit answers two projects in one session

    def test_no_apology_loops(evalkit_run, evalkit_scores):
        assert len(evalkit_run.find(kind="llm")) < 10
        assert evalkit_scores["correct"].score

`evalkit_run` is parametrised over the runs, named by example and repetition, so that `-k` and
xdist choose among them. Nothing is fetched or scored here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.documents.summary import Summary
    from evalkit.model.example import Example
    from evalkit.model.results import Results
    from evalkit.model.run import Run
    from evalkit.model.score import Feedback

KEY = pytest.StashKey[list["Saved"]]()
SUMMARY = "summary.json"
BRACKETS = str.maketrans("[]", "()")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--evalkit` and `--evalkit-experiment`."""
    group = parser.getgroup("evalkit", "completed runs of LLM and agent applications")
    group.addoption(
        "--evalkit",
        action="append",
        metavar="PATH",
        help="a project, a folder of its reports/, or a summary.json: gates become tests, and "
        "evalkit_run goes over the runs; may be given again",
    )
    group.addoption(
        "--evalkit-experiment",
        action="append",
        metavar="NAME",
        help="only this experiment of the project; may be given again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Open what `--evalkit` names; a path that is none stops the session."""
    paths = config.getoption("--evalkit", None)
    if not paths:
        return
    from evalkit.errors import EvalkitError

    chosen = config.getoption("--evalkit-experiment") or []
    try:
        opened = []
        for path in dict.fromkeys(paths):
            saved = open_saved(Path(config.invocation_params.dir, path), chosen, len(paths) > 1)
            saved.label = f"{path} " if len(paths) > 1 else ""
            opened.append(saved)
        config.stash[KEY] = opened
    except EvalkitError as error:
        raise pytest.UsageError(str(error)) from None


@dataclass
class Saved:
    """The experiments of this session; results are read when a test first asks."""

    project: Any
    names: list[str]
    documents: dict[str, dict[str, Any]]
    """Saved summaries by experiment, of a reports folder."""
    label: str = ""
    """Told before names, where a session has several projects."""
    _results: dict[str, Results] = field(default_factory=dict)
    _summaries: dict[str, Summary] = field(default_factory=dict)
    _feedback: dict[str, dict[str, list[Feedback]]] = field(default_factory=dict)

    def results(self, name: str) -> Results:
        """Return the stored results of one experiment."""
        from evalkit.pipeline import stored

        if name not in self._results:
            self._results[name] = stored.results(self.project, name)
        return self._results[name]

    def summary(self, name: str) -> Summary:
        """Return the figures of one experiment: as saved, else computed."""
        from evalkit.metrics.documents.plain import from_plain
        from evalkit.metrics.documents.summary import Summary
        from evalkit.pipeline.figures import summarise_experiment

        if name not in self._summaries:
            document = self.documents.get(name)
            made = (
                from_plain(Summary, document)
                if document
                else summarise_experiment(
                    self.project, self.results(name), decisions=self._decisions()
                )
            )
            self._summaries[name] = made
        return self._summaries[name]

    def _decisions(self) -> Any:
        """Decide what scores are once for all experiments of the session."""
        from evalkit.pipeline.figures import decide

        names = [name for name in self.names if name not in self.documents]
        return decide(self.project, [self.results(name) for name in names])

    def feedback(self, name: str, run_id: str) -> list[Feedback]:
        """Return what evaluators said of one run."""
        if name not in self._feedback:
            by_run: dict[str, list[Feedback]] = {}
            for each in self.results(name).feedback():
                by_run.setdefault(each.run_id or "", []).append(each)
            self._feedback[name] = by_run
        return self._feedback[name].get(run_id, [])

    def gates(self) -> Iterator[GateResult]:
        """Yield the gates as the report has them, else as `evalkit gate` finds them.

        What that ends with an error for is a missed gate here: evaluator errors above `max_errors`.
        """
        from evalkit.metrics.documents.gate import GateResult
        from evalkit.metrics.documents.plain import from_plain

        for name in self.documents:
            for each in self.documents[name].get("gates", ()):
                yield from_plain(GateResult, each)
        names = [name for name in self.names if name not in self.documents]
        if names:
            yield from self._concluded(names)

    def _concluded(self, names: list[str]) -> Iterator[GateResult]:
        """Yield the gates of experiments, with those they are held against among them."""
        from evalkit.metrics.documents.gate import GateResult
        from evalkit.pipeline.concluding import conclude, errors_in

        wanted = list(names)
        for name in names:
            other = self.project.experiment(name).baseline
            if other in self.project.experiments and other not in wanted:
                wanted.insert(0, other)
        ran = conclude(self.project, wanted, page=False)
        yield from ran.gates
        found, most = errors_in(ran.summaries), self.project.table.score.max_errors
        if ran.gates and found > most:
            yield GateResult(
                rule=f"evaluator errors <= {most}",
                experiment=", ".join(wanted),
                passed=False,
                observed=None,
                limit=float(most),
                unit="",
                why=f"{found:,} evaluator errors: more than max_errors allows",
            )

    def runs(self) -> list[tuple[str, str, str]]:
        """Return (experiment, run id, test id) of every run, in stored order."""
        found: list[tuple[str, str, str]] = []
        for name in self.names:
            table = self.results(name).table("runs", ["run_id", "example_id", "repetition"])
            prefix = f"{name}-" if len(self.names) > 1 else ""
            prefix = f"{self.label.strip()}-{prefix}" if self.label else prefix
            for row in table.to_pylist():
                label = row["example_id"] or row["run_id"]
                again = "" if row["repetition"] is None else f"-{row['repetition']}"
                found.append((name, row["run_id"], f"{prefix}{label}{again}"))
        return found


def open_saved(path: Path, chosen: list[str], several: bool = False) -> Saved:
    """Open a project, a report's folder or a `summary.json`; what is none raises `ConfigError`.

    Of `several` projects each has its own experiments: those `chosen` that it does not have are
    another's.
    """
    from evalkit.errors import ConfigError
    from evalkit.pipeline.gating import read_summary
    from evalkit.project.config import load
    from evalkit.store.store import Store

    if not path.exists():
        raise ConfigError(f"--evalkit {path}: is not there. Name a project or one of its reports.")
    document = path if path.suffix == ".json" else path / SUMMARY
    folder = path if path.is_dir() else path.parent
    project = load(folder, deep=False)
    if document.is_file():
        summary = read_summary(document)
        return Saved(project, [summary["experiment"]], {summary["experiment"]: summary})
    store = Store(project.store)
    if several and chosen:
        return Saved(project, [name for name in chosen if name in project.experiments], {})
    names = chosen or [name for name in project.experiments if store.experiment(name).exists]
    if not names:
        raise ConfigError(f"--evalkit {path}: nothing is stored. Run `evalkit run` first.")
    return Saved(project, names, {})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test per gate, before `-k` chooses."""
    opened = config.stash.get(KEY, [])
    if not opened:
        return
    from evalkit.errors import EvalkitError

    try:
        found = [(saved.label, result) for saved in opened for result in saved.gates()]
    except EvalkitError as error:
        raise pytest.UsageError(str(error)) from None
    for label, result in found:
        # pytest forgets the last failures (--lf) of items of the session whose names hold brackets.
        name = f"gate {label}{result.experiment}: {result.rule}".translate(BRACKETS)
        items.append(GateItem.from_parent(session, name=name, result=result))


class GateItem(pytest.Item):
    """A gate: passes, fails with what was seen, or is skipped for want of a baseline."""

    def __init__(self, *, result: GateResult, **more: Any) -> None:
        super().__init__(**more)
        self.result = result

    def runtest(self) -> None:
        """Report the verdict that was reached."""
        if self.result.passed is None:
            pytest.skip(self.result.why)
        if not self.result.passed:
            raise GateMissed(self.result.why)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show the sentence, not our stack."""
        if isinstance(excinfo.value, GateMissed):
            return f"{self.result.rule}\n  {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the rule is written."""
        file = self.result.file
        line = None if self.result.line is None else self.result.line - 1
        return (Path(file) if file else self.path), line, self.name


class GateMissed(Exception):
    """A rule does not hold."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise `evalkit_run` over runs, or `evalkit_summary` over experiments."""
    wanted = {"evalkit_run", "evalkit_example", "evalkit_scores"} & set(metafunc.fixturenames)
    only_summary = "evalkit_summary" in metafunc.fixturenames
    if not wanted and not only_summary:
        return
    saves = metafunc.config.stash.get(KEY, [])
    opened = list(enumerate(saves))
    given: list[Any]
    if not opened:
        mark = pytest.mark.skip(reason="no runs: pass --evalkit PATH")
        given = [pytest.param(None, marks=mark, id="no-runs")]
    elif wanted:
        given = [
            pytest.param((number, name, run_id), id=label)
            for number, saved in opened
            for name, run_id, label in saved.runs()
        ]
    else:
        given = [
            pytest.param((number, name, None), id=f"{saved.label}{name}")
            for number, saved in opened
            for name in saved.names
        ]
    metafunc.parametrize("_evalkit_place", given, indirect=True)


@pytest.fixture
def _evalkit_place(request: pytest.FixtureRequest) -> tuple[Saved, str, str]:
    number, name, run_id = request.param
    return request.config.stash[KEY][number], name, run_id


@pytest.fixture
def evalkit_run(_evalkit_place: tuple[Saved, str, str]) -> Run:
    """Return one stored run."""
    saved, name, run_id = _evalkit_place
    return saved.results(name).run(run_id)


@pytest.fixture
def evalkit_example(_evalkit_place: tuple[Saved, str, str], evalkit_run: Run) -> Example | None:
    """Return the example the run answered, None when it is not known."""
    saved, name, _ = _evalkit_place
    return saved.results(name).examples().get(evalkit_run.example_id or "")


@pytest.fixture
def evalkit_scores(_evalkit_place: tuple[Saved, str, str]) -> dict[str, Feedback]:
    """Return what evaluators said of the run, by key; of several steps, the last."""
    saved, name, run_id = _evalkit_place
    return {each.key: each for each in saved.feedback(name, run_id)}


@pytest.fixture
def evalkit_summary(_evalkit_place: tuple[Saved, str, str]) -> Summary:
    """Return the figures of the experiment."""
    saved, name, _ = _evalkit_place
    return saved.summary(name)
