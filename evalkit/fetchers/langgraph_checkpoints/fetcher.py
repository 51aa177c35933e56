"""Fetches an experiment from checkpointer databases: read, tell runs apart, convert, account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from evalkit.errors import (
    EvalkitError,
    ExperimentNotFound,
    IncompleteExperiment,
    NoRunsError,
    RecordError,
)
from evalkit.fetchers.base import CheckLine, Counts, FetchContext, is_stored_as
from evalkit.fetchers.files.mapping.dataset import read_dataset
from evalkit.fetchers.files.mapping.examples import Dataset
from evalkit.fetchers.files.mapping.options import DatasetOptions, FileName
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.langgraph.convert import Reading, convert
from evalkit.fetchers.langgraph.discover import contains
from evalkit.fetchers.langgraph_checkpoints.databases.opening import open_all, reachable
from evalkit.fetchers.langgraph_checkpoints.databases.rows import Database, shown
from evalkit.fetchers.langgraph_checkpoints.groups import Group, Thread, evidence_of, infer
from evalkit.fetchers.langgraph_checkpoints.thread import read_thread
from evalkit.fetchers.options import SourceOptions
from evalkit.model.example import Example
from evalkit.model.run import Run

INFERRED = ("run_id", "status", "started_at", "ended_at", "usage")
OF_THE_CHECKPOINT = frozenset(
    {"source", "step", "parents", "writes", "thread_id", "counters_since_delta_snapshot"}
)


class CheckpointsOptions(SourceOptions):
    """`[experiments.NAME]` with `fetcher = "langgraph-checkpoints"`."""

    path: Annotated[list[str], BeforeValidator(lambda v: [v] if isinstance(v, str) else v)] = Field(
        default_factory=list
    )
    """SQLite file of a LangGraph checkpointer, relative to the config; or a list of them."""
    url: Annotated[str | None, AfterValidator(reachable)] = None
    """Address: `postgresql://...`, `mysql://...`; `$NAME` stands for that environment variable."""
    db_schema: str | None = Field(None, alias="schema")
    """Schema of the tables, in PostgreSQL. Default: the one the user's search path finds."""
    metadata: dict[str, Any] = Field(default_factory=dict)
    """Runs whose config carried this metadata. Default: all."""
    threads: list[str] | None = None
    """Only these threads."""
    dataset: FileName | DatasetOptions | None = None
    """File with the examples; runs are joined by example id, else by equal inputs."""
    example_id: str = "example_id"
    """Key of the metadata that names a run's example; dots go down."""
    repetition: str = "repetition"
    """Key of the metadata that counts repetitions."""
    spans: str | None = None
    """Key of the state where the graph keeps the spans it recorded itself (step records)."""
    retrievers: list[str] | None = None
    """Nodes whose update holds retrieved documents. Default: nodes named like it."""


