"""Saved: the experiments of a session, their results and figures, read when a test first asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError
from evalkit.metrics.documents.gate import GateResult
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.model.results import Results
from evalkit.model.score import Feedback
from evalkit.pipeline import stored
from evalkit.pipeline.concluding import conclude, errors_in
from evalkit.pipeline.figures import decide, summarise_experiment
from evalkit.pipeline.gating import no_gates, read_summary
from evalkit.project.config import load
from evalkit.store.store import Store

SUMMARY = "summary.json"


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
        if name not in self._results:
            self._results[name] = stored.results(self.project, name)
        return self._results[name]

    def summary(self, name: str) -> Summary:
        """Return the figures of one experiment: as saved, else computed."""
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
        for name in self.documents:
            for each in self.documents[name].get("gates", ()):
                yield from_plain(GateResult, each)
        names = [name for name in self.names if name not in self.documents]
        if names:
            yield from self._concluded(names)

    def lacks_gates(self) -> str:
        """Return what `evalkit gate` says where nothing is held against any experiment; or ""."""
        configs = [self.project.experiments.get(name) for name in self.names]
        rules = [config.gates if config else self.project.table.gates for config in configs]
        if any(rules) or any(each.get("gates") for each in self.documents.values()):
            return ""
        return f"--evalkit: {no_gates(self.project, self.names)}."

    def _concluded(self, names: list[str]) -> Iterator[GateResult]:
        """Yield the gates of experiments, with those they are held against among them."""
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
