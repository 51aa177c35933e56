"""Dataclasses whose functions are compiled when they are called behave as all others do."""

import dataclasses
import pickle
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

from evalkit.cli.call.later import MAKER, SELDOM, compile_later, putting_off

CODE = """
from dataclasses import dataclass, field

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: float = 1.5

@dataclass(frozen=True)
class Named(Point):
    name: str = ""

@dataclass(eq=False)
class Loose:
    x: int

@dataclass(order=True)
class Ranked:
    x: int
    inner: list = field(default_factory=list, compare=False)

class Below(Point):
    pass
"""


def classes(module: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType(module)
    monkeypatch.setitem(sys.modules, module, made)
    exec(CODE, made.__dict__)
    return made


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    with monkeypatch.context() as patch:
        patch.setattr(dataclasses, MAKER, putting_off(getattr(dataclasses, MAKER)))
        return classes("evalkit.late", monkeypatch)


def told(kinds: ModuleType) -> list[Any]:
    """Return what a few values of the classes do."""
    point, other, named = kinds.Point(1), kinds.Point(1, 2.5), kinds.Named(1, 2.5, "a")
    ring = kinds.Ranked(1)
    ring.inner.append(ring)
    return [
        *map(repr, (point, other, named, kinds.Loose(1), ring, kinds.Below(1))),
        point == kinds.Point(1), point == other, named == kinds.Named(1, 2.5, "a"),
        point == kinds.Below(1), kinds.Loose(1) == kinds.Loose(1), point == 3,
        hash(point) == hash(kinds.Point(1)), hash(point) == hash((1, 1.5)), {point: 1}[point],
        kinds.Below(1) == kinds.Below(1), hash(kinds.Below(1)) == hash((1, 1.5)),
        kinds.Ranked(1) < kinds.Ranked(2), kinds.Ranked.__hash__,
        *(said(change, each) for each in (point, named) for change in (put, drop)),
        pickle.loads(pickle.dumps(point)) == point,
        [str(function.__qualname__) for function in (kinds.Point.__eq__, kinds.Named.__hash__)],
    ]  # fmt: skip


def put(value: Any) -> None:
    value.x = 2


def drop(value: Any) -> None:
    del value.x


def said(change: Any, value: Any) -> str:
    with pytest.raises(dataclasses.FrozenInstanceError) as raised:
        change(value)
    return str(raised.value)


def test_they_do_what_others_do(late: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = classes("usual", monkeypatch)
    assert told(late) == told(usual) == told(late)


def test_the_first_call_puts_the_function_in_its_place(late: ModuleType) -> None:
    before = vars(late.Point)["__eq__"]
    assert late.Below(1) == late.Below(1)
    after = vars(late.Point)["__eq__"]
    assert after is not before
    assert after.__code__.co_filename == "<string>"
    assert "__eq__" not in vars(late.Below)


def test_classes_of_others_are_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataclasses, MAKER, putting_off(getattr(dataclasses, MAKER)))
    theirs = classes("somebodys", monkeypatch)
    functions = [vars(theirs.Point)[name] for name in SELDOM - {"__repr__"}]
    assert all(each.__code__.co_filename == "<string>" for each in functions)


def test_nothing_is_put_off_where_python_makes_them_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(dataclasses, MAKER)
    compile_later()
    assert not hasattr(dataclasses, MAKER)


def test_a_command_has_it_so() -> None:
    code = (
        "import sys, atexit\n"
        "from evalkit.cli.main import entry\n"
        "def tell():\n"
        "    from evalkit.metrics.documents.summary import Summary\n"
        "    print(vars(Summary)['__eq__'].__code__.co_filename[-8:])\n"
        "atexit.register(tell)\n"
        "entry()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "later.py"
