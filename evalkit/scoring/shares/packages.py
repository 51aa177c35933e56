"""Packages: what evaluators import that is neither Python's own, evalkit's nor the project's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import ModuleType

from evalkit.scoring.definition.evaluator import Evaluator

OWN = "evalkit_project"
"""What the names of the project's own modules begin with."""


def packages_of(evaluators: Iterable[Evaluator]) -> dict[str, str]:
    """Return the versions of the packages that the evaluators' modules have names from."""
    homes = {getattr(each.function, "__module__", "") for each in evaluators}
    homes |= {name for name in sys.modules if name.partition(".")[0] == OWN}
    modules = [module for name in homes if (module := sys.modules.get(name or "")) is not None]
    tops = {top for module in modules for top in _tops(module)}
    tops -= {*sys.stdlib_module_names, "evalkit", OWN, "__main__"}
    if not tops:
        return {}
    from importlib.metadata import packages_distributions  # local scoring does without

    known = packages_distributions()
    names = {name for top in tops for name in known.get(top, ())}
    return dict(sorted((name, found) for name in names if (found := _version(name))))


def differing(wanted: dict[str, str]) -> list[str]:
    """Say which of the packages are not there in the version that is wanted."""
    there = {name: _version(name) or "none" for name in wanted}
    return [
        f"has {name} {there[name]}, needed {wanted[name]}"
        for name in wanted
        if there[name] != wanted[name]
    ]


def _tops(module: ModuleType) -> Iterator[str]:
    for value in list(vars(module).values()):
        home = value.__name__ if isinstance(value, ModuleType) else _home(value)
        yield home.partition(".")[0]


def _home(value: object) -> str:
    home = getattr(value, "__module__", None)
    return home if isinstance(home, str) else ""


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # local scoring does without

    try:
        return version(name)
    except PackageNotFoundError:
        return ""
