"""Source: the code an evaluator can reach inside its project, as text that comments do not change.

From a function's own definition the names it uses are followed: to other definitions of its module,
and through imports into modules of the project. Of a module that is used as a whole, or that does
something this reading cannot follow (`globals()`, `eval`, a star import), all of it counts. Code
from outside the project counts by its module's text, without following its imports.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from evalkit.scoring.outline import file_of, imports_inside, names_used, outline_of

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
DEEPEST = 6


def sources_of(function: Any, root: Path | None) -> dict[str, Any]:
    """Return what the code of a callable is made of: by file or by what is bound into it."""
    reader = _Reader(root)
    bound = reader.callable(function)
    found: dict[str, Any] = {name: sorted(texts) for name, texts in reader.texts.items()}
    if bound:
        found["bound values"] = bound
    return found


def describe(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON-ready data that is the same in every process."""
    if value is None or isinstance(value, bool | int | str):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return repr(value)
    if depth >= DEEPEST:
        return type(value).__qualname__
    if isinstance(value, Mapping):
        return [[describe(k, depth + 1), describe(v, depth + 1)] for k, v in value.items()]
    if isinstance(value, list | tuple):
        return [describe(each, depth + 1) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(str(describe(each, depth + 1)) for each in value)
    if isinstance(value, type | FunctionType | ModuleType):
        return (
            f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
        )
    if isinstance(value, re.Pattern):
        return [value.pattern, value.flags]
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    state = getattr(value, "__dict__", None)
    if isinstance(state, dict) and state:
        return [kind, describe(state, depth + 1)]
    return [kind, ADDRESS.sub("", repr(value))]


class _Reader:
    """Collects, by module, the texts of the definitions that are reached."""

    def __init__(self, root: Path | None) -> None:
        self.root = root.resolve() if root else None
        self.texts: dict[str, set[str]] = {}
        self._seen: set[tuple[str, str]] = set()
        self._objects: set[int] = set()

    def callable(self, function: Any) -> list[Any]:
        """Follow a callable; return what is bound into it as values."""
        if id(function) in self._objects:
            return []
        self._objects.add(id(function))
        if isinstance(function, functools.partial):
            own = [describe(function.args), describe(function.keywords)]
            return [own, *self.callable(function.func)]
        inner = inspect.unwrap(function) if callable(function) else function
        if inspect.ismethod(inner):
            return [describe(inner.__self__), *self.callable(inner.__func__)]
        if isinstance(inner, FunctionType):
            self._function(inner)
            return [bound for bound in map(self._bound, _closure(inner)) if bound]
        if inspect.isclass(inner):
            self._definition(inner)
            return []
        self._definition(type(inner))
        return [describe(inner)] if not inspect.isbuiltin(inner) else [repr(inner)]

    def _bound(self, pair: tuple[str, Any]) -> Any:
        name, value = pair
        if callable(value) and not inspect.isclass(value):
            return [name, *self.callable(value)]
        return [name, describe(value)]

    def _function(self, function: FunctionType) -> None:
        module = sys.modules.get(function.__module__)
        top = function.__qualname__.split(".")[0]
        if module is None or not self._name(module, top):
            self._add(f"{function.__module__}.{function.__qualname__}", _code(function.__code__))

    def _definition(self, kind: type) -> None:
        module = sys.modules.get(kind.__module__)
        if module is None or not self._name(module, kind.__qualname__.split(".")[0]):
            self._add(f"{kind.__module__}.{kind.__qualname__}", "(no source)")

    def _add(self, where: str, text: str) -> None:
        self.texts.setdefault(where, set()).add(text)

    def _name(self, module: ModuleType, name: str) -> bool:
        """Follow a name defined at the top of a module; tell whether the module has it."""
        outline = outline_of(module)
        if outline is None:
            return False
        where = self._label(module)
        if not self._is_project(module):
            self._add(where, outline.text)
            return True
        if outline.opaque:
            self._whole(module)
            return True
        if name not in outline.definitions and name not in outline.imports:
            return False
        if (where, name) in self._seen:
            return True
        self._seen.add((where, name))
        for text in outline.always:
            self._add(where, text)
        for node in outline.definitions.get(name, ()):
            self._add(where, ast.dump(node))
            self._follow(module, names_used(node))
            for source, imported in imports_inside(node):
                self._import(module, source, imported)
        if name in outline.imports:
            self._import(module, *outline.imports[name])
        return True

    def _follow(self, module: ModuleType, names: Iterable[str]) -> None:
        for name in names:
            self._name(module, name)

    def _import(self, module: ModuleType, source: str, name: str | None) -> None:
        """Follow an import: of a name, or of a module as a whole."""
        found = _module(source, module)
        if found is None:
            return
        if name is not None:
            inner = _module(f"{found.__name__}.{name}", module)
            if inner is not None and inner is getattr(found, name, inner):
                found, name = inner, None
        if not self._is_project(found):
            return
        if name is None or not self._name(found, name):
            self._whole(found)

    def _whole(self, module: ModuleType) -> None:
        where = self._label(module)
        if (where, "*") in self._seen:
            return
        self._seen.add((where, "*"))
        outline = outline_of(module)
        if outline is not None:
            self._add(where, outline.text)
            for source, name in outline.all_imports:
                self._import(module, source, name)

    def _is_project(self, module: ModuleType) -> bool:
        file = file_of(module)
        if file is None or "site-packages" in file.parts:
            return False
        if module.__name__.startswith("evalkit.evaluators"):
            return True
        if self.root is None:
            return not file.is_relative_to(Path(sys.base_prefix) / "lib")
        return file.is_relative_to(self.root)

    def _label(self, module: ModuleType) -> str:
        file = file_of(module)
        if file is None or self.root is None or not file.is_relative_to(self.root):
            return module.__name__
        return file.relative_to(self.root).as_posix()


def _module(source: str, importer: ModuleType) -> ModuleType | None:
    """Return a module that is imported already, by the name an import statement gives it."""
    try:
        name = importlib.util.resolve_name(source, _package(importer))
    except (ImportError, ValueError):
        return None
    return sys.modules.get(name)


def _package(module: ModuleType) -> str:
    spec = getattr(module, "__spec__", None)
    return str(getattr(module, "__package__", None) or (spec.parent if spec else "") or "")


def _closure(function: FunctionType) -> list[tuple[str, Any]]:
    cells = function.__closure__ or ()
    pairs = []
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            pairs.append((name, cell.cell_contents))
        except ValueError:  # not filled yet
            continue
    return pairs


def _code(code: CodeType) -> str:
    """Return a function's instructions as text, for one without source."""
    constants = [_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names} {code.co_varnames}"
