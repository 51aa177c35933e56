"""Fields: the one table of what is shown, filtered, sorted and exported of every run.

The page's table, filter and facets, the CSV, JSON and Parquet exports and the docs are made from
it: a new field is one entry here. Facets and scores, which every report has others of, stand
between the fields of the start and those of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["number", "text", "own"]
"""A number or a text of the runs table; `own`: the page packs it in a form of its own."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing known of every run."""

    key: str
    """As typed in the filter."""
    label: str
    """Heading of the table."""
    column: str
    """Column of the runs table and of exports."""
    doc: str
    unit: str = ""
    """`s`, `tokens`, `cost` or `count`; empty for words."""
    kind: Kind = "number"
    shown: bool | None = False
    """Whether the table shows it at first; `None`: always."""
    sortable: bool = True
    filterable: bool = True
    wide: bool = False
    """Takes the room that the other columns leave."""
    start: bool = False
    """Stands before facets and scores."""

    @property
    def largest_first(self) -> bool:
        """Whether a first click on the heading sorts downwards."""
        return self.unit in ("s", "tokens", "cost")


FIELDS: tuple[Field, ...] = (
    Field("id", "Run", "run_id", "Id of the run.", kind="own", sortable=False, start=True),
    Field(
        "experiment",
        "Experiment",
        "experiment",
        "Experiment it belongs to.",
        kind="own",
        start=True,
    ),
    Field("example", "Example", "example_id", "Example it answered.", kind="own", start=True),
    Field(
        "repetition",
        "Repetition",
        "repetition",
        "The n-th run of the same example.",
        "count",
        start=True,
    ),
    Field(
        "outcome",
        "Outcome",
        "outcome",
        "How it ended; also failed, unfinished, succeeded.",
        kind="own",
        shown=None,
        start=True,
    ),
    Field("status", "Status", "status", "The source's own word for it.", kind="text", start=True),
    Field(
        "input",
        "Input",
        "input",
        "First words of the input.",
        kind="own",
        shown=None,
        wide=True,
        filterable=False,
        start=True,
    ),
    Field("latency", "Latency", "latency_s", "Seconds from start to end.", "s", shown=None),
    Field("ttft", "First token", "ttft_s", "Seconds to the first token.", "s"),
    Field("queue", "In queue", "queue_s", "Seconds before it started.", "s"),
    Field("tokens", "Tokens", "total_tokens", "Tokens in and out.", "tokens", shown=True),
    Field("input_tokens", "Tokens in", "input_tokens", "Tokens sent to models.", "tokens"),
    Field("output_tokens", "Tokens out", "output_tokens", "Tokens models produced.", "tokens"),
    Field("cost", "Cost", "total_cost", "In the source's currency.", "cost"),
    Field("steps", "Steps", "n_steps", "How many steps were recorded.", "count"),
    Field(
        "error",
        "Error",
        "error",
        "Text of the error, without what differs from run to run.",
        kind="own",
        sortable=False,
    ),
    Field(
        "output",
        "Output",
        "output",
        "First words of the output.",
        kind="own",
        sortable=False,
        filterable=False,
    ),
)
START = tuple(field for field in FIELDS if field.start)
REST = tuple(field for field in FIELDS if not field.start)
NUMBERS = tuple(field for field in FIELDS if field.kind == "number")
TEXTS = tuple(field for field in FIELDS if field.kind == "text")
WORDS = ("exp", "has", "failing", "missing")
"""Words of the filter that are no fields."""


def reserved() -> frozenset[str]:
    """Return the words of the filter that no facet may take."""
    return frozenset((*WORDS, *(field.key for field in FIELDS)))


def described() -> list[dict[str, Any]]:
    """Return the table for the page's header."""
    names = ("key", "label", "column", "unit", "kind", "shown", "sortable", "filterable", "wide")
    return [
        {name: getattr(field, name) for name in names}
        | {"start": field.start, "down": field.largest_first, "doc": field.doc}
        for field in FIELDS
    ]
