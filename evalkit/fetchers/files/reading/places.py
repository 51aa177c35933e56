"""Where a record stands: names that expressions may use beside the record's own keys.

They are no data: `@` is the record as it is in its file, and a record's own key of that name wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jmespath import visitor

from evalkit.fetchers.files.reading.quantities import unit_of

PLACES = ("_path", "_filename", "_line", "_index", "_key")
BARE = ("add", "subtract", "multiply", "divide", "number")
"""Functions that read amounts without their units."""
NOWHERE: Mapping[str, Any] = {}


class Spread(dict[str, Any]):
    """One of the records that `spread` makes of one, with its place among them."""

    __slots__ = ("places",)
    places: dict[str, Any]

    @classmethod
    def at(cls, record: dict[str, Any], **places: Any) -> Spread:
        """Make one; `places` are values of names in `PLACES`."""
        made = cls(record)
        made.places = places
        return made


class PlacedInterpreter(visitor.TreeInterpreter):  # type: ignore[misc]
    """JMESPath's interpreter, which knows where the record stands that is being looked at."""

    places: Mapping[str, Any] = NOWHERE
    units: dict[tuple[int, int], set[str]] | None = None
    """Place in the expression -> units that amounts there were in; None: nobody asks."""

    def visit_function_expression(self, node: dict[str, Any], value: Any) -> Any:
        """Call a function; arithmetic leaves units aside, so they are taken down."""
        if self.units is None or node["value"] not in BARE:
            return super().visit_function_expression(node, value)
        arguments = [self.visit(child, value) for child in node["children"]]
        together = node["value"] in ("add", "subtract")
        for number, argument in enumerate(arguments):
            unit = unit_of(argument)
            if unit is not None and node["children"][number]["type"] != "literal":
                self.units.setdefault((id(node), 0 if together else number), set()).add(unit)
        return self._functions.call_function(node["value"], arguments)

    def visit_field(self, node: dict[str, Any], value: Any) -> Any:
        """Return the key of a record, else the place of that name."""
        name = node["value"]
        if isinstance(value, Spread) and name in value.places:
            return value.places[name]
        if name in self.places and not (isinstance(value, dict) and name in value):
            return self.places[name] if value is not None else None
        return value.get(name) if isinstance(value, dict) else None
