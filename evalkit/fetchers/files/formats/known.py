"""The file formats evalkit knows, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from evalkit.errors import DatasetError, did_you_mean
from evalkit.fetchers.base import Counts
from evalkit.fetchers.files.mapping.examples import ExampleBook
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample, sample_of
from evalkit.fetchers.numbers import Numbers


class Reading(Protocol):
    """What a reader may write to besides yielding items: a fetcher of files is one."""

    findings: Findings
    book: ExampleBook
    tally: Counts
    quick: bool
    """Whether items may be rows, made without a run."""
    repetitions: Numbers
    """The runs of each example until now."""


class Across(Protocol):
    """What a reader remembers from file to file, where files are read by many."""

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield what is a run by itself."""

    def told(self) -> Any:
        """Return the rest, for `hear` of another one."""

    def hear(self, told: Any) -> None:
        """Take in what was remembered elsewhere, of the files after these."""

    def rest(self) -> Iterator[Item]:
        """Yield what could only become runs when all files had been read."""


class Reader(Protocol):
    """A module that knows a format.

    It may have `chosen(files, reading)`, which leaves out files that do not count,
    `together(file)`, which says why a file cannot be read without the others, and
    `across(reading)`, which makes an `Across`.
    """

    def fits(self, sample: Sample) -> bool:
        """Tell whether a file has this format."""
        ...

    def read(self, files: list[SourceFile], reading: Reading) -> Iterator[Item]:
        """Yield the runs of the files."""
        ...


class Format(NamedTuple):
    """A format with the module that reads it."""

    name: str
    doc: str
    module: str
    counts_repetitions: bool = False
    """The files hold no number of the repetition, so that it is counted per example."""
    by_file: bool = False
    """A run is in one file; what its reader remembers from one file to the next is in `across`."""
    by_line: bool = False
    """A run is in one line, where the file is JSON Lines."""
    beside: tuple[str, ...] = ()
    """Names of files that lie in a folder of this format and are no results themselves."""

    def is_beside(self, file: SourceFile) -> bool:
        """Tell whether a file only lies beside this format's results."""
        name = file.shown.rpartition("/")[2]
        return any(fnmatchcase(name, pattern) for pattern in self.beside)

    def reader(self) -> Reader:
        """Import the module."""
        found: Reader = import_module(f"evalkit.fetchers.files.formats.{self.module}")
        return found


