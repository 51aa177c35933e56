"""The evaluators of a project: its own files, what the configuration names, what is installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from evalkit.errors import (
    ConfigError,
    EvalkitError,
    EvaluatorError,
    EvaluatorImportError,
    EvaluatorNotFound,
    did_you_mean,
)
from evalkit.project import plugins
from evalkit.project.config import Project, load
from evalkit.project.layout import shown
from evalkit.project.modules import load_file, load_folder
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator, marked
from evalkit.scoring.fingerprint.fingerprint import FILE

USE = "use"
"""Key of `[evaluators.NAME]` that says which evaluator NAME is, when it is not NAME itself."""


def load_evaluators(project: Project, names: Sequence[str] | None = None) -> list[Evaluator]:
    """Load evaluators by name, with their options set; None loads all of the project's.

    Anything that does not load, is not found, or has an unknown option is an `EvaluatorError`.
    The project's files are imported once for each loaded `Project`.
    """
    return catalogue(project).select(names)


@dataclass(frozen=True)
class Loader:
    """Loads the same evaluators again in another process: call it there."""

    config: str
    names: tuple[str, ...] | None

    def moved(self, old: Path, new: Path) -> Loader:
        """Return it for a machine that has in folder `new` what is in `old` here."""
        path = Path(self.config)
        inside = path.is_relative_to(old)
        return replace(self, config=str(new / path.relative_to(old))) if inside else self

    def __call__(self) -> list[Evaluator]:
        """Load the evaluators of the project whose configuration is at `config`."""
        return load_evaluators(load(Path(self.config), deep=False), self.names)


@lru_cache(maxsize=1)
def catalogue(project: Project) -> Catalogue:
    """Return the catalogue of a project, the same one every time."""
    return Catalogue(project)


class Catalogue:
    """Every evaluator a project can name; its own files are imported once, when first needed."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def modules(self) -> list[ModuleType]:
        """The files of the project's folder, imported once."""
        folder = self.project.evaluators_folder
        return load_folder(folder) if folder.is_dir() else []

    @cached_property
    def local(self) -> dict[str, Evaluator]:
        """The project's own evaluators by name, in the order of files and lines."""
        found: dict[str, Evaluator] = {}
        for module in self.modules:
            for each in _made_in(module):
                other = found.setdefault(each.name, each)
                if other is not each:
                    raise EvaluatorError(_clash(other, each))
        return found

    @cached_property
    def silent(self) -> dict[str, str]:
        """Files of the folder that mark no evaluator, with what to do; helpers are not meant."""
        found = {}
        for module in self.modules:
            if any(_made_in(module)) or self._is_used(module):
                continue
            file = shown(Path(str(module.__file__)))
            own = [n for n, v in vars(module).items() if _made_here(v, module, n)]
            marks = f"Mark {own[0]} with @evaluator" if own else "Mark a function with @evaluator"
            found[module.__name__.rpartition(".")[2]] = (
                f"{file}: holds no evaluator. {marks}, or begin the file's name with _."
            )
        return found

    def _is_used(self, module: ModuleType) -> bool:
        """Tell whether another file imports from it, or the configuration names it."""
        home = module.__name__
        named = f"{self.project.evaluators_folder.name}.{home.rpartition('.')[2]}:"
        tables = self.project.table
        told = [str(each.get(USE, "")) for each in tables.evaluators.values()]
        told += [name for each in tables.experiments.values() for name in each.evaluators or ()]
        if any(each.startswith(named) for each in told):
            return True
        return any(
            value is module or getattr(value, "__module__", None) == home
            for other in self.modules
            if other is not module
            for value in vars(other).values()
        )

    def select(self, names: Sequence[str] | None = None) -> list[Evaluator]:
        """Return the evaluators called `names` with their options, or all of the project's."""
        if names is None:
            configured = self.project.table.evaluators
            names = [*self.local, *(name for name in configured if name not in self.local)]
        chosen: dict[str, Evaluator] = {}
        for name in names:
            each = self._with_options(self._find(name))
            if each.name in chosen:
                message = (
                    f"evaluator {each.name!r} is named twice ({name!r} the second time). "
                    "Give one of them a table [evaluators.OTHER_NAME] with `use`."
                )
                raise EvaluatorError(message)
            chosen[each.name] = each
        return list(chosen.values())

    def _find(self, name: str) -> Evaluator:
        target = self.project.table.evaluators.get(name, {}).get(USE)
        if isinstance(target, str):
            return replace(self._target(target), name=name)
        return self._target(name)

    def _target(self, name: str) -> Evaluator:
        if ":" in name:
            return self._by_reference(name)
        if name in self.local:
            return self.local[name]
        installed = plugins.evaluators()
        if name in installed:
            return as_evaluator(plugins.load(installed[name]), name=name)
        for said in self.silent.values():
            if f"Mark {name} " in said or f"{name}.py:" in said:
                raise EvaluatorNotFound(f"evaluator {name!r}: there is none. {said}")
        near = did_you_mean(name, [*self.local, *installed])
        own = ", ".join(self.local) or "none"
        message = (
            f"evaluator {name!r}: there is none.{near} The project's own: {own}. "
            "`evalkit list evaluators` shows all."
        )
        raise EvaluatorNotFound(message)

    def _by_reference(self, reference: str) -> Evaluator:
        """Load `module:name`; `evaluators.x` is the project's own file x."""
        path, _, attribute = reference.partition(":")
        module = self._module(path, reference)
        target: Any = module
        for part in attribute.split("."):
            if not hasattr(target, part):
                hint = did_you_mean(part, [n for n in vars(target) if not n.startswith("_")])
                message = f"evaluator {reference!r}: {path} has no {part!r}.{hint} Correct it."
                raise EvaluatorNotFound(message)
            target = getattr(target, part)
        return as_evaluator(target)

    def _module(self, path: str, reference: str) -> ModuleType:
        package, _, stem = path.partition(".")
        folder = self.project.evaluators_folder
        if package == folder.name and stem and "." not in stem:
            _ = self.local  # registers the folder
            if not (folder / f"{stem}.py").is_file():
                files = [file.stem for file in folder.glob("*.py")]
                hint = did_you_mean(stem, files)
                message = f"evaluator {reference!r}: {shown(folder)} has no file {stem}.py.{hint}"
                raise EvaluatorNotFound(message)
            return load_file(folder, stem)
        try:
            return importlib.import_module(path)
        except ImportError as error:
            message = (
                f"evaluator {reference!r}: {path} cannot be imported: {error}. "
                "Install the package that has it, or correct the name."
            )
            raise EvaluatorImportError(message) from error

    def _placed(self, evaluator: str, option: str, value: Any) -> Any:
        """Return the path in an option named `..._file` as seen from the configuration's folder."""
        if not option.endswith(FILE) or not isinstance(value, str) or not value:
            return value
        path = self.project.root / value
        if not path.is_file():
            place = self.project.place("evaluators", evaluator, option)
            raise ConfigError(
                f"{place}: there is no file {shown(path)}. "
                "The path starts at the folder of the configuration."
            )
        return str(path)

    def _with_options(self, found: Evaluator) -> Evaluator:
        table = self.project.table.evaluators.get(found.name, {})
        options = {
            key: self._placed(found.name, key, value) for key, value in table.items() if key != USE
        }
        try:
            return found.with_options(options)
        except EvalkitError as error:
            bad = next((key for key in options if key not in found.signature.options), "")
            place = self.project.place("evaluators", found.name, bad)
            raise EvaluatorError(f"{place}: {error}") from error


def _made_in(module: ModuleType) -> Iterator[Evaluator]:
    """Yield what a module marks itself; what it imports belongs to where it was made."""
    for name, value in list(vars(module).items()):
        found = marked(value)
        if found is None:
            continue
        home = getattr(value, "__module__", module.__name__)
        elsewhere = home != module.__name__ and _holds(home, value)
        if not elsewhere and not name.startswith("__"):
            yield found


def _made_here(value: Any, module: ModuleType, name: str) -> bool:
    here = getattr(value, "__module__", None) == module.__name__
    return here and callable(value) and not isinstance(value, type) and not name.startswith("_")


def _holds(home: str, value: Any) -> bool:
    module = sys.modules.get(home)
    return module is not None and any(each is value for each in vars(module).values())


def _clash(one: Evaluator, other: Evaluator) -> str:
    places = []
    for each in (one, other):
        info = each.info()
        places.append(f"{shown(Path(info.file))}:{info.line}" if info.file else "?")
    return (
        f"{places[1]}: evaluator {other.name!r}: {places[0]} has one of this name already. "
        "Rename one of the two."
    )
