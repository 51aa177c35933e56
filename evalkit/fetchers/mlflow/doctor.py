"""Looks at an MLflow store before anything is pulled: answer, version, key, what is named."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.mlflow.client import SUPPORTED
from evalkit.fetchers.mlflow.options import MLflowOptions
from evalkit.fetchers.mlflow.store import Chosen, Store


def check(store: Store, options: MLflowOptions) -> Iterator[CheckLine]:
    """Yield one line for each thing a fetch needs, and stop at the first that is broken."""
    try:
        version = store.version()
        experiment = store.experiment(options.experiment)
        experiment_id = str(experiment["experiment_id"])
        yield _server(store.shown, version)
        run_id = None
        if options.run is not None:
            run_id = store.evaluation_run(experiment_id, options.run)
            yield CheckLine(True, f"evaluation run {options.run!r} ({run_id})")
        chosen = Chosen(options.since, options.until, run_id, options.session, options.filter)
        there = next(iter(store.infos(experiment_id, chosen)), None)
        count = store.count(experiment_id, chosen) if chosen.whole else None
        many = "an unknown number of" if count is None else f"{count:,}"
        text = f"experiment {experiment.get('name')!r} ({experiment_id}): {many} traces"
        yield CheckLine(True if there else None, text if there else f"{text}, none that fits")
    except EvalkitError as error:
        yield CheckLine(False, str(error))


def _server(shown: str, version: str | None) -> CheckLine:
    text = f"{shown}: version {version or 'not said'}, key accepted or none needed"
    said = tuple(int(part) for part in (version or "").split(".")[:2] if part.isdigit())
    if not said or said[0] >= int(SUPPORTED.partition(".")[0]):
        return CheckLine(True, text)
    return CheckLine(None, f"{text}; older than {SUPPORTED}, with which evalkit is not tried")