FORMATS = (
    Format(
        "evalkit",
        "evalkit's own JSON Lines: one run a line with `run_id`",
        "own",
        by_file=True,
        by_line=True,
    ),
    Format(
        "langsmith",
        "LangSmith: v1 pages {runs}, v2 pages {items}, arrays or JSON Lines of runs, dumps nested "
        "by child_runs, CLI exports, bulk-export Parquet, upload-experiment JSON, dumped rows of "
        "ExperimentResults, frames of to_pandas and get_test_results",
        "langsmith.runs",
        counts_repetitions=True,
        by_file=True,
        by_line=True,
    ),
    Format(
        "inspect",
        "Inspect: logs as .eval or .json, folders of eval_set",
        "inspect.logs",
        by_file=True,
        beside=("eval-set.json", "logs.json"),
    ),
    Format(
        "langfuse",
        "Langfuse: traces with their observations, alone or in pages",
        "langfuse",
        counts_repetitions=True,
    ),
    Format(
        "phoenix",
        "Phoenix: spans of its client, pages of its REST API, rows of its data frame, experiments "
        "as downloaded",
        "stores.phoenix",
        counts_repetitions=True,
    ),
    Format(
        "mlflow",
        "MLflow: traces.json of the artifact store, Trace.to_json(), answers of its REST API, the "
        "frame of search_traces()",
        "stores.mlflow",
        counts_repetitions=True,
    ),
    Format(
        "otlp",
        "OpenTelemetry: OTLP/JSON of SDKs, collector, Tempo and Jaeger, flat spans of SDKs' "
        "consoles, Jaeger's JSON; with the names of gen_ai, OpenInference, Vercel AI SDK, Mastra, "
        "Genkit, MLflow, OpenLLMetry",
        "otlp.spans",
        counts_repetitions=True,
    ),
    Format("swe-agent", "SWE-agent: .traj files", "swe_agent", by_file=True),
    Format(
        "claude-code",
        "Claude Code: session files, stream-json, the json result",
        "agents.claude_code",
    ),
    Format(
        "codex",
        "Codex: rollout files, events of `codex exec --json`",
        "agents.codex",
        by_file=True,
    ),
    Format(
        "gemini-cli", "Gemini CLI: session files, stream-json, the json result", "agents.gemini_cli"
    ),
    Format(
        "openai-agents",
        "OpenAI Agents SDK: exported traces and spans as JSON Lines",
        "agents.openai_agents",
        counts_repetitions=True,
    ),
    Format("opencode", "opencode: exported sessions", "agents.opencode"),
    Format("mini-swe-agent", "mini-swe-agent: .traj.json files", "agents.mini_swe"),
    Format(
        "harbor",
        "Harbor: job folders with their trials and trajectories",
        "harness.harbor",
        counts_repetitions=True,
        beside=("trajectory.json", "config.json", "lock.json", "reward.json", "manifest.json"),
    ),
    Format(
        "atif",
        "ATIF 1.x: trajectories in Harbor's interchange format",
        "agents.atif",
        by_file=True,
    ),
    Format(
        "lm-eval",
        "lm-eval: samples of `--log_samples`",
        "harness.lm_eval",
        counts_repetitions=True,
        beside=("results_*.json",),
    ),
    Format(
        "promptfoo",
        "promptfoo: results as .json, .jsonl or .csv, its store promptfoo.db",
        "harness.promptfoo",
        counts_repetitions=True,
    ),
    Format(
        "deepeval",
        "deepeval: test runs (.latest_test_run.json)",
        "harness.deepeval",
        counts_repetitions=True,
    ),
    Format(
        "pydantic-evals",
        "pydantic-evals: dumped reports",
        "harness.pydantic_evals",
        counts_repetitions=True,
    ),
    Format("adk", "Google ADK: .evalset_result.json", "harness.adk", counts_repetitions=True),
    Format("dspy", "DSPy: Evaluate(save_as_json=...)", "harness.dspy", counts_repetitions=True),
    Format("strands", "Strands evals: reports", "harness.strands", counts_repetitions=True),
    Format(
        "evalite",
        "evalite: `evalite run --outputPath=FILE`",
        "harness.evalite",
        counts_repetitions=True,
    ),
    Format("evalplus", "EvalPlus: _eval_results.json", "harness.evalplus", counts_repetitions=True),
    Format("swebench", "SWE-bench: run reports", "harness.swebench"),
    Format(
        "openai-batch",
        "OpenAI batches: output, error and input files",
        "batches.openai",
        counts_repetitions=True,
    ),
    Format(
        "anthropic-batch",
        "Anthropic batches: results, with requests",
        "batches.anthropic",
        counts_repetitions=True,
    ),
    Format("tau2", "tau2-bench: results with simulations, in one file or one file each", "tau2"),
)


def named(name: str, who: str) -> Format:
    """Return the format called `name`."""
    for each in FORMATS:
        if each.name == name:
            return each
    names = [each.name for each in FORMATS]
    raise DatasetError(
        f"{who}: no format is called {name!r}.{did_you_mean(name, names)} "
        f"There are: {', '.join(names)}."
    )


def detect(file: SourceFile, who: str) -> Format:
    """Return the format of a file; raises `DatasetError` with all formats for an unknown one."""
    sample = sample_of(file)
    for each in FORMATS:
        if each.reader().fits(sample):
            return each
    listed = "".join(f"\n  {each.name}: {each.doc}" for each in FORMATS)
    raise DatasetError(
        f"{who}: {file.shown}: the format is not known ({_said(sample)}). `evalkit map "
        f'{file.shown}` writes the mapping (fetcher = "records") that reads it. '
        f"Known by themselves:{listed}"
    )


def _said(sample: Sample) -> str:
    if sample.first:
        return "its first object has the keys " + ", ".join(list(sample.first)[:12])
    return f"{sample.kind}, beginning {str(sample.value)[:60]!r}"


def one_format(files: list[SourceFile], who: str) -> Format:
    """Return the format all files share; raises `DatasetError` when they differ.

    Files that only lie beside the results of one of the formats say nothing.
    """
    found: dict[str, Format] = {}
    doubtful: list[SourceFile] = []
    for file in files:
        if any(each.is_beside(file) for each in FORMATS):
            doubtful.append(file)
        else:
            found[file.shown] = detect(file, who)
    for file in doubtful:
        if not any(each.is_beside(file) for each in found.values()):
            found[file.shown] = detect(file, who)
    formats = set(found.values())
    if len(formats) > 1:
        listed = ", ".join(f"{shown} is {each.name}" for shown, each in found.items())
        raise DatasetError(
            f"{who}: files of several formats: {listed}. Make an experiment of each."
        )
    return formats.pop()
