"""Fetchers and evaluators that installed packages bring, evalkit's own among them."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from evalkit.errors import ConfigError, EvaluatorImportError, did_you_mean
from evalkit.project.installed import points_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from evalkit.fetchers.base import Fetcher
    from evalkit.fetchers.plain import PlainOptions

FETCHERS = "evalkit.fetchers"
EVALUATORS = "evalkit.evaluators"


def fetchers() -> dict[str, EntryPoint]:
    """Return every installed fetcher by name, in order of name."""
    return _installed(FETCHERS)


def evaluators() -> dict[str, EntryPoint]:
    """Return every evaluator that installed packages offer by name, in order of name."""
    return _installed(EVALUATORS)


def fetcher(name: str) -> type[Fetcher]:
    """Load the fetcher called `name`."""
    module, _, attribute = _plain_points(FETCHERS).get(name, "").partition(":")
    if module:
        with suppress(ImportError, AttributeError):  # said below, with the package that brings it
            return cast("type[Fetcher]", attrgetter(attribute)(import_module(module)))
    there = fetchers()
    if name not in there:
        message = (
            f"fetcher {name!r}: nothing installed has this name.{did_you_mean(name, there)} "
            f"There are: {', '.join(there)}."
        )
        raise ConfigError(message)
    return cast("type[Fetcher]", load(there[name]))


def plain_options(name: str, options: Mapping[str, Any]) -> PlainOptions | None:
    """Return options that a fetcher of evalkit's own takes as they stand; None: `Options` reads."""
    if name == "langgraph":
        from evalkit.fetchers.plain import plain_server  # of what is fetched alone

        return plain_server(options)
    from evalkit.fetchers.files import plain

    return plain.plain_options(name, options)


def load(point: EntryPoint) -> Any:
    """Import what an entry point names; its package is named when that fails."""
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        message = (
            f"{point.group} {point.name!r} of {_distribution(point)}: {point.value} does not "
            f"load: {type(error).__name__}: {error}. Install what it needs, or remove the package."
        )
        kind = EvaluatorImportError if point.group == EVALUATORS else ConfigError
        raise kind(message) from error


@cache
def _plain_points(group: str) -> dict[str, str]:
    return points_of(group) or {}


@cache
def _installed(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # 20 ms that a project's own evaluators never need

    return unique(entry_points(group=group))


def unique(points: Any) -> dict[str, EntryPoint]:
    """Key entry points by name; two distributions with one name are an error naming both."""
    found: dict[str, EntryPoint] = {}
    # By value, not by distribution: reading the name of one costs 2 ms an entry point.
    for point in sorted(points, key=lambda p: (p.name, p.value)):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            message = (
                f"{point.group} {point.name!r}: both {_distribution(other)} ({other.value}) and "
                f"{_distribution(point)} ({point.value}) bring it. Remove one of the two packages."
            )
            raise ConfigError(message)
    return found


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module
