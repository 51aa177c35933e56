"""The house has floors: rooms import from floors below; each shaping package has a home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "evalkit"

FLOORS = [
    {"errors"},
    {"model"},
    {"testing"},
    {"store", "fetchers", "scoring", "metrics"},
    {"report", "project", "evaluators"},
    {"pipeline"},
    {"cli"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
HOMES = {
    "httpx": {"fetchers", "evaluators"},
    "pandas": {"metrics"},
    "numpy": {"metrics"},
    "scipy": {"metrics"},
    "pyarrow": {"store", "metrics", "model", "fetchers"},
    "jinja2": {"report", "evaluators"},
    "click": {"cli"},
    "rich": {"cli", "report"},
    "pydantic": {"model", "fetchers", "project", "evaluators"},
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    every = sorted(PACKAGE.rglob("*.py"))
    return [path for path in every if "starter" not in path.parts and room_of(path) in FLOOR_OF]


def imported(path: Path) -> Iterator[str]:
    """Yield every dotted name the file imports anywhere, relative imports resolved."""
    package = ["evalkit", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            stem = ".".join([*base, *filter(None, [node.module])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def wrong_imports(path: Path) -> list[str]:
    room = room_of(path)
    wrong = []
    for name in imported(path):
        top, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if top == "evalkit" and other in FLOOR_OF and other != room:
            if FLOOR_OF[other] >= FLOOR_OF[room]:
                wrong.append(f"{room} may not import {name}")
        elif room not in HOMES.get(top, {room}):
            wrong.append(f"{top} lives in {sorted(HOMES[top])}, not in {room}")
    return wrong


def test_every_room_stands_on_a_floor() -> None:
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")}
    assert rooms - set(FLOOR_OF) <= {"__init__", "__main__", "pytest_plugin"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    assert wrong_imports(path) == []


def test_the_test_sees_a_wrong_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "metrics"
    room.mkdir()
    (room / "bad.py").write_text("import httpx\nfrom ..scoring import coerce\nimport evalkit.model")
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    assert wrong_imports(room / "bad.py") == [
        "httpx lives in ['evaluators', 'fetchers'], not in metrics",
        "metrics may not import evalkit.scoring",
        "metrics may not import evalkit.scoring.coerce",
    ]
