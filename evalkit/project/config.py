"""The configuration of a project, read and checked as a whole: every mistake is said at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError, NoRunsError, did_you_mean
from evalkit.project.fitting import Unfit, fit, keys_of
from evalkit.project.layout import ConfigFile, find_config
from evalkit.project.problems import Problems
from evalkit.project.tables import ExperimentTable, ProjectTable, ScaleTable
from evalkit.project.toml_lines import Keys


@dataclass(frozen=True)
class ExperimentConfig:
    """One experiment, with what it takes over from the project filled in."""

    name: str
    fetcher: str
    options: Mapping[str, Any]
    """Keys of the fetcher, as written; its `Options` model parses them."""
    evaluators: tuple[str, ...] | None
    """None: all evaluators of the project."""
    slices: tuple[str, ...]
    reducers: tuple[str, ...]
    gates: tuple[str, ...]
    baseline: str | None
    statuses: Mapping[str, str]
    """Outcome of each of the source's words for the end of a run."""
    on_repeat: str | None


@dataclass(frozen=True, eq=False)
class Project:
    """A checked project: its folder, its tables, its experiments. Two loads are two projects."""

    file: ConfigFile
    table: ProjectTable
    experiments: Mapping[str, ExperimentConfig]
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables that stand for many experiments, with the names of those."""

    @property
    def root(self) -> Path:
        """The folder of the configuration; relative paths start here."""
        return self.file.path.parent

    @property
    def store(self) -> str:
        """Where fetched runs and scores live: an absolute path or an fsspec URL."""
        path = self.table.store.path
        return path if "://" in path else str(self.root / path)

    @property
    def evaluators_folder(self) -> Path:
        """The project's own evaluators."""
        return self.root / "evaluators"

    @property
    def reports_folder(self) -> Path:
        """What people read."""
        return self.root / "reports"

    def place(self, *keys: str | int) -> str:
        """Return `file:line` of a key, for messages."""
        return Problems(self.file.shown, self.file.lines, self.file.prefix).place(keys)

    def place_of_gate(self, experiment: str, rule: str) -> str:
        """Return `file:line` of an experiment's rule, empty when it is not of the configuration."""
        tables: list[tuple[Keys, Sequence[str]]] = [((), self.table.gates)]
        if (own := self.table.experiments.get(experiment)) is not None:
            tables.append((("experiments", experiment), own.gates or ()))
        for above, rules in tables:
            if rule in rules:
                return self.place(*above, "gates", list(rules).index(rule))
        return ""

    def experiment(self, name: str) -> ExperimentConfig:
        """Return the experiment called `name`, or say which ones there are."""
        if name in self.experiments:
            return self.experiments[name]
        if len(members := self.families.get(name, ())) == 1:
            return self.experiments[members[0]]
        if members:
            raise ConfigError(
                f"{name}: stands for {len(members)} experiments. Name one: {', '.join(members)}."
            )
        there = ", ".join(self.experiments) or "none"
        message = (
            f"{self.file.shown}: no experiment {name!r}.{did_you_mean(name, self.experiments)} "
            f"There are: {there}."
        )
        raise ConfigError(message)

    def chosen(self, names: Sequence[str] = ()) -> list[str]:
        """Return the experiments named, or all; one there is not is an error before any work."""
        every = [each for name in names for each in self.families.get(name) or (name,)]
        found = [self.experiment(name).name for name in every] or list(self.experiments)
        if not found:
            message = f"{self.file.shown}: has no experiments. Add a table [experiments.NAME]."
            raise NoRunsError(message)
        return found


def load(start: Path, *, deep: bool = True) -> Project:
    """Read the project around `start`; raise one `ConfigError` that lists all mistakes.

    `deep` also asks fetchers, gates, reducers and slices about their part, which imports them;
    verbs that only read the store leave it out.
    """
    file = find_config(start)
    problems = Problems(file.shown, file.lines, file.prefix)
    table = _parse(file, problems)
    if table is not None:
        _share_mappings(table, problems)
        _check_baselines(file, table, problems)
        _check_scales(table.scores, problems)
        if deep:
            from evalkit.project.deep import check_deep

            check_deep(table, problems)
    if problems.found or table is None:
        count = len(problems.found)
        raise ConfigError(
            f"{file.shown}: {count} mistake{'s' * (count != 1)} in the configuration. "
            "Correct what is listed.",
            problems.lines(),
        )
    experiments = {name: _resolve(name, table) for name in table.experiments}
    return Project(file, table, experiments)