class CheckpointsFetcher:
    """Reads the database of a LangGraph checkpointer, without a server."""

    Options: ClassVar[type[BaseModel]] = CheckpointsOptions

    def __init__(self, options: Any, context: FetchContext) -> None:
        if isinstance(options, Mapping):
            options = CheckpointsOptions.model_validate(options)
        self.options: CheckpointsOptions = options
        self.context = context
        self.findings = Findings()
        self._counts = Counts(inferred=list(INFERRED))
        self._dataset: Dataset | None = None

    def runs(self) -> Iterator[Run]:
        """Yield the runs of the databases; raise when any thread cannot be read whole."""
        if self.options.dataset is not None:
            self._dataset = read_dataset(self.options.dataset, self.context, self.findings)
        for database in self._databases():
            try:
                yield from self._database(database)
            finally:
                database.close()
        self._account()

    def examples(self) -> Iterable[Example]:
        """Return the examples of the dataset."""
        return self._dataset.kept() if self._dataset else ()

    def counts(self) -> Counts:
        """Return what was there; every run of a database is expected."""
        counts = self._counts
        counts.expected = counts.received + self.findings.broken_count
        counts.problems = self.findings.problems()
        counts.notes = self.findings.notes()
        return counts

    def check(self) -> Iterator[CheckLine]:
        """Say whether the files are checkpointer databases, and what they hold."""
        try:
            for database in self._databases():
                threads = len(database.threads())
                database.close()
                yield CheckLine(threads > 0, f"{database.name}: {threads} threads")
        except EvalkitError as error:
            yield CheckLine(False, str(error))

    def _databases(self) -> Iterator[Database]:
        options, who = self.options, self.context.experiment
        yield from open_all(who, self.context.base, options.path, options.url, options.db_schema)

    def _database(self, database: Database) -> Iterator[Run]:
        names = database.threads()
        if self.options.threads is not None:
            names = [name for name in names if name in self.options.threads]
        for done, name in enumerate(names, start=1):
            try:
                thread = read_thread(database.rows(name))
                yield from self._thread(name, thread)
            except RecordError as error:
                self.findings.break_at(f"thread {name}", str(error))
            self.context.progress("threads", done, len(names))

    def _thread(self, thread_id: str, thread: Thread) -> Iterator[Run]:
        for run in thread.groups:
            metadata = _metadata(run)
            if not contains(metadata, self.options.metadata):
                continue
            made = self._convert(thread_id, run, thread, metadata)
            self._counts.received += 1
            if is_stored_as(made, self.context.known.get(made.run_id)):
                self._counts.unchanged += 1
            else:
                yield made

    def _convert(self, thread_id: str, run: Group, thread: Thread, metadata: dict[str, Any]) -> Run:
        first, last = run.own[0], run.own[-1]
        status = infer(run)
        whole = first.source in ("input", "fork", "update")
        raw = {
            "run_id": metadata.get("run_id") or f"{thread_id}:{first.checkpoint_id}",
            "thread_id": thread_id,
            "status": status,
            "metadata": metadata,
            "kwargs": {"input": run.given} if whole else {"durability": "exit"},
        }
        options = self.options
        waiting = ", ".join(last.next)
        converted = convert(
            raw,
            evidence_of(run, thread),
            Reading(
                example_id=options.example_id,
                repetition=options.repetition,
                spans=options.spans,
                retrievers=None if options.retrievers is None else frozenset(options.retrievers),
            ),
            thread_error=f"stopped before {waiting} had ended; the database does not say why",
            identify=self._identify,
        )
        for problem in converted.problems:
            self.findings.note("span that is no step record was left out", problem)
        for channel in sorted(thread.unknown):
            self.findings.note("channel whose reducer only the graph knows: left out", channel)
        if status == "interrupted":
            self.findings.note("run that stopped for an unknown reason", converted.run.run_id)
        return converted.run

    def _identify(self, example_id: str | None, inputs: Any) -> str | None:
        example = self._dataset.find(example_id, inputs) if self._dataset else None
        return example.example_id if example else example_id

    def _account(self) -> None:
        counts, who = self.counts(), self.context.experiment
        if counts.problems:
            raise IncompleteExperiment(
                f"{who}: {'; '.join(counts.problems)}. The {counts.received} runs that could be "
                "read are kept."
            )
        if not counts.received:
            asked = f" with {self.options.metadata}" if self.options.metadata else ""
            where = ", ".join(map(shown, [*self.options.path, self.options.url or ""])).strip(", ")
            kind = ExperimentNotFound if self.options.metadata else NoRunsError
            raise kind(f"{who}: no run{asked} in {where}. Check `metadata`, and `path` or `url`.")


def _metadata(run: Group) -> dict[str, Any]:
    """Return what the application put into the run's config."""
    return {
        key: value
        for key, value in run.metadata.items()
        if key not in OF_THE_CHECKPOINT and not key.startswith("langgraph_")
    }
