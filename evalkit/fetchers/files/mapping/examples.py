"""The examples of an experiment, collected while its runs stream by, in bounded memory."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any
from weakref import finalize

import msgspec
import orjson
from msgspec import Raw, Struct

from evalkit.errors import ConfigError
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.batch import ExampleRow, Odd, json_text
from evalkit.model.schema.content import dumps
from evalkit.model.schema.hashes import RowValues
from evalkit.model.schema.quick import NULL, given
from evalkit.model.schema.row_values import example_row, example_values
from evalkit.model.schema.written import example_to_record

IN_MEMORY = 16 << 20
OTHER = "example that comes with different inputs or references; the first is kept"


class ExampleBook:
    """Examples in the order they came, each once; beyond 16 MB they wait on disk."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seen: dict[str, int] = {}
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (lives as we do)
        finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, example_id: str) -> bool:
        return example_id in self._seen

    def add(self, example: Example) -> None:
        """Keep an example; the first of an id wins, a different second one is noted."""
        self.add_text(example.example_id, dumps(example_to_record(example)))

    def add_text(self, example_id: str, text: bytes) -> None:
        """Keep the example of a record that `dumps` has written."""
        known = self._seen.get(example_id)
        if known is None:
            self._seen[example_id] = hash(text)
            self._file.write(text + b"\n")
        elif known != hash(text):
            self._findings.note(OTHER, example_id)

    def offer(self, example_id: str, text: bytes) -> None:
        """Keep an example unless there is one of this id: more than its inputs may be known."""
        if example_id not in self._seen:
            self.add_text(example_id, text)

    def rows(self) -> Iterator[ExampleRow]:
        """Yield what iterating yields as rows, made of the texts without objects of examples."""
        self._file.seek(0)
        for line in self._file:
            yield ExampleRow(row_of_text(line))

    def __iter__(self) -> Iterator[Example]:
        self._file.seek(0)
        for line in self._file:
            example = _example(orjson.loads(line))
            if isinstance(example, Example):
                yield example


