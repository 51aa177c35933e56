"""Modules: where the modules of user code lie, found without importing them."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from evalkit.scoring.definition.as_loaded import text_of

OWN = "evalkit"
BUILT_IN = "evalkit.evaluators"
FORMER = {
    "evalkit.evaluators.retrieval.quotes": "evalkit.evaluators.quotes",
    "evalkit.evaluators.wording": "evalkit.evaluators.trajectory.wording",
}
"""Built-in modules that moved, by what stored fingerprints call them: no score gets stale by it."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module with source."""

    name: str
    package: str
    file: Path
    text: bytes | None = None
    """What it was imported with; `None`: what the file holds now."""

    def is_followed(self, root: Path | None) -> bool:
        """Whether this is the project's own code, or an evaluator that comes with evalkit."""
        if self.name.split(".")[0] == OWN:
            return self.name.startswith(BUILT_IN)
        if {"site-packages", "dist-packages"} & set(self.file.parts):
            return False
        return root is not None and self.file.is_relative_to(root)

    def label(self, root: Path | None) -> str:
        """Return the file within the project, else the module's name; both as they first were."""
        name = FORMER.get(self.name, self.name)
        if root is None or not self.file.is_relative_to(root):
            return name
        path = self.file.relative_to(root).as_posix()
        now, then = (f"{each.replace('.', '/')}.py" for each in (self.name, name))
        return path.removesuffix(now) + then if path.endswith(now) else path


def loaded(name: str) -> Module | None:
    """Return a module that was imported; `None` when it has no source file."""
    module = sys.modules.get(name)
    return _of(name, module) if module is not None else None


def imported(source: str, importer: Module) -> Module | None:
    """Return the module an import statement names, whether or not it was imported yet."""
    try:
        name = importlib.util.resolve_name(source, importer.package)
    except (ImportError, ValueError):
        return None
    if name in sys.modules:
        return loaded(name)
    if name.split(".")[0] == OWN:
        return None  # evalkit itself: never followed, never worth a search
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or not spec.has_location or not spec.origin:
        return None
    package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
    return _with_file(name, package, spec.origin)


def _of(name: str, module: ModuleType) -> Module | None:
    file = getattr(module, "__file__", None)
    spec = getattr(module, "__spec__", None)
    package = getattr(module, "__package__", None) or (spec.parent if spec else "")
    if not isinstance(file, str):
        return None
    return _with_file(name, package or "", file, text_of(module))


def _with_file(name: str, package: str, file: str, text: bytes | None = None) -> Module | None:
    path = Path(file).resolve()
    has_source = path.suffix == ".py" and (text is not None or path.is_file())
    return Module(name, package, path, text) if has_source else None
