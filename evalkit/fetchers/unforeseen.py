"""Unforeseen: what a source holds that no reader thought of is the source's fault, said in a line.

Fetchers check what they rely on, run by run. This is the net below them, so that strange answers
and files never look like a mistake of evalkit, and cost nothing that came before.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from evalkit.errors import EvalkitError, IncompleteExperiment, SourceUnavailable

Item = TypeVar("Item")
UNFORESEEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,  # too deep, or not supported
    TypeError,
    ValueError,
)
"""What reading raises when a value is of another type than its format says."""


def guarded(items: Iterable[Item], who: str) -> Iterator[Item]:
    """Yield the items up to one that nobody foresaw; that raises `IncompleteExperiment`."""
    try:
        yield from items
    except EvalkitError:
        raise
    except UNFORESEEN as error:
        raise IncompleteExperiment(
            f"{who}: what the source holds is not as it should be ({_said(error)}). "
            "What arrived is kept; look at the source with `evalkit doctor`."
        ) from error


def looked_at(items: Iterable[Item], who: str) -> Iterator[Item]:
    """Yield what a look at a source says; what nobody foresaw raises `SourceUnavailable`."""
    try:
        yield from guarded(items, who)
    except IncompleteExperiment as error:
        if error.__cause__ is None:
            raise
        raise SourceUnavailable(
            f"{who}: the source does not answer as it should ({_said(error.__cause__)}). "
            "Check its address and its version."
        ) from error


def _said(error: BaseException) -> str:
    """Return what happened, and in which file of the reader."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "fetchers" in Path(each.filename).parts] or list(frames)
    at = f", {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}: {error}"[:200].replace("\n", " ") + at