class ExampleLog(ExampleBook):
    """Examples as they come, for somebody else's book: nothing is decided or noted here."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        self.texts: list[tuple[str, bytes, bool]] = []
        self._same: dict[bytes, bytes] = {}

    def add_text(self, example_id: str, text: bytes) -> None:
        """Take down that an example came."""
        self._seen[example_id] = 0
        self.texts.append((example_id, self._same.setdefault(text, text), False))

    def offer(self, example_id: str, text: bytes) -> None:
        """Take down that an example would do, where no other came."""
        if example_id not in self._seen:
            self._seen[example_id] = 0
            self.texts.append((example_id, text, True))


def asked_text(example_id: str, inputs: bytes) -> bytes:
    """Return the record of an example of which only the inputs are known, as text of a store."""
    said = b"" if inputs == b"null" else b',"inputs":' + inputs
    return b'{"kind":"example","example_id":' + dumps(example_id) + said + b"}"


class _Record(Struct, forbid_unknown_fields=True, gc=False):
    kind: str
    example_id: str
    inputs: Raw = NULL
    reference_outputs: Raw = NULL
    metadata: Raw = NULL
    attachments: Raw = NULL
    split: str | list[str] | None = None
    extra: Raw = NULL


_decode = msgspec.json.Decoder(_Record).decode


def row_of_text(line: bytes) -> RowValues:
    """Return the row of an example that was written as a record."""
    try:
        one = _decode(json_text(line))
    except (Odd, msgspec.DecodeError):
        example = _example(orjson.loads(line))
        assert isinstance(example, Example)
        return example_row(example, Counter())
    splits = [] if one.split is None else [one.split] if isinstance(one.split, str) else one.split
    payloads = (
        *map(_body, (one.inputs, one.reference_outputs)),
        *map(_filled, (one.metadata, one.attachments)),
    )
    return example_values(one.example_id, [*splits], payloads, _filled(one.extra))


def _body(raw: Raw) -> bytes | None:
    return None if raw is NULL or bytes(raw) == b"null" else bytes(raw)


def _filled(raw: Raw) -> bytes | None:
    return bytes(raw) if given(raw) else None


def _example(record: dict[str, Any]) -> Run | Example:
    """Return the example of a record that we wrote: only one without a usable id is checked."""
    if not isinstance(record.get("example_id"), str):
        from evalkit.model.schema.records import read_record  # pydantic, which few examples need

        return read_record(record, "example")
    del record["kind"]
    split = record.pop("split", None)
    return Example(**record, split=tuple(split) if isinstance(split, list) else split)


class Dataset:
    """Examples given in a file of their own; runs find theirs by id, else by equal inputs.

    Inputs that several examples have are no way to find one: such runs have no example, and that
    is said. All of them are held in memory, as JSON text: objects would take twenty times as much.
    """

    def __init__(
        self,
        examples: Iterable[Example],
        who: str,
        *,
        subset: bool = False,
        other: Callable[[str], None] | None = None,
    ) -> None:
        self._who = who
        self._subset = subset
        self._by_id: dict[str, bytes] = {}
        self._by_inputs: dict[str, str | None] | None = None
        """The example of these inputs; None: several have them. Made when it is first asked."""
        self._again: list[tuple[int, bytes]] = []
        """Further examples of an id that was there, each with how many ids there were by then."""
        self.ambiguous = 0
        """Runs whose inputs are those of several examples."""
        self._answered: set[str] = set()
        self._lost: str | None = None
        """The id of a run's example that is not here."""
        self._whole: dict[bytes, str] = {}
        """By text that is not all of its example (nested too deeply), digest of its inputs."""
        for example in examples:
            changed: Counter[str] = Counter()
            text = dumps(example_to_record(example), changed)
            if changed:
                self._whole[text] = digest(example.inputs)
            if example.example_id in self._by_id:
                self._again.append((len(self._by_id), text))
                if other and text != self._by_id[example.example_id]:
                    other(example.example_id)
            else:
                self._by_id[example.example_id] = text

    def _index(self) -> dict[str, str | None]:
        """Return the example of given inputs, by their digest: most runs name theirs."""
        if self._by_inputs is None:
            self._by_inputs, again = {}, deque(self._again)
            for before, text in enumerate(self._by_id.values()):
                while again and again[0][0] <= before:
                    self._take(again.popleft()[1], self._by_inputs, is_new=False)
                self._take(text, self._by_inputs, is_new=True)
            for _, text in again:
                self._take(text, self._by_inputs, is_new=False)
        return self._by_inputs

    def _take(self, text: bytes, index: dict[str, str | None], *, is_new: bool) -> None:
        example = _example(orjson.loads(text))
        assert isinstance(example, Example)
        key = self._whole.get(text) or digest(example.inputs)
        known = index.setdefault(key, example.example_id)
        if known is None or (is_new and known == example.example_id):
            return
        if self._example(known).reference_outputs != example.reference_outputs:
            index[key] = None

    def _example(self, example_id: str) -> Example:
        found = _example(orjson.loads(self._by_id[example_id]))
        assert isinstance(found, Example)
        return found

    def has(self, example_id: str) -> bool:
        """Tell whether there is an example of this id."""
        return example_id in self._by_id

    def find(self, example_id: str | None, inputs: Any) -> Example | None:
        """Return the example of a run, which thereby is answered; None when there is none."""
        if example_id not in self._by_id:
            key = None if inputs is None else digest(inputs)
            index = {} if key is None else self._index()
            named = None if key is None else index.get(key)
            if named is None and key in index:
                self.ambiguous += 1
                return None
            self._lost = self._lost or (f"{example_id}" if named is None else None)
            example_id = named
        if example_id is None:
            return None
        self._answered.add(example_id)
        return self._example(example_id)

    def told(self) -> tuple[set[str], int, str | None]:
        """Return what was asked of it: examples answered, ambiguous runs, an id not found."""
        return self._answered, self.ambiguous, self._lost

    def hear(self, told: tuple[set[str], int, str | None]) -> None:
        """Take in what was asked of a copy."""
        self._answered |= told[0]
        self.ambiguous += told[1]
        self._lost = self._lost or told[2]

    def answer(self, example_id: str) -> None:
        """Take down that a run answered this example, which is there."""
        self._answered.add(example_id)

    def ambiguity(self) -> str | None:
        """Say of how many runs nobody knows the example, because several have their inputs."""
        if not self.ambiguous:
            return None
        return (
            f"{self.ambiguous:,} runs have the inputs of several examples with different "
            "references, so theirs is not known: map `example_id`"
        )

    def kept(self) -> Iterator[Example]:
        """Yield the examples of `kept_texts`."""
        return (self._example(example_id) for example_id, _ in self.kept_texts())

    def kept_texts(self) -> Iterator[tuple[str, bytes]]:
        """Yield id and record of all examples, or with `subset` of those that some run answered.

        Raises `ConfigError` when no run found its example: the ids are not the same ids.
        """
        if self._lost is not None and not self._answered:
            ours = ", ".join(repr(name) for name in list(self._by_id)[:3])
            raise ConfigError(
                f"{self._who}: no run finds its example: a run names {self._lost!r}, the dataset "
                f"has {ours}. Map `example_id` so that both say the same."
            )
        for example_id in self._by_id:
            if not self._subset or example_id in self._answered:
                yield example_id, self._by_id[example_id]

    def unanswered(self) -> Iterator[Example]:
        """Yield the examples no run answered; none with `subset`."""
        return (each for each in self.kept() if each.example_id not in self._answered)
