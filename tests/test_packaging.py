"""What is installed is what is used: no dependency undeclared, unused or without its reason."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

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
    every = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    others = [each for each in every if not each.startswith(PROJECT["name"])]
    assert len(others) > 60
    lines = TEXT.splitlines()
    silent = [
        each
        for each in others
        if not any(f'"{each}"' in line and re.search(r"# ?\S+", line) for line in lines)
    ]
    assert silent == []


def locked(name: str) -> dict[str, str]:
    """Return the packages of a lock file, each with its version and what is said of it."""
    text = (ROOT / ".ci" / f"{name}.lock").read_text("utf-8")
    found = re.findall(r"^([a-z0-9-]+)==(\S+)((?:.*\\\n)*.*)$", text, re.MULTILINE)
    return {package: said for package, _, said in found}


@pytest.mark.parametrize("name", ["requirements", "wheel", "tools"])
def test_a_lock_has_hashes_of_all_and_names_no_index(name: str) -> None:
    packages = locked(name)
    assert packages
    assert [package for package, said in packages.items() if "--hash=sha256:" not in said] == []
    text = (ROOT / ".ci" / f"{name}.lock").read_text("utf-8")
    lines = [line for line in text.splitlines() if not re.match(r"[a-z0-9-]+==|    --hash=", line)]
    assert lines == []
    assert "://" not in text


def test_what_is_declared_is_locked() -> None:
    dev, wheel = locked("requirements"), locked("wheel")
    extras = PROJECT["optional-dependencies"]
    wanted = [
        *PROJECT["dependencies"],
        *chain(*(r for n, r in extras.items() if n != "dev-judges")),
    ]
    assert {name_of(each) for each in wanted} - {PROJECT["name"]} - set(dev) == set()
    assert {name_of(each) for each in PROJECT["dependencies"]} - set(wheel) == set()
    assert {name: said for name, said in wheel.items() if dev.get(name) != said} == {}


def told(*documents: object, folder: Path) -> tuple[int, str]:
    paths = [folder / f"{n}.json" for n in range(len(documents))]
    for path, document in zip(paths, documents, strict=True):
        path.write_text(json.dumps(document))
    command = [sys.executable, str(ROOT / ".ci" / "supplied.py"), *map(str, paths)]
    ended = subprocess.run(command, capture_output=True, text=True)
    return ended.returncode, ended.stdout


def test_what_is_delivered_is_listed_and_advisories_on_it_are_said(tmp_path: Path) -> None:
    listed = [
        {"name": name_of(each), "version": "1", "licenses": [1]} for each in PROJECT["dependencies"]
    ]
    assert told({"components": listed}, folder=tmp_path)[0] == 0
    code, said = told({"components": [*listed[1:], {"name": "other"}]}, folder=tmp_path)
    assert (code, said.count("is not in it"), said.count("other: no ")) == (1, 1, 2)
    found = {"name": "click", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}
    code, said = told({"components": listed}, {"dependencies": [found]}, folder=tmp_path)
    assert (code, said) == (1, "click 1: X-1, mended in 2\n")


def test_only_evalkit_is_installed() -> None:
    wheel = tomllib.loads(TEXT)["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["evalkit"]
    for folder in ("evaluators", "datasets", "reports"):
        assert not (ROOT / folder / "__init__.py").exists()
