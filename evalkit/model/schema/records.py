"""Records: evalkit's own JSON Lines, one run or example a line, checked when read.

A line is a JSON object. `{"kind": "example", ...}` is an Example; any other line is a Run, whose
`kind` may be left out or be `"run"`. Field names are those of the model; times are ISO 8601 (or an
epoch), steps are a list in start order, children after their parents. Unknown keys of a run are
kept in `extra`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from evalkit.errors import RecordError
from evalkit.model.accounting.reader import read_usage
from evalkit.model.example import Example
from evalkit.model.outcome import Outcome
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.schema.written import usage_to_record
from evalkit.model.score import Feedback
from evalkit.model.step import KINDS, STEP_FIELDS, Step
from evalkit.model.timing import parse_time
from evalkit.model.usage import Usage

Time = Annotated[datetime | None, BeforeValidator(parse_time)]
Text = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
Id = Annotated[Text, Field(min_length=1)]
Payload = Any


class Record(BaseModel):
    """Base of all records: unknown keys are refused unless the record says otherwise."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class UsageRecord(Record):
    """Tokens and costs, under these names or any that providers use; others go to `details`."""

    model_config = ConfigDict(extra="allow")

    input_tokens: int | None = Field(None, description="Everything sent, cached parts included.")
    output_tokens: int | None = Field(None, description="Everything generated, reasoning included.")
    total_tokens: int | None = None
    input_cost: FiniteFloat | None = None
    output_cost: FiniteFloat | None = None
    total_cost: FiniteFloat | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    currency: str | None = Field(None, description="Of the costs: a code such as USD.")
    cost_source: str | None = Field(None, description="What costs were computed from, if so.")
    details: dict[str, Any] = Field(default_factory=dict)
    _read: Usage | None = PrivateAttr(None)

    @model_validator(mode="wrap")
    @classmethod
    def _by_any_name(cls, raw: Any, handler: Any) -> UsageRecord:
        read = read_usage(raw) if isinstance(raw, Mapping) else None
        record: UsageRecord = handler(raw if read is None else usage_to_record(read))
        record._read = read
        return record

    def to_model(self) -> Usage:
        """Return the value."""
        return self._read or Usage(details={**self.details, **(self.model_extra or {})})


class FeedbackRecord(Record):
    """A score the source had recorded."""

    key: Id
    score: bool | int | FiniteFloat | None = None
    value: Payload = None
    comment: str | None = None
    step_id: Text | None = None
    evaluator: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)


class StepRecord(Record):
    """One step of a run."""

    step_id: Id
    parent_id: Text | None = None
    kind: str = Field("other", description="One of " + ", ".join(KINDS) + "; others become other.")
    name: str = ""
    inputs: Payload = None
    outputs: Payload = None
    error: str | None = None
    started_at: Time = None
    ended_at: Time = None
    first_token_at: Time = None
    duration_s: FiniteFloat | None = None
    usage: UsageRecord | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)

    def to_model(self) -> Step:
        """Return the value."""
        values = {name: getattr(self, name) for name in STEP_FIELDS}
        values["usage"] = self.usage.to_model() if self.usage else None
        values["kind"] = self.kind if self.kind in KINDS else "other"
        return Step(**values)


class RunRecord(Record):
    """One run with its steps."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["run"] = "run"
    run_id: Id
    thread_id: Text | None = None
    assistant_id: Text | None = None
    created_at: Time = None
    updated_at: Time = None
    status: str = Field(
        "success", description="pending, running, error, success, timeout or interrupted."
    )
    metadata: dict[str, Any] | None = None
    multitask_strategy: str | None = None
    name: str | None = None
    inputs: Payload = None
    outputs: Payload = None
    error: str | None = None
    steps: list[StepRecord] | None = Field(None, description="Left out: steps were not recorded.")
    example_id: Text | None = None
    repetition: int | None = None
    started_at: Time = None
    ended_at: Time = None
    first_token_at: Time = None
    duration_s: FiniteFloat | None = None
    first_token_s: FiniteFloat | None = None
    usage: UsageRecord | None = None
    tags: list[str] = Field(default_factory=list)
    interrupts: list[Any] = Field(default_factory=list)
    attachments: dict[str, Any] = Field(default_factory=dict)
    feedback: list[FeedbackRecord] = Field(default_factory=list)
    url: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
    steps_recorded: bool | None = None
    stopped: Outcome | None = None

    def to_model(self) -> Run:
        """Return the value."""
        values = {name: getattr(self, name) for name in RUN_FIELDS}
        recorded = self.steps is not None if self.steps_recorded is None else self.steps_recorded
        values |= {
            "steps": [step.to_model() for step in self.steps or ()],
            "steps_recorded": recorded,
            "usage": self.usage.to_model() if self.usage else None,
            "feedback": [self._feedback(item) for item in self.feedback],
            "extra": {**self.extra, **(self.model_extra or {})},
        }
        return Run(**values)

    def _feedback(self, item: FeedbackRecord) -> Feedback:
        return Feedback(
            run_id=self.run_id,
            example_id=self.example_id,
            repetition=self.repetition,
            source="recorded",
            **item.model_dump(),
        )


class ExampleRecord(Record):
    """One dataset row."""

    kind: Literal["example"] = "example"
    example_id: Id = Field(validation_alias=AliasChoices("example_id", "id"))
    inputs: Payload = None
    reference_outputs: Payload = Field(
        None, validation_alias=AliasChoices("reference_outputs", "outputs")
    )
    metadata: dict[str, Any] = Field(default_factory=dict)
    split: str | list[str] | None = None
    attachments: dict[str, Any] = Field(default_factory=dict)
    extra: dict[str, Any] = Field(default_factory=dict)

    def to_model(self) -> Example:
        """Return the value."""
        split = tuple(self.split) if isinstance(self.split, list) else self.split
        values = self.model_dump(exclude={"kind", "split"})
        return Example(**values, split=split)


def read_record(raw: Mapping[str, Any], where: str) -> Run | Example:
    """Read one line's object; `where` (file:line) begins the message of a `RecordError`."""
    kind = raw.get("kind", "run")
    record: type[RunRecord | ExampleRecord] = ExampleRecord if kind == "example" else RunRecord
    try:
        return record.model_validate(raw).to_model()
    except ValidationError as error:
        raise RecordError(f"{where}: {explain(error, raw)}") from None


def explain(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """Say in one line which field of which run does not fit, and why."""
    first = error.errors(include_url=False)[0]
    path = ".".join(map(str, first["loc"])) or "record"
    who = raw.get("run_id") or raw.get("example_id") or raw.get("id")
    more = error.error_count() - 1
    rest = f" ({more} more)" if more else ""
    return f"run {who!r}, field {path}: {first['msg']}{rest}. Correct the record."


def record_to_run(raw: Mapping[str, Any], where: str = "record") -> Run:
    """Read a run from its record; one that does not fit raises `RecordError`."""
    run = read_record({**raw, "kind": "run"}, where)
    assert isinstance(run, Run)
    return run
