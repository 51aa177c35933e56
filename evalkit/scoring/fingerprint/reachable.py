"""Source: the code an evaluator can reach inside its project, as text that comments do not change.

From a function's own definition the names it uses are followed: to other definitions of its module,
and through imports into modules of the project. Of a module that is used as a whole, or that does
something this reading cannot follow (`globals()`, `eval`, a star import), all of it counts. Code
from outside the project counts by its module's text, without following its imports.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from evalkit.scoring.fingerprint.modules import Module, imported, loaded
from evalkit.scoring.fingerprint.outline import imports_inside, names_used, outline_of

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
            text = _code(inner.__code__)
            self._definition(inner.__module__, inner.__qualname__, text)
            return [bound for bound in map(self._bound, _closure(inner)) if bound]
        kind = inner if inspect.isclass(inner) else type(inner)
        self._definition(kind.__module__, kind.__qualname__, "(no source)")
        return [] if inspect.isclass(inner) else [describe(inner)]

    def _bound(self, pair: tuple[str, Any]) -> Any:
        name, value = pair
        if callable(value) and not inspect.isclass(value):
            return [name, *self.callable(value)]
        return [name, describe(value)]

    def _definition(self, module_name: str, qualname: str, text: str) -> None:
        """Follow what a function or class is defined by; `text` stands for it without source."""
        module = loaded(module_name)
        if module is not None and self.root is None:
            self.root = module.file.parent
        if module is None or not self._name(module, qualname.split(".")[0]):
            self._add(f"{module_name}.{qualname}", text)

    def _add(self, where: str, text: str) -> None:
        self.texts.setdefault(where, set()).add(text)

    def _name(self, module: Module, name: str) -> bool:
        """Follow a name defined at the top of a module; tell whether the module has it."""
        outline = outline_of(module.file, module.text)
        if outline is None:
            return False
        where = module.label(self.root)
        if not module.is_followed(self.root):
            self._add(where, outline.text)
            return True
        if name not in outline.definitions and name not in outline.imports:
            return False
        if outline.opaque:
            self._whole(module)
            return True
        if (where, name) in self._seen:
            return True
        self._seen.add((where, name))
        for text in outline.always:
            self._add(where, text)
        for node in outline.definitions.get(name, ()):
            self._add(where, ast.dump(node))
            self._follow(module, names_used(node))
            for source, found in imports_inside(node):
                self._import(module, source, found)
        if name in outline.imports:
            self._import(module, *outline.imports[name])
        return True

    def _follow(self, module: Module, names: Iterable[str]) -> None:
        for name in names:
            self._name(module, name)

    def _import(self, importer: Module, source: str, name: str | None) -> None:
        """Follow an import: of a name, or of a module as a whole."""
        found = imported(source, importer)
        if found is None or not found.is_followed(self.root):
            return
        if name is not None and self._name(found, name):
            return
        inner = imported(f"{found.name}.{name}", importer) if name is not None else None
        self._whole(inner or found)

    def _whole(self, module: Module) -> None:
        where = module.label(self.root)
        outline = outline_of(module.file, module.text)
        if (where, "*") in self._seen or outline is None:
            return
        self._seen.add((where, "*"))
        self._add(where, outline.text)
        for source, name in outline.all_imports:
            self._import(module, source, name)


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
