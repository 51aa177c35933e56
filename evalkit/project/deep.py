"""The parts of the configuration only their rooms understand: fetchers, gates, slices ..."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.project import plugins
from evalkit.project.fitting import keys_of
from evalkit.project.tables import ExperimentTable, ProjectTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalkit.project.problems import Problems
    from evalkit.project.toml_lines import Keys


def check_deep(table: ProjectTable, problems: Problems) -> None:
    """Note what fetchers, gates, reducers and slices find wrong in their part."""
    for name, experiment in table.experiments.items():
        _check_fetcher(("experiments", name), experiment, problems)
    _check_rules((), table.gates, table.reducers, problems)
    _check_slices(("slices",), table.slices, problems)
    _check_slices(("cluster",), [table.cluster] if table.cluster else [], problems)
    for name, own in table.experiments.items():
        _check_rules(("experiments", name), own.gates or (), own.reducers or (), problems)
        _check_slices(("experiments", name, "slices"), own.slices or (), problems)


def _check_fetcher(keys: Keys, experiment: ExperimentTable, problems: Problems) -> None:
    if plugins.plain_options(experiment.fetcher, experiment.options) is not None:
        return
    from pydantic import ValidationError  # a fifth of a command that has nothing to fetch

    try:
        options = plugins.fetcher(experiment.fetcher).Options
    except EvalkitError as error:
        problems.add((*keys, "fetcher"), str(error))
        return
    values = experiment.options
    try:
        options.model_validate(values)
    except ValidationError as error:
        problems.refused(error, options, values, above=keys, known=keys_of(ExperimentTable))


def _check_rules(
    above: Keys, gates: Sequence[str], reducers: Sequence[str], problems: Problems
) -> None:
    if gates:
        from evalkit.metrics.gating.gates import parse

        _check_each((*above, "gates"), gates, parse, problems)
    if any(reducer != "mean" for reducer in reducers):
        from evalkit.metrics.summaries.reducer import parse as parse_reducer

        _check_each((*above, "reducers"), reducers, parse_reducer, problems)


def _check_slices(keys: Keys, slices: Sequence[str], problems: Problems) -> None:
    if slices:
        from evalkit.metrics.slicing.expressions import parse

        _check_each(keys, slices, parse, problems)


def _check_each(
    keys: Keys, texts: Sequence[str], parse: Callable[[str], object], problems: Problems
) -> None:
    for position, text in enumerate(texts):
        try:
            parse(text)
        except EvalkitError as error:
            problems.add((*keys, position), str(error))
