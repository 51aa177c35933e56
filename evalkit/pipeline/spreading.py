"""Spreading: workers of a cluster read many files; this process alone decides and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from evalkit.errors import ConfigError, ExecutorError
from evalkit.executors.converting import FetchErrand
from evalkit.executors.ordered import Ordered
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.pieces.joined import joined
from evalkit.fetchers.files.pieces.planned import planned, size_of_bytes
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.pricing import Price
from evalkit.pipeline.progress import Progress
from evalkit.pipeline.scoring import executor_at
from evalkit.project.config import Project

if TYPE_CHECKING:
    from evalkit.executors.dask import DaskExecutor

READS = ("jmespath", "genai-prices", "zstandard")
"""What reads files beside what every worker needs; where it is installed here."""
USER = re.compile(r"://[^/]*@")


def spread(
    project: Project,
    name: str,
    fetcher: Any,
    address: str,
    *,
    prices: Mapping[str, Price] | None,
    strict: bool,
    progress: Progress,
) -> None:
    """Have the fetcher's files read by the workers at an address.

    A source that others cannot read file by file is read here, or (`strict`) raises `ConfigError`;
    so is one that is too small to be worth sending, where it may. `prices` are given to runs
    whose costs nobody recorded; None: runs are stored as they were recorded.
    """
    executor = executor_at(project, address)
    if executor is None:
        return
    config = project.experiment(name)
    if not isinstance(fetcher, FileFetcher) or not type(fetcher).__module__.startswith("evalkit."):
        if strict:
            raise _refused(name, f"fetcher {config.fetcher!r} has no files that workers can read")
        return
    errand = FetchErrand(
        fetcher=f"{type(fetcher).__module__}:{type(fetcher).__qualname__}",
        options={},
        experiment=name,
        base=project.root,
        statuses=config.statuses,
        prices=prices,
        packages={each: found for each in READS if (found := _version(each))},
    )
    fetcher.elsewhere = partial(_elsewhere, fetcher, executor, errand, strict, progress)


def _elsewhere(
    fetcher: FileFetcher,
    executor: DaskExecutor[Any],
    errand: FetchErrand,
    strict: bool,
    progress: Progress,
    files: list[SourceFile],
) -> Iterator[Item] | None:
    why = fetcher.unspread(files)
    if not why and any(USER.search(file.url) for file in files):
        why = "its path holds a password, which does not travel"
    if why and strict:
        raise _refused(fetcher.who, why)
    files = [] if why else fetcher.chosen(files)
    if not files or (not strict and len(planned(files, 1, splits=fetcher.splits)) < 2):
        fetcher.elsewhere = None
        return None
    return _items(fetcher, executor, errand, progress, files)


def _items(
    fetcher: FileFetcher,
    executor: DaskExecutor[Any],
    errand: FetchErrand,
    progress: Progress,
    files: list[SourceFile],
) -> Iterator[Item]:
    listed = tuple((file, size_of_bytes(file)) for file in files)
    try:
        executor.begin(replace(errand, files=listed, options=fetcher.settings()))
        pieces = planned(files, executor.width, splits=fetcher.splits)
        yield from joined(fetcher, files, Ordered(executor, pieces))
    except ExecutorError as error:
        raise ExecutorError(f"{error} What arrived is kept: run the same command again.") from None
    finally:
        executor.close()
        for number, each in enumerate(executor.refused, start=1):
            progress(
                f"Leave out worker {each.address}", number, len(executor.refused), each.refused
            )


def _refused(name: str, why: str) -> ConfigError:
    return ConfigError(
        f"{name}: {why}. Fetch it here: leave `--executor` out, or `--executor local`."
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
