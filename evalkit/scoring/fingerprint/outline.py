"""Outline: the top level of a module of user code, read from its text without running it."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

OPAQUE = frozenset({"globals", "eval", "exec", "locals", "vars", "__import__", "import_module"})

MOVED = ("module='evalkit.scoring.definition.", "module='evalkit.scoring.")
"""Where imports find `@evaluator` now and where they did: its move makes no score stale."""


class Outline:
    """The top level of a module: what is defined, what is imported, what always runs."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self.definitions: dict[str, list[ast.AST]] = {}
        self.imports: dict[str, tuple[str, str | None]] = {}
        self.all_imports: list[tuple[str, str | None]] = []
        self.always: list[str] = []
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        self.opaque = bool(names & OPAQUE)
        for node in tree.body:
            self._statement(node)

    @functools.cached_property
    def text(self) -> str:
        """All of it, as text that comments do not change."""
        return ast.dump(self._tree).replace(*MOVED)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._define(node.name, _without_marks(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._imported(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}:
                self._define(name, node)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            self.always.append(ast.dump(node))
            for each in ast.walk(node):  # what an `if` or `try` defines may be used by name
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    self._define(each.name, each)
                elif isinstance(each, ast.Import | ast.ImportFrom):
                    self._imported(each)
                elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                    self._define(each.id, node)

    def _define(self, name: str, node: ast.AST) -> None:
        self.definitions.setdefault(name, []).append(node)

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            bound, source, name = _import(node, alias)
            self.opaque |= name is None and isinstance(node, ast.ImportFrom)
            self.all_imports.append((source, name))
            self.imports[bound] = (source, name)


def _without_marks(node: ast.stmt) -> ast.AST:
    """Return a definition without `@evaluator(...)`: what counts of it counts elsewhere."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    kept = [each for each in node.decorator_list if not _is_mark(each)]
    fields = {name: getattr(node, name) for name in node._fields}
    return type(node)(**fields | {"decorator_list": kept})


def _is_mark(node: ast.expr) -> bool:
    target = node.func if isinstance(node, ast.Call) else node
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return name == "evaluator"


def names_used(node: ast.AST) -> Iterator[str]:
    """Yield the names a definition uses."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id


def imports_inside(node: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Yield what a definition imports when it runs: a module, and a name of it."""
    for each in ast.walk(node):
        if isinstance(each, ast.Import | ast.ImportFrom):
            for alias in each.names:
                _, source, name = _import(each, alias)
                yield source, name


def _import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, str, str | None]:
    """Return the name an import binds, the module, and the name of it (`None`: all of it)."""
    if isinstance(node, ast.Import):
        return alias.asname or alias.name.split(".")[0], alias.name, None
    source = "." * node.level + (node.module or "")
    return alias.asname or alias.name, source, None if alias.name == "*" else alias.name


def outline_of(file: Path, text: bytes | None = None) -> Outline | None:
    """Return the outline of a module; `None` when its source cannot be read.

    `text` is what it was imported with; without it the file is read.
    """
    if text is not None:
        return _parsed(text)
    try:
        stat = file.stat()
    except OSError:
        return None
    return _read(str(file), (stat.st_mtime_ns, stat.st_size))


@functools.lru_cache(maxsize=256)
def _read(path: str, stamp: tuple[int, int]) -> Outline | None:
    try:
        return _parsed(Path(path).read_bytes())
    except OSError:
        return None


@functools.lru_cache(maxsize=256)
def _parsed(text: bytes) -> Outline | None:
    try:
        return Outline(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return None
