"""Row: the slotted, read-only base of Run and Step, whose unset fields load when touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, TypeVar

from evalkit.errors import did_you_mean

T = TypeVar("T")
RowSource = Mapping[Any, Callable[..., Any]]
"""Where the unset fields of a row come from, one batch of a store: field -> row -> value.

That of runs answers `"steps"` -> row -> places of its steps, `("find", name, kind)` -> row ->
places of those that fit, and `"make"` -> (places, reference to the run, those made before) ->
steps. That of runs of a part on disk answers `("raw", names)` -> row -> tuples of values, one a
step, JSON as text and times in microseconds.
"""


class Row:
    """One value of many fields; a field that was not set is asked of `_source` once and kept.

    Slots answer at C speed; only a miss reaches `__getattr__`, so a run read from a store pays
    for a field when it is first touched and for nothing else.
    """

    __slots__ = ("_row", "_source")

    _source: RowSource | None
    _row: int
    _setters: ClassVar[dict[str, Callable[[Any, Any], None]]] = {}

    def __init_subclass__(cls) -> None:
        """Collect the slot setters, the only way to write to a read-only value."""
        names = [name for base in cls.__mro__ for name in getattr(base, "__slots__", ())]
        cls._setters = {name: getattr(cls, name).__set__ for name in names if name != "__weakref__"}

    @classmethod
    def _lazy(cls, source: RowSource, row: int, **known: Any) -> Any:
        """Return a row whose fields, other than those in `known`, load from `source`."""
        self = cls.__new__(cls)
        setters = cls._setters
        setters["_source"](self, source)
        setters["_row"](self, row)
        for name, value in known.items():
            setters[name](self, value)
        return self

    def __getattr__(self, name: str) -> Any:
        setter = self._setters.get(name)
        if setter is None or name.startswith("_"):
            kind = type(self).__name__
            public = [each for each in dir(type(self)) if not each.startswith("_")]
            raise AttributeError(f"{kind} has no {name!r}.{did_you_mean(name, public)}")
        source = self._source
        if source is None:
            raise AttributeError(f"{type(self).__name__} has no value for {name!r}")
        value = source[name](self._row)
        setter(self, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only: {name!r} cannot be deleted")

    def _values(self, names: Sequence[str]) -> list[Any]:
        """Return fields without keeping them: for who reads every row once, and no row again."""
        source = self._source
        if source is None:
            return [getattr(self, name) for name in names]
        row = self._row
        return [source[name](row) for name in names]

    def _fresh(self, name: str) -> Any:
        """Return a field as it was stored, sharing nothing that can change."""
        source = self._source
        return copied(getattr(self, name)) if source is None else source[name](self._row)


def copied(value: T) -> T:
    """Return a deep copy; what cannot be copied (an open file, a lock) is itself."""
    try:
        return deepcopy(value)
    except Exception:
        return value
