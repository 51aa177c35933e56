"""Reads the folder of MLflow's file store, such as `mlruns`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError, ExperimentNotFound, SourceUnavailable
from evalkit.fetchers.mlflow.local import Local, fits, spans_in
from evalkit.fetchers.mlflow.store import Chosen, Row, names

MOST = 600_000
"""Values of a YAML file: each of them a member of an object, as in any record."""


class FolderStore(Local):
    """`EXPERIMENT/traces/TRACE` with `trace_info.yaml`, tags, metadata, assessments, artifacts."""

    def __init__(self, folder: Path) -> None:
        self.shown = f"mlflow {folder.name}"
        self._folder = folder

    def experiment(self, named: str) -> Row:
        """Return an experiment by name, else by id."""
        there = [self._yaml(path) for path in sorted(self._folder.glob("*/meta.yaml"))]
        for key in ("name", "experiment_id"):
            for each in there:
                if str(each.get(key)) == named:
                    return each
        raise ExperimentNotFound(
            f"{self.shown}: there is no experiment {named!r}. {names(there, 'experiments')}"
        )

    def evaluation_run(self, experiment_id: str, named: str) -> str:
        """Return the id of an evaluation run by id, else by name."""
        for path in sorted((self._folder / experiment_id).glob("*/meta.yaml")):
            about = self._yaml(path)
            if named in (about.get("run_id"), about.get("run_name")):
                return str(about["run_id"])
        raise ExperimentNotFound(
            f"{self.shown}: the experiment has no evaluation run {named!r}. Check `run`."
        )

    def count(self, experiment_id: str, chosen: Chosen) -> int | None:
        """Return how many traces there are."""
        return sum(1 for _ in self.infos(experiment_id, chosen))

    def infos(self, experiment_id: str, chosen: Chosen) -> Iterator[Row]:
        """Yield the infos, the oldest first."""
        folders = (self._folder / experiment_id / "traces").glob("*/trace_info.yaml")
        found = [self._info(path.parent) for path in folders]
        found.sort(key=lambda info: (str(info.get("request_time")), str(info.get("trace_id"))))
        yield from (info for info in found if fits(info, chosen, self.shown))

    def spans(self, infos: Sequence[Row]) -> dict[str, list[Any]]:
        """Return the spans by trace."""
        found = {}
        for info in infos:
            spans = spans_in(Path(info["folder"]) / "artifacts")
            if spans is not None:
                found[str(info["trace_id"])] = spans
        return found

    def _info(self, folder: Path) -> Row:
        assessments = [self._yaml(path) for path in sorted(folder.glob("assessments/*.yaml"))]
        took = (about := self._yaml(folder / "trace_info.yaml")).get("execution_duration_ms")
        return {
            **about,
            "trace_id": about.get("trace_id") or about.get("request_id") or folder.name,
            "execution_duration": None if took is None else f"{took / 1000}s",
            "tags": _pairs(folder / "tags"),
            "trace_metadata": _pairs(folder / "request_metadata"),
            "assessments": [each for each in assessments if each.get("valid", True)],
            "folder": str(folder),
        }

    @cached_property
    def _load(self) -> Any:
        try:
            import yaml
        except ImportError:
            raise ConfigError(
                f"{self.shown}: folders of MLflow are YAML. Install evalkit-harness[mlflow]."
            ) from None
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return lambda text: yaml.load(text, Loader=loader)

    def _yaml(self, path: Path) -> Row:
        try:
            found = self._load(path.read_text("utf-8"))
            if values_in(found, {}) > MOST:
                raise ValueError(f"it says the same again, more than {MOST:,} values in all")
        except ConfigError:
            raise
        except Exception as error:  # damaged YAML: its loaders raise of every kind
            where = path.relative_to(self._folder)
            raise SourceUnavailable(f"{self.shown}: {where} cannot be read ({error}).") from None
        return found if isinstance(found, dict) else {}


def values_in(value: Any, known: dict[int, int]) -> int:
    """Return how many values are in a value where each is written wherever it stands.

    YAML names a value and says it again by the name, and what holds itself has no end.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = MOST + 1
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(values_in(each, known) for each in inner)
    return known[id(value)]


def _pairs(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {path.name: path.read_text("utf-8", "replace") for path in sorted(folder.iterdir())}
