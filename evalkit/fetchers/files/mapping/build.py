"""Mapped values become a Run and the Example it answered; pure but for the repetition counter."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, NamedTuple

from evalkit.fetchers.files.mapping.convert import from_cell
from evalkit.fetchers.files.mapping.examples import Dataset
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.mapping import FieldMap
from evalkit.fetchers.files.mapping.messages import chat_steps
from evalkit.fetchers.files.mapping.scores import feedback_of, read_score, read_scores
from evalkit.fetchers.files.mapping.steps import read_steps
from evalkit.fetchers.numbers import Numbers
from evalkit.model.accounting.reader import read_usage
from evalkit.model.accounting.rollup import settled
from evalkit.model.example import Example
from evalkit.model.messages.part import Unread
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.model.usage import Usage
from evalkit.model.views import UNREAD

COPIED = (
    "name",
    "stopped",
    "created_at",
    "updated_at",
    "started_at",
    "ended_at",
    "first_token_at",
    "duration_s",
    "first_token_s",
    "tags",
    "thread_id",
    "assistant_id",
    "url",
    "interrupts",
    "attachments",
    "error",
)
Values = dict[str, Any]


class Built(NamedTuple):
    """A run and the example it answered."""

    run: Run
    example: Example | None
    of_dataset: bool = False
    """Whether the example is the dataset's, not made of this record."""


class Asked(NamedTuple):
    """What a run answered."""

    example: Example | None
    of_dataset: bool
    example_id: str | None
    inputs: Any
    repetition: int | None


class Builder:
    """Turns the values of one record after the other into runs."""

    def __init__(self, fields: FieldMap, source: str, repetitions: Numbers) -> None:
        self.fields = fields
        self.source = source
        self.dataset: Dataset | None = None
        self.of_steps: Counter[str] = Counter()
        """What keys of steps were taken for, or were not read at all."""
        self.repetitions = repetitions

    def build(self, values: Values, fingerprint: str, where: str, *, cells: bool = False) -> Built:
        """Return the run; `cells` says that values are text because the file holds only text."""
        run_id = values.get("run_id")
        example, theirs, example_id, inputs, repetition = self.asked(values)
        outputs = self.fields.whole(values, "outputs")
        unread: Unread = Counter()
        steps = self._steps(values, where, unread)
        settled_steps, usage = settled(steps or (), self.stated(values, where))
        run = Run(
            run_id=run_id or fingerprint,
            example_id=example_id,
            repetition=repetition,
            inputs=inputs,
            outputs=outputs,
            status=self.status(values),
            metadata=self.fields.whole(values, "metadata"),
            steps=settled_steps,
            steps_recorded=steps is not None,
            usage=usage,
            feedback=feedback_of(
                iter(self._scores(values, where, cells)),
                self.source,
                run_id=run_id or fingerprint,
                example_id=example_id,
                repetition=repetition,
            ),
            extra=self._extra(values, outputs, unread),
            **{name: values[name] for name in COPIED if name in values},
        )
        return Built(run, example, theirs)

    def asked(self, values: Values) -> Asked:
        """Return what a run answered, and which time it did so; each is to be asked once."""
        example, theirs = self._example(values)
        example_id = example.example_id if example else None
        inputs = self.fields.whole(values, "inputs")
        if inputs is None and example is not None:
            inputs = example.inputs
        return Asked(example, theirs, example_id, inputs, self._repetition(values, example_id))

    def status(self, values: Values) -> str:
        """Return the status; a record without the word that others have is no success by that."""
        stated: str | None = values.get("status")
        if stated or values.get("error"):
            return stated or "error"
        return "" if "status" in self.fields else "success"

    def _repetition(self, values: Values, example_id: str | None) -> int | None:
        if "repetition" in values or example_id is None:
            return values.get("repetition")
        return self.repetitions.next(example_id)

    def _steps(self, values: Values, where: str, unread: Unread) -> list[Step] | None:
        chat = partial(chat_steps, unread=unread)
        listed = partial(read_steps, said=self.of_steps)
        for name, read in (("steps", listed), ("messages", chat)):
            if name in values:
                try:
                    return read(values[name])
                except ValueError as error:
                    self.fields.by_name[name].fail(error, where)
        return None

    def stated(self, values: Values, where: str) -> Usage | None:
        """Return what the record says of the whole run."""
        stated = values.get("usage") or {}
        parts = {f.path[1]: values[f.name] for f in self.fields.parts("usage") if f.name in values}
        if not stated and not parts:
            return None
        try:
            return read_usage({**stated, **parts})
        except ValueError as error:
            self.fields.by_name["usage"].fail(error, where)
            return read_usage(parts)

    def _scores(self, values: Values, where: str, cells: bool) -> list[Score]:
        scores: list[Score] = []
        if "feedback" in values:
            try:
                scores += read_scores(values["feedback"])
            except ValueError as error:
                self.fields.by_name["feedback"].fail(error, where)
        for field in self.fields.parts("feedback"):
            value = values.get(field.name)
            scores += read_score(".".join(field.path[1:]), from_cell(value) if cells else value)
        return scores

    def _extra(self, values: Values, outputs: Any, unread: Unread) -> Values:
        """Keep the messages where the outputs do not already hold them."""
        extra = dict(self.fields.whole(values, "extra") or {})
        if unread:
            extra[UNREAD] = sorted(unread)
        messages = values.get("messages")
        held = outputs.get("messages") if isinstance(outputs, dict) else outputs
        if messages and held is not messages and held != messages:
            extra["messages"] = messages
        return extra

    def _example(self, values: Values) -> tuple[Example | None, bool]:
        """Return the example, and whether it is the dataset's; else it is made of the record."""
        example_id, inputs = values.get("example_id"), self.fields.whole(values, "inputs")
        if self.dataset is not None:
            theirs = self.dataset.find(example_id, inputs)
            if theirs is not None:
                return theirs, True
        if example_id is None and inputs is None:
            return None, False
        split: tuple[str, ...] = values.get("split") or ()
        made = Example(
            example_id=example_id or digest(inputs),
            inputs=inputs,
            reference_outputs=self.fields.whole(values, "reference_outputs"),
            metadata=self.fields.whole(values, "example_metadata") or {},
            split=split[0] if len(split) == 1 else split or None,
        )
        return made, False

    @property
    def repeats(self) -> bool:
        """Whether repetitions were counted, and an example was answered more than once."""
        return self.repetitions.repeats

    def inferred(self) -> list[str]:
        """Say which fields were derived because the mapping does not give them."""
        said = []
        if "run_id" not in self.fields:
            said.append("run_id: a hash of the record")
        if "example_id" not in self.fields and "inputs" in self.fields:
            said.append("example_id: a hash of the inputs")
        if "repetition" not in self.fields and self.repetitions.seen:
            said.append("repetition: counted per example, in the order of the records")
        if "status" not in self.fields:
            said.append("status: success unless there is an error")
        return said
