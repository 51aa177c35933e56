"""Judging: what language models that judge may cost, said before they are asked and held to."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from evalkit.errors import ConfigError, DatasetError, EvalkitError
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.project.local import load_evaluators
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.store.results import read_results

if TYPE_CHECKING:
    from evalkit.evaluators.judge.batch.forms import Answered
    from evalkit.evaluators.judge.batch.questions import Collected
    from evalkit.evaluators.judge.estimate import Estimate
    from evalkit.evaluators.judge.money.book import Totals
    from evalkit.model.example import Example
    from evalkit.model.run import Run

FOLDER = Path(".evalkit") / ".judges"
"""Answers and accounts; the dot keeps it from being an experiment's name."""


def open_judges(
    project: Project,
    evaluators: Sequence[Evaluator],
    *,
    budget: float | None = None,
    fresh: bool = False,
) -> None:
    """Let judges share one ledger and the answers they were given before, in every process.

    `budget` is money, in the currency of the judges' prices, for all that this process asks.
    Without judges among the evaluators nothing is opened.
    """
    if any(each.kind == "judge" for each in evaluators):
        from evalkit.evaluators.judge import session

        session.ensure(project.root / FOLDER, budget=budget, fresh=fresh)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What judges took."""

    calls: int
    cached: int
    """Answers that were known already and cost nothing."""
    input_tokens: int
    output_tokens: int
    cost: float | None
    """`None` when a judge has no price."""
    unanswered: int = 0
    """Times a question was put and no answer heard; the endpoint may have billed them."""
    uncertain: float | None = 0.0
    """The most these can have cost, beside `cost`."""

    @classmethod
    def of(cls, totals: Totals) -> Accounts:
        """Return the accounts that a ledger's totals come to."""
        priced = not totals.unpriced
        return cls(
            calls=totals.calls,
            cached=totals.cached,
            input_tokens=totals.input_tokens,
            output_tokens=totals.output_tokens,
            cost=totals.spent if priced else None,
            unanswered=totals.unanswered,
            uncertain=totals.uncertain if priced else None,
        )

    def __str__(self) -> str:
        tokens = f"{self.input_tokens:,} + {self.output_tokens:,} tokens"
        money = "cost unknown (no price)" if self.cost is None else f"cost {self.cost:.4g}"
        return f"{self.calls:,} calls, {self.cached:,} known before, {tokens}, {money}{self._lost}"

    @property
    def _lost(self) -> str:
        if not self.unanswered:
            return ""
        most = f", up to {self.uncertain:.4g} more" if self.uncertain else ""
        return f"; {self.unanswered:,} answers were lost and may be billed{most}"


def judge_accounts() -> Accounts | None:
    """Return what judges took in this process and its workers; `None` when none was asked."""
    session = sys.modules.get("evalkit.evaluators.judge.session")
    if session is None:
        return None
    totals = session.current().ledger.totals()
    return Accounts.of(totals) if totals.calls or totals.cached or totals.unanswered else None


def accounts_found() -> Accounts | None:
    """Return what was in flight when an earlier command was killed; `None` when nothing was."""
    session = sys.modules.get("evalkit.evaluators.judge.session")
    found = session.current().found if session is not None else None
    return Accounts.of(found) if found is not None and found.calls else None


def all_accounts(project: Project) -> Accounts:
    """Return what judges took in all commands of a project until now."""
    from evalkit.evaluators.judge import session

    kept = session.ensure(project.root / FOLDER)
    return Accounts.of(kept.ledger.of_all_commands())


def _judges_of(
    project: Project, name: str, names: Sequence[str] | None
) -> tuple[list[Evaluator], list[tuple[Run, Example | None]]]:
    """Return the judges of single runs and the stored runs with their examples."""
    config = project.experiments.get(name)
    if names is None and config is not None:
        names = config.evaluators
    chosen = load_evaluators(project, names)
    judges = [each for each in chosen if each.kind == "judge" and each.scope == "run"]
    if not judges:
        return [], []
    open_judges(project, judges)
    results = read_results(fetched_experiment(project, name))
    examples = results.examples()
    return judges, [(run, examples.get(run.example_id or "")) for run in results.runs()]


