"""What is installed is what is used: no dependency undeclared, unused or without its reason."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
HOST = "pytest"
"""It loads evalkit's plugin itself, where it is installed."""
PROJECT = tomllib.loads(TEXT)["project"]


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def imported() -> dict[str, str]:
    """Return every third-party top-level module evalkit imports, with a file that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "evalkit").rglob("*.py")):
        if "starter" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                names = [str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant)]
            for name in names:
                found.setdefault(name.partition(".")[0], str(path.relative_to(ROOT)))
    known = sys.stdlib_module_names | {"evalkit", HOST}
    return {name: place for name, place in found.items() if name not in known}


def declared() -> set[str]:
    extras = PROJECT["optional-dependencies"]
    optional = [r for name, rows in extras.items() if not name.startswith("dev") for r in rows]
    return {name_of(requirement) for requirement in [*PROJECT["dependencies"], *optional]}


def test_everything_imported_is_declared() -> None:
    homes = packages_distributions()
    missing = {
        f"{module} in {place}"
        for module, place in imported().items()
        if not {name_of(home) for home in homes.get(module, [module])} & declared()
    }
    assert missing == set()


def test_everything_declared_is_imported() -> None:
    homes = packages_distributions()
    used = {name_of(home) for module in imported() for home in homes.get(module, [module])}
    assert declared() - used == set()


def test_every_dependency_says_why_it_is_there() -> None:
    listed = TEXT.partition("dependencies = [")[2].partition("[project.scripts]")[0]
    lines = [line for line in listed.splitlines() if re.search(r'"[a-z].*[<>=]=', line)]
    assert len(lines) > 30
    assert [line for line in lines if "#" not in line] == []


def test_only_evalkit_is_installed() -> None:
    wheel = tomllib.loads(TEXT)["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["evalkit"]
    for folder in ("evaluators", "datasets", "reports"):
        assert not (ROOT / folder / "__init__.py").exists()
