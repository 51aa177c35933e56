"""Cases: rows of a harness's results become runs, numbered where an example was run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.scores import feedback_of
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Score

Line = Mapping[str, Any]


class Cases:
    """Makes runs of the rows of one experiment; equal examples are told apart by their order."""

    def __init__(self, reading: Reading, source: str) -> None:
        self._reading, self._source = reading, source
        self._repetitions: Counter[str] = Counter()

    def item(
        self,
        row: Any,
        where: str,
        *,
        example_id: str,
        scores: Iterable[Score] = (),
        reference: Any = None,
        about: Mapping[str, Any] | None = None,
        repetition: int | None = None,
        **fields: Any,
    ) -> Item:
        """Return the run of a row and put its example into the book.

        `about` is the example's metadata; `repetition` is counted where the source has no number.
        """
        number = self._repetitions[example_id] if repetition is None else repetition
        self._repetitions[example_id] += 1
        run_id = str(fields.pop("run_id", None) or digest([row, example_id, number]))
        self._reading.book.add(
            Example(
                example_id=example_id,
                inputs=fields.get("inputs"),
                reference_outputs=reference,
                metadata=dict(about or {}),
            )
        )
        given: dict[str, Any] = {"run_id": run_id, "example_id": example_id, "repetition": number}
        fields.setdefault("status", "error" if fields.get("error") else "success")
        fields.setdefault("steps_recorded", bool(fields.get("steps")))
        said = (each for each in scores if each.score is not None or each.value is not None)
        run = Run(**given, **fields, feedback=feedback_of(said, self._source, **given))
        return Item(run, digest(row), where)


def documents(files: Iterable[SourceFile], reading: Reading) -> Iterator[tuple[Any, str]]:
    """Yield every document, line or element of the files, with its place."""
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            yield row.value, row.where


def score(key: str, value: Any, comment: Any = None, **metadata: Any) -> Score:
    """Return a score as a harness wrote it: a number, a verdict or a word."""
    number = value if isinstance(value, bool | int | float) else None
    return Score(
        key=key,
        score=number,
        value=value if number is None else None,
        comment=None if comment is None else str(comment),
        metadata={name: each for name, each in metadata.items() if each is not None},
    )


def wrapped(value: Any, name: str) -> Any:
    """Return a payload as an object, where it is none under a name of its own."""
    return value if value is None or isinstance(value, Mapping) else {name: value}
