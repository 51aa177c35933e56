"""What may stand in the configuration: a class for each table, each key with its meaning."""

# No `from __future__ import annotations`: the types of the fields are read as they are.

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

from evalkit.model.outcome import Outcome
from evalkit.project.fitting import REST, Bounds, Checked, Table

PositiveFloat = Annotated[float, Bounds(gt=0)]
PositiveInt = Annotated[int, Bounds(gt=0)]
Count = Annotated[int, Bounds(ge=0)]


def _as_folder_name(name: str) -> str:
    if not re.fullmatch(r"\w[\w .@+=-]{0,99}", name):
        raise ValueError(
            "an experiment's name becomes a folder: letters, digits, '_', '-', '.', at most 100"
        )
    return name


def size_in_bytes(text: str) -> int:
    """Read a size such as `20 MB` (1 MB is 1,000,000 bytes); raises `ValueError`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(k|m|g)?b?\s*", text.lower())
    if match is None:
        raise ValueError("is no size. Write for example '20 MB'")
    return int(float(match[1]) * {None: 1, "k": 1e3, "m": 1e6, "g": 1e9}[match[2]])


def runs_held(text: str | int) -> int | None:
    """Read how many runs a page holds whole, such as `2000`; None: `all`."""
    found = str(text).strip().lower()
    if found == "all":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,17}|[1-9][0-9]{0,2}([,_][0-9]{3}){1,5}", found):
        raise ValueError("is no number of runs. Write for example 2000, or all")
    return int(found.replace(",", "").replace("_", ""))


def _checked_size(text: str) -> str:
    size_in_bytes(text)
    return text


Check = Literal[
    "schema",
    "references",
    "duplicates",
    "near_duplicates",
    "leaks",
    "versions",
    "windows",
    "models",
]
ExperimentName = Annotated[str, Checked(_as_folder_name)]


@dataclass(eq=False)
class StoreTable(Table):
    """`[store]`: where fetched runs and scores live."""

    path: str = ".evalkit"
    """Folder relative to the configuration, or an fsspec URL such as `s3://bucket/evals`."""


@dataclass(eq=False)
class ScoreTable(Table):
    """`[score]`: how evaluators are called."""

    workers: Count | None = None
    """Worker processes; 0 calls evaluators in this process; not set: by the size of the work."""
    timeout: PositiveFloat = 60.0
    """Seconds an evaluator may take for one call when it does not say so itself."""
    memory: PositiveInt | None = None
    """Megabytes a worker process may take; not set: no cap."""
    max_errors: Count = 0
    """Evaluator errors allowed before the exit code becomes 4."""
    fail_fast: bool = False
    """Stop calling evaluators once more than `max_errors` have failed."""
    budget: PositiveFloat | None = None
    """Money that judges may spend in one command, in the currency of their prices."""


def _checked_executor(text: str) -> str:
    found = re.fullmatch(r"dask(\+tls)?://[^/@\s]+:([0-9]{1,5})/?", text)
    if text != "local" and (found is None or not 0 < int(found[2]) < 65_536):
        raise ValueError("is no address. Write `local`, or `dask://HOST:PORT`")
    return text


def _checked_folder(text: str) -> str:
    if not (PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()):
        raise ValueError("is no absolute path. Write where workers find the project, from the root")
    return text


@dataclass(eq=False)
class ExecutorTable(Table):
    """`[executor]`: machines that evaluators are called on."""

    address: Annotated[str, Checked(_checked_executor)] = "local"
    """`dask://HOST:PORT`, `dask+tls://HOST:PORT`; `local`: this machine."""
    runs: PositiveInt = 50_000
    """Runs that are sent to a worker at once, at most."""
    project: Annotated[str, Checked(_checked_folder)] | None = None
    """Folder where workers find the project; not set: where it lies here."""
    wait: PositiveFloat = 60.0
    """Seconds in which a first worker has to be there."""
    environment: list[str] = field(default_factory=list)
    """Names of variables that have to be set on every worker; their values never travel."""


@dataclass(eq=False)
class ReportTable(Table):
    """`[report]`: the page that is written."""

    max_size: Annotated[str, Checked(_checked_size)] = "25 MB"
    """Size the page is held below by leaving traces out; those of runs that went wrong stay."""
    runs: PositiveInt | Literal["all"] = 2000
    """Runs the page holds whole: what went wrong first, then a sample; `"all"`: every one."""
    share: bool = False
    """Redact secrets and personal data, hash ids, and list what was removed."""
    drop: list[str] = field(default_factory=list)
    """Names of fields whose values are dropped from a shared page wherever they occur."""


@dataclass(eq=False)
class CompareTable(Table):
    """`[compare]`: what counts as a difference between experiments."""

    margin: dict[str, PositiveFloat] = field(default_factory=dict)
    """Metric -> the difference that would matter; smaller ones are `equivalent`."""
    correction: Literal["holm", "bh"] = "holm"
    """How p values are corrected for the number of metrics and experiments."""
    primary: list[str] = field(default_factory=list)
    """Metrics the decision is about, corrected among themselves; the others are exploratory."""


@dataclass(eq=False)
class ChecksTable(Table):
    """`[checks]`: what is said of data before figures are believed."""

    ignore: list[Check] = field(default_factory=list)
    """Checks whose findings are known and not wanted, such as `leaks`."""


@dataclass(eq=False)
class PriceTable(Table):
    """`[prices."MODEL"]`: what a million tokens of a model cost; `MODEL` may hold `*`."""

    input: Annotated[float, Bounds(ge=0)] = 0.0
    """Of what is sent."""
    output: Annotated[float, Bounds(ge=0)] = 0.0
    """Of what is generated, reasoning included."""
    cache_read: Annotated[float, Bounds(ge=0)] | None = None
    """Of input read from a cache; not set: as any input."""
    cache_write: Annotated[float, Bounds(ge=0)] | None = None
    """Of input put into a cache; not set: as any input."""
    currency: str = "USD"
    """Code of the currency."""


@dataclass(eq=False)
class ScaleTable(Table):
    """`[scores.KEY]`: what a score is, where its evaluator does not say so; also recorded ones."""

    kind: Literal["share", "number", "category"] | None = None
    """Yes or no and parts of a whole, a number, or words; not set: by its range, then by values."""
    range: list[float] | None = None
    """Least and greatest value that is possible; `[0, 1]` is a share."""
    direction: Literal["higher", "lower", "none"] | None = None
    """Which way is better; not set: higher."""
    unit: str | None = None
    """What a number counts, written behind it."""
    threshold: float | None = None
    """A score at or beyond it (in `direction`) counts as a pass."""
    missing_as: Literal["wrong"] | None = None
    """`wrong`: the mean with all that is missing counted as wrong is shown beside, labelled."""


@dataclass(eq=False)
class ExperimentTable(Table):
    """`[experiments.NAME]`: where an experiment's runs are and how they are scored.

    Every other key belongs to the fetcher.
    """

    fetcher: str = "files"
    """Name of the fetcher that pulls the runs."""
    evaluators: list[str] | None = None
    """Names, or `module:function`; not set: all evaluators of the project."""
    slices: list[str] | None = None
    """What to break figures down by; not set: the project's."""
    reducers: list[str] | None = None
    """How repetitions of an example become one figure; not set: the project's."""
    gates: list[str] | None = None
    """Rules that decide the exit code, beside the project's."""
    baseline: str | None = None
    """Experiment this one is compared with; not set: the project's."""
    statuses: dict[str, Outcome] = field(default_factory=dict)
    """Words of the source for the end of a run -> the outcome each means."""
    on_repeat: Literal["error", "last", "first", "keep"] | None = None
    """Which of several runs of one example and repetition counts; not set: `error` for files."""
    options: dict[str, Any] = field(default_factory=dict, metadata={REST: True})
    """Every other key, as written; the fetcher's `Options` model parses them."""


