"""The house has floors: rooms import from floors below; each shaping package has a home.

Wide rooms have rooms inside, from the ground up; no file is in a circle with another.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

PACKAGE = Path(__file__).parents[1] / "evalkit"

FLOORS = [
    {"errors"},
    {"model"},
    {"testing"},
    {"store", "fetchers", "scoring", "metrics"},
    {"report", "project", "evaluators", "executors"},
    {"pipeline"},
    {"mcp"},
    {"cli", "pytest_plugin"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
OWN = "."
"""A wide room's own files: at the bottom its words, at the top its doors."""
INSIDE = {
    "model": ["kept", "scales", "messages", "langsmith", OWN, "accounting", "schema"],
    "scoring": ["definition", "fingerprint", "calls", "session", "workers", "shares", OWN],
    "metrics": [
        "documents", "columns", "statistics", "slicing", "selecting", "summaries", "comparing",
        "agreement", "planning", "validation", "gating", OWN,
    ],
    "store": ["disk", "runs", "cells", "upkeep", OWN],
    "fetchers": [
        OWN, "http", "writing", "langsmith", "files", "langgraph", "langgraph_checkpoints",
        "langfuse", "receiving", "stores", "phoenix", "mlflow",
    ],
    "fetchers/files": ["reading", "mapping", "formats", "pieces", "proposal", OWN],
    "fetchers/files/reading": ["parquet", OWN],
    "fetchers/files/formats": [
        OWN, "langsmith", "inspect", "otlp", "stores", "agents", "harness", "batches",
    ],
    "fetchers/files/formats/otlp": ["forms", "vocabularies", OWN],
    "fetchers/langgraph_checkpoints": ["decoding", "databases", OWN],
    "fetchers/langsmith": ["api", "convert", OWN],
    "report": [
        "charts", "runs", "values", "sections", "sharing", "page", "labelling", "renderers", OWN,
    ],
    "evaluators": [OWN, "structure", "behaviour", "trajectory", "retrieval", "judge"],
    "evaluators/judge": ["images", "asking", "money", OWN, "batch"],
    "pipeline": ["evidence", OWN, "verifying", "authors", "checks", "servers", "continuous"],
    "cli": ["call", "text", "table", "verbs", OWN],
    "cli/verbs": ["everyday", "project", "authoring", "further", "machines", OWN],
    "cli/verbs/authoring": ["new", OWN],
    "cli/verbs/further": ["store", OWN],
    "cli/verbs/machines": ["cluster", OWN],
}  # fmt: skip
"""What is inside a wide room, from the ground up: each imports only what stands before it."""
MOST_MODULES, LONGEST = 16, 300
HOMES = {
    "anyio": {"mcp"},
    "mcp": {"mcp"},
    "h11": {"fetchers"},
    "opentelemetry": {"fetchers"},
    "genai_prices": {"fetchers"},
    "httpx": {"fetchers", "evaluators"},
    "msgspec": {"fetchers", "model", "report"},
    "pandas": {"metrics"},
    "numpy": {"metrics"},
    "scipy": {"metrics"},
    "pyarrow": {"store", "metrics", "model", "fetchers"},
    "jinja2": {"report", "evaluators"},
    "re2": {"report"},
    "cryptography": {"pipeline"},
    "distributed": {"executors"},
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
    assert rooms - set(FLOOR_OF) <= {"__init__", "__main__"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    assert wrong_imports(path) == []


def inside_of(path: Path, wide: str) -> str | None:
    """Return the room of a wide room that a file or dotted name below the package stands in."""
    base = wide.split("/")
    parts = path.parts
    if list(parts[: len(base)]) != base or len(parts) == len(base):
        return None
    inner = parts[len(base)].removesuffix(".py")
    return inner if inner in INSIDE[wide] else OWN


def wrong_inside(path: Path, wide: str) -> list[str]:
    """Name what a file imports from a room that stands above its own, inside one wide room."""
    order = INSIDE[wide]
    own = inside_of(path.relative_to(PACKAGE), wide)
    wrong = []
    for name in imported(path):
        top, _, rest = name.partition(".")
        other = inside_of(Path(*rest.split(".")), wide) if top == "evalkit" and rest else None
        if other and own and order.index(other) > order.index(own):
            wrong.append(f"{wide}: {own} may not import {name}")
    return wrong


@pytest.mark.parametrize("wide", INSIDE)
def test_rooms_inside_rooms_import_down(wide: str) -> None:
    files = sorted((PACKAGE / wide).rglob("*.py"))
    assert [line for path in files for line in wrong_inside(path, wide)] == []


def test_every_wide_room_is_listed() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "starter" not in path.parts}
    wide = {
        str(folder.relative_to(PACKAGE)): {each.name for each in folders if each.parent == folder}
        for folder in folders - {PACKAGE}
    }
    assert {name: inner for name, inner in wide.items() if inner} == {
        name: set(order) - {OWN} for name, order in INSIDE.items()
    }


def graph() -> dict[str, set[str]]:
    """Return which module imports which, in-function and type-only imports included."""
    names = {
        ".".join(["evalkit", *p.relative_to(PACKAGE).with_suffix("").parts]): p for p in files()
    }
    return {
        name: {each for each in imported(path) if each in names} for name, path in names.items()
    }


def files() -> list[Path]:
    return [path for path in modules() if path.name != "__init__.py"]


def test_no_file_is_in_a_circle() -> None:
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {error.args[1]}")


def test_rooms_and_modules_stay_small() -> None:
    rooms = Counter(path.parent for path in files())
    assert {str(r): n for r, n in rooms.items() if n > MOST_MODULES} == {}
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files()}
    assert {str(path): n for path, n in lengths.items() if n > LONGEST} == {}
    assert 80 <= median(lengths.values()) <= 150


def test_every_room_says_who_lives_there() -> None:
    """But `pytest_plugin`, whose `__init__` is the plugin under the name that pytest is told."""
    silent = [
        str(path)
        for path in PACKAGE.rglob("__init__.py")
        if path.parent not in (PACKAGE, PACKAGE / "pytest_plugin") and "starter" not in path.parts
        if len(ast.parse(path.read_text("utf-8")).body) != 1
    ]
    assert silent == []


def test_the_test_sees_a_wrong_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    room = tmp_path / "store" / "disk"
    room.mkdir(parents=True)
    (room / "bad.py").write_text(
        "from evalkit.store.cells import parts\nimport evalkit.store.store"
    )
    assert wrong_inside(room / "bad.py", "store") == [
        "store: disk may not import evalkit.store.cells",
        "store: disk may not import evalkit.store.cells.parts",
        "store: disk may not import evalkit.store.store",
    ]


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
