"""Which experiments of a workspace fit a pattern of names and the metadata they carry."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.check import explained


def members(options: LangSmithOptions, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of the experiments that fit, oldest first; only reads."""
    client = LangSmith(connect(options, environ), options)
    try:
        with explained():
            stem = max(options.experiment.split("*"), key=len)
            found = client.sessions(stem, dict(options.experiment_metadata))
    finally:
        client.close()
    fits = [row for row in found if fnmatchcase(str(row.get("name")), options.experiment)]
    of_datasets = [row for row in fits if row.get("reference_dataset_id")]
    return [str(row["name"]) for row in sorted(of_datasets, key=lambda row: str(row["start_time"]))]
