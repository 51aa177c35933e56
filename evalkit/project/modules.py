"""Import the Python files of a project's folder under a private name; `sys.path` stays as it is.

The modules stay registered as `evalkit_project.evaluators.<file>`, so that relative and late
imports between them work, functions pickle by reference and tracebacks show the user's paths.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from evalkit.errors import EvalkitError, EvaluatorImportError
from evalkit.project.layout import shown
from evalkit.scoring.definition.as_loaded import remember_below

NAMESPACE = "evalkit_project"


def load_folder(folder: Path) -> list[ModuleType]:
    """Import every file of `folder` that does not start with `_`, in order of name."""
    package = f"{NAMESPACE}.{folder.name}"
    _forget(package)
    _register(NAMESPACE, [])
    _register(package, [str(folder)])
    files = sorted(path for path in folder.glob("*.py") if not path.stem.startswith("_"))
    modules = [load_file(folder, path.stem) for path in files]
    remember_below(folder.parent)
    return modules


def load_file(folder: Path, stem: str) -> ModuleType:
    """Import one file of a folder that `load_folder` has registered.

    Raises `EvaluatorImportError` with the line of the user's file that failed. What the file prints
    goes to stderr: stdout is for evalkit's documents.
    """
    with contextlib.redirect_stdout(sys.stderr), no_bytecode():
        try:
            return importlib.import_module(f"{NAMESPACE}.{folder.name}.{stem}")
        except EvalkitError:
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise EvaluatorImportError(_message(error, folder, folder / f"{stem}.py")) from error


@contextlib.contextmanager
def no_bytecode() -> Iterator[None]:
    """Two saves within one second and of one length would look the same to the bytecode cache."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _message(error: BaseException, folder: Path, file: Path) -> str:
    line = 1
    if isinstance(error, SyntaxError) and error.filename:
        file, line = Path(error.filename), error.lineno or 1
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).is_relative_to(folder):
                file, line = Path(frame.filename), frame.lineno or 1
    what = error.msg if isinstance(error, SyntaxError) else str(error)
    kind = type(error).__name__
    return f"{shown(file)}:{line}: cannot be imported: {kind}: {what}. Correct the file."


def _forget(package: str) -> None:
    for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _register(name: str, paths: list[str]) -> None:
    if name in sys.modules:
        return
    spec = importlib.machinery.ModuleSpec(name, loader=None, is_package=True)
    spec.submodule_search_locations = paths
    sys.modules[name] = importlib.util.module_from_spec(spec)