@dataclass(eq=False)
class ProjectTable(Table):
    """`evalkit.toml`, or `[tool.evalkit]` in `pyproject.toml`."""

    store: StoreTable = field(default_factory=StoreTable)
    score: ScoreTable = field(default_factory=ScoreTable)
    executor: ExecutorTable = field(default_factory=ExecutorTable)
    report: ReportTable = field(default_factory=ReportTable)
    compare: CompareTable = field(default_factory=CompareTable)
    checks: ChecksTable = field(default_factory=ChecksTable)
    gates: list[str] = field(default_factory=list)
    """Rules that decide the exit code; `metric >= number`, `... not worse than baseline by ...`."""
    slices: list[str] = field(default_factory=list)
    """What to break figures down by: `metadata.KEY`, `tags`, `split`, `inputs.KEY`, or `auto`."""
    reducers: list[str] = field(default_factory=lambda: ["mean"])
    """How repetitions of an example become one figure: `mean`, `pass^4`, `flake` ..."""
    confidence: Annotated[float, Bounds(gt=0.5, lt=1)] = 0.95
    """Level of every interval."""
    cluster: str | None = None
    """What makes examples belong together beyond being one example, as in `slices`."""
    baseline: str | None = None
    """Experiment the others are compared with; not set: the first, and it is said."""
    headline: str | None = None
    """The score that sentences are about; not set: the first evaluator of the first experiment."""
    evaluators: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`[evaluators.NAME]`: options of an evaluator; `use` names it when NAME is your own."""
    prices: dict[str, PriceTable] = field(default_factory=dict)
    """`[prices."MODEL"]`: prices for runs whose cost nobody recorded, before any other table's."""
    scores: dict[str, ScaleTable] = field(default_factory=dict)
    """`[scores.KEY]`: what a score is, by its name."""
    mappings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`[mappings.NAME]`: keys of a fetcher that experiments share by `mapping = "NAME"`."""
    experiments: dict[ExperimentName, ExperimentTable] = field(default_factory=dict)
    """`[experiments.NAME]`: the experiments of this project."""
