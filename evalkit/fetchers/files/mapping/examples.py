"""The examples of an experiment, collected while its runs stream by, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any
from weakref import finalize

import orjson

from evalkit.errors import ConfigError
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.content import dumps
from evalkit.model.schema.records import example_to_record, read_record

IN_MEMORY = 16 << 20


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
        text = dumps(example_to_record(example))
        known = self._seen.get(example.example_id)
        if known is None:
            self._seen[example.example_id] = hash(text)
            self._file.write(text + b"\n")
        elif known != hash(text):
            self._findings.note(
                "example that comes with different inputs or references; the first is kept",
                example.example_id,
            )

    def __iter__(self) -> Iterator[Example]:
        self._file.seek(0)
        for line in self._file:
            example = _example(orjson.loads(line))
            if isinstance(example, Example):
                yield example


def _example(record: dict[str, Any]) -> Run | Example:
    """Return the example of a record that we wrote: only one without a usable id is checked."""
    if not isinstance(record.get("example_id"), str):
        return read_record(record, "example")
    del record["kind"]
    split = record.pop("split", None)
    return Example(**record, split=tuple(split) if isinstance(split, list) else split)


class Dataset:
    """Examples given in a file of their own; runs find theirs by id, else by equal inputs.

    Inputs that several examples have are no way to find one: such runs have no example, and that
    is said. All of them are held in memory, as JSON text: objects would take twenty times as much.
    """

    def __init__(self, examples: Iterable[Example], who: str, *, subset: bool = False) -> None:
        self._who = who
        self._subset = subset
        self._by_id: dict[str, bytes] = {}
        self._by_inputs: dict[str, str | None] = {}
        """The example of these inputs; None: several have them."""
        self.ambiguous = 0
        """Runs whose inputs are those of several examples."""
        self._answered: set[str] = set()
        self._lost: str | None = None
        """The id of a run's example that is not here."""
        for example in examples:
            example_id, key = example.example_id, digest(example.inputs)
            is_new = example_id not in self._by_id
            if is_new:
                self._by_id[example_id] = dumps(example_to_record(example))
            known = self._by_inputs.setdefault(key, example_id)
            if known is None or (is_new and known == example_id):
                continue
            if self._example(known).reference_outputs != example.reference_outputs:
                self._by_inputs[key] = None

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
            named = None if key is None else self._by_inputs.get(key)
            if named is None and key in self._by_inputs:
                self.ambiguous += 1
                return None
            self._lost = self._lost or (f"{example_id}" if named is None else None)
            example_id = named
        if example_id is None:
            return None
        self._answered.add(example_id)
        return self._example(example_id)

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
        """Yield the examples: all, or with `subset` those that some run answered.

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
                yield self._example(example_id)

    def unanswered(self) -> Iterator[Example]:
        """Yield the examples no run answered; none with `subset`."""
        return (each for each in self.kept() if each.example_id not in self._answered)