def estimate_judges(
    project: Project, name: str, names: Sequence[str] | None = None
) -> dict[str, Estimate]:
    """Return what each judge would take for the stored runs of an experiment; nothing is asked.

    Answers that are known already cost nothing. Judges that compare experiments are left out.
    """
    judges, pairs = _judges_of(project, name, names)
    if not judges:
        return {}
    from evalkit.evaluators.judge.estimate import estimate

    return {judge.name: estimate(judge, pairs) for judge in judges}


def try_judges(project: Project, name: str) -> Iterator[tuple[str, str | None, str]]:
    """Ask each judge of an experiment one short question; yields (judge, problem, what it took).

    The question is a new one each time, so that no kept answer hides a key that is wrong now.
    """
    config = project.experiments.get(name)
    chosen = load_evaluators(project, config.evaluators if config is not None else None)
    judges = [each for each in chosen if each.kind == "judge"]
    if not judges:
        return
    from evalkit.evaluators.judge.batch.questions import members
    from evalkit.evaluators.judge.judge import accounts, judging_of
    from evalkit.evaluators.judge.prompt import Rendered

    open_judges(project, judges)
    for judge in [each for made in judges for each in members(made)]:
        judging = judging_of(judge)
        if not judging.settings.model:
            continue
        question = f"A trial at {time.time():.3f}: no run is judged. Give any verdict of the form."
        try:
            took = accounts(judging.verdict(judging.asking(Rendered(question)))[1])
        except EvalkitError as error:
            yield judge.name, str(error), ""
        else:
            cost = "" if took["cost"] is None else f", cost {took['cost']:.2g}"
            tokens = took["input_tokens"] + took["output_tokens"]
            yield judge.name, None, f"{took['model']} answered in the form, {tokens} tokens{cost}"


@dataclass(frozen=True, slots=True)
class Written:
    """A batch that was written: questions in it, those known already, and about what it costs."""

    questions: int
    known: int
    cost: float | None


def write_batch(
    project: Project, name: str, file: Path, form: str, names: Sequence[str] | None = None
) -> Written:
    """Write the questions of an experiment's judges that have no answer yet, one a line."""
    from evalkit.evaluators.judge.batch.forms import FORMS
    from evalkit.evaluators.judge.batch.questions import questions
    from evalkit.evaluators.judge.session import current

    judges, pairs = _judges_of(project, name, names)
    known, costs = 0, []
    with _writable(file) as stream:
        for each, body in questions(judges, pairs, current()):
            if each.known:
                known += 1
                continue
            line = FORMS[form](each.key, body, each.judging.settings)
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            costs.append(each.cost)
    total = None if None in costs else sum(cost or 0.0 for cost in costs)
    return Written(len(costs), known, total)


def collect_batch(
    project: Project, name: str, file: Path, names: Sequence[str] | None = None
) -> tuple[Collected, int]:
    """Keep the answers of a batch; returns what became of them, and questions still open."""
    from evalkit.evaluators.judge.batch.questions import keep_answers, questions
    from evalkit.evaluators.judge.session import current

    judges, pairs = _judges_of(project, name, names)
    asked = {each.key: each for each, _body in questions(judges, pairs, current())}
    done = keep_answers(_answers(file), asked, current())
    return done, sum(current().known(key) is None for key in asked)


def _answers(file: Path) -> Iterator[Answered]:
    from evalkit.evaluators.judge.batch.forms import read_answer

    try:
        stream = file.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}).") from None
    with stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            answered = read_answer(found) if isinstance(found, dict) else None
            if answered is None:
                raise DatasetError(
                    f"{file}:{number}: no answer of a batch. Give the file of results as OpenAI or "
                    "Anthropic wrote it; lines before this one are kept."
                )
            yield answered


@contextmanager
def _writable(file: Path) -> Iterator[TextIO]:
    """Write under another name first: a batch that is half written must not be sent."""
    try:
        if file.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        temporary = file.with_name(f".{file.name}.tmp")
        with temporary.open("w", encoding="utf-8", errors="replace") as stream:
            yield stream
        temporary.replace(file)
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be written ({error.strerror}). Name a file in a folder that can be."
        ) from None