def _parse(file: ConfigFile, problems: Problems) -> ProjectTable | None:
    try:
        return fit(ProjectTable, file.values)
    except Unfit:
        return _explain(file.values, problems)


def _explain(values: dict[str, Any], problems: Problems) -> ProjectTable | None:
    """Return the tables, without what is broken in them, so that deeper checks can go on."""
    from pydantic import ValidationError

    from evalkit.project.explained import checked, model_of

    try:
        return checked(ProjectTable, values)
    except ValidationError as error:
        problems.refused(error, model_of(ProjectTable), values)
        broken = {tuple(detail["loc"][:2]) for detail in error.errors()}
    kept = {key: value for key, value in values.items() if (key,) not in broken}
    for key in {str(path[0]) for path in broken}:
        if key == "experiments" and isinstance(values.get(key), dict):
            entries = values[key].items()
            kept[key] = {name: entry for name, entry in entries if (key, name) not in broken}
        else:
            kept.pop(key, None)
    try:
        return checked(ProjectTable, kept)
    except ValidationError:
        return None


def _check_baselines(file: ConfigFile, table: ProjectTable, problems: Problems) -> None:
    """A baseline is an experiment of the project, or a `summary.json` saved before."""
    there = file.values.get("experiments")
    there = there if isinstance(there, dict) else {}
    named: list[tuple[Keys, str | None]] = [(("baseline",), table.baseline)]
    named += [(("experiments", n, "baseline"), e.baseline) for n, e in table.experiments.items()]
    for keys, baseline in named:
        if baseline is not None and baseline not in there and not baseline.endswith(".json"):
            hint = did_you_mean(baseline, there)
            problems.add(keys, f"baseline {baseline!r} is no experiment of this project.{hint}")


def _share_mappings(table: ProjectTable, problems: Problems) -> None:
    """Give experiments the keys of the mapping they name; their own keys and fields go first."""
    for name, experiment in table.experiments.items():
        wanted = experiment.options.get("mapping")
        if wanted is None:
            continue
        shared = table.mappings.get(str(wanted))
        if shared is None:
            hint = did_you_mean(str(wanted), table.mappings)
            problems.add(("experiments", name, "mapping"), f"no mapping {wanted!r}.{hint}")
            continue
        for key in sorted({*keys_of(ExperimentTable)} & set(shared)):
            said = f"mappings.{wanted} has {key!r}, which an experiment says itself. Write it below"
            problems.add(("mappings", str(wanted), key), f"{said} [experiments.{name}].")
        own = {key: value for key, value in experiment.options.items() if key != "mapping"}
        parts = (shared.get("fields"), own.get("fields"))
        if not all(isinstance(each, dict) for each in parts if each is not None):
            problems.add(("mappings", str(wanted), "fields"), "fields should be a table.")
            continue
        fields = {**(parts[0] or {}), **(parts[1] or {})}
        theirs = {
            key: value for key, value in shared.items() if key not in keys_of(ExperimentTable)
        }
        merged = {**theirs, **own, **({"fields": fields} if fields else {})}
        experiment.options = merged


def _check_scales(tables: Mapping[str, ScaleTable], problems: Problems) -> None:
    """Note what cannot be: a range that is none, a share or a category with a range of its own."""
    for key, table in tables.items():
        keys, range = ("scores", key, "range"), table.range
        if range is None:
            continue
        if len(range) != 2 or not range[0] < range[1]:
            problems.add(keys, f"scores.{key}.range should be [low, high].")
        elif table.kind == "category" or (table.kind == "share" and range != [0, 1]):
            what = "a category has no range" if table.kind == "category" else "a share is 0 to 1"
            problems.add(keys, f"scores.{key}: {what}. Leave out range or kind.")


def _resolve(name: str, table: ProjectTable) -> ExperimentConfig:
    own: ExperimentTable = table.experiments[name]
    baseline = own.baseline or table.baseline
    return ExperimentConfig(
        name=name,
        fetcher=own.fetcher,
        options=own.options,
        evaluators=None if own.evaluators is None else tuple(own.evaluators),
        slices=tuple(table.slices if own.slices is None else own.slices),
        reducers=tuple(table.reducers if own.reducers is None else own.reducers),
        gates=(*table.gates, *(own.gates or ())),
        baseline=None if baseline == name else baseline,
        statuses=dict(own.statuses),
        on_repeat=own.on_repeat,
    )
