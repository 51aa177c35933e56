"""Run: one completed execution for one example, with what it did inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from weakref import ref

from evalkit.model import views
from evalkit.model.document import Document
from evalkit.model.langsmith.attributes import answering
from evalkit.model.langsmith.names import SourceExtra
from evalkit.model.langsmith.run import LangSmithRun
from evalkit.model.messages.message import Message, ToolCall
from evalkit.model.outcome import outcome_of
from evalkit.model.row import Row
from evalkit.model.score import Feedback
from evalkit.model.step import Step, select
from evalkit.model.timing import seconds_between
from evalkit.model.usage import Usage
from evalkit.model.views import Trajectory

T = TypeVar("T")
RUN_FIELDS = (
    "run_id", "thread_id", "assistant_id", "created_at", "updated_at", "status", "metadata",
    "multitask_strategy", "name", "inputs", "outputs", "error", "steps", "example_id", "repetition",
    "started_at", "ended_at", "first_token_at", "duration_s", "first_token_s", "usage", "tags",
    "interrupts", "attachments", "feedback", "url", "extra", "steps_recorded", "stopped",
)  # fmt: skip
STORED = frozenset(RUN_FIELDS)


class Run(Row, LangSmithRun):
    """One completed execution; read-only, whether just fetched or a row of the store.

    The first eight fields are those of the LangGraph SDK's `Run`, by name, type and meaning;
    a source that has no thread, assistant or strategy leaves them `None`.
    """

    __slots__ = (*RUN_FIELDS, "__weakref__", "_made", "_views")

    run_id: str
    thread_id: str | None
    assistant_id: str | None
    created_at: datetime | None
    updated_at: datetime | None
    status: str
    metadata: dict[str, Any] | None
    multitask_strategy: str | None
    name: str | None
    inputs: Any
    outputs: Any
    error: str | None
    steps: tuple[Step, ...]
    example_id: str | None
    repetition: int | None
    started_at: datetime | None
    ended_at: datetime | None
    first_token_at: datetime | None
    duration_s: float | None
    first_token_s: float | None
    usage: Usage | None
    tags: list[str]
    interrupts: tuple[Any, ...]
    attachments: dict[str, Any]
    feedback: tuple[Feedback, ...]
    url: str | None
    extra: dict[str, Any]
    steps_recorded: bool
    stopped: str | None
    _views: dict[str, Any]
    _made: dict[int, Step] | None
    """Of a run of the store, the steps made before all of them were asked for; then `None`."""

    def __init__(
        self,
        *,
        run_id: str,
        thread_id: str | None = None,
        assistant_id: str | None = None,
        created_at: datetime | None = None,
        updated_at: datetime | None = None,
        status: str = "success",
        metadata: Mapping[str, Any] | None = None,
        multitask_strategy: str | None = None,
        name: str | None = None,
        inputs: Any = None,
        outputs: Any = None,
        error: str | None = None,
        steps: Iterable[Step] = (),
        example_id: str | None = None,
        repetition: int | None = None,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        first_token_at: datetime | None = None,
        duration_s: float | None = None,
        first_token_s: float | None = None,
        usage: Usage | None = None,
        tags: Iterable[str] = (),
        interrupts: Iterable[Any] = (),
        attachments: Mapping[str, Any] | None = None,
        feedback: Iterable[Feedback] = (),
        url: str | None = None,
        extra: Mapping[str, Any] | None = None,
        steps_recorded: bool = True,
        stopped: str | None = None,
    ) -> None:
        values: tuple[Any, ...] = (
            run_id,
            thread_id,
            assistant_id,
            created_at,
            updated_at,
            status,
            None if metadata is None else dict(metadata),
            multitask_strategy,
            name,
            answering(inputs),
            answering(outputs),
            error,
            tuple(steps),
            example_id,
            repetition,
            started_at,
            ended_at,
            first_token_at,
            duration_s,
            first_token_s,
            usage,
            list(tags),
            tuple(interrupts),
            dict(attachments or {}),
            tuple(feedback),
            url,
            SourceExtra(extra or {}, metadata),
            steps_recorded,
            stopped,
            None,
            0,
            {},
            None,
        )
        for set_value, value in zip(FILLED, values, strict=True):
            set_value(self, value)
        owner = ref(self)
        set_owner = Step._setters["_owner"]
        for step in self.steps:
            set_owner(step, owner)

    def __getattr__(self, name: str) -> Any:
        if name in STORED and (source := self._source) is not None:
            value = source[name](self._row)
            if name == "steps":
                value = self._all(value)
            elif name == "outputs" or name == "inputs":
                value = answering(value)
            elif name == "extra":
                value = SourceExtra(value, self.metadata)
            _set[name](self, value)
            return value
        if name in ("_views", "_made"):
            value = {}
            _set[name](self, value)
            return value
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"Run({self.run_id!r}, {self.outcome})"

    @property
    def outcome(self) -> str:
        """How the run ended: `success error timeout cancelled paused running unknown`.

        A LangGraph run that stopped at an interrupt says `success` but is `paused`; one whose
        status is `interrupted` was cancelled. A status nobody knows is `unknown`, no success.
        """
        if self._source is not None:
            return str(self._source["outcome"](self._row))
        return outcome_of(self.status, self.error, self.stopped, bool(self.interrupts))

    @property
    def error_type(self) -> str | None:
        """The exception's class where the error's text tells, as in `ValueError('x')`."""
        return views.error_type(self.error)

    @property
    def latency(self) -> float | None:
        """Seconds from start to end, or as the source stated; `None` when not recorded."""
        if self._source is not None:
            value: float | None = self._source["latency"](self._row)
            return value
        return seconds_between(self.started_at, self.ended_at, self.duration_s)

    @property
    def queue_time(self) -> float | None:
        """Seconds the run waited before it started, where both times were recorded."""
        return seconds_between(self.created_at, self.started_at, None)

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from start to the first token, or as the source stated."""
        return seconds_between(self.started_at, self.first_token_at, self.first_token_s)

    @property
    def messages(self) -> list[Message]:
        """The chat messages of this run in OpenAI's form (dicts with attributes)."""
        return self._view("messages", views.messages)

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tools called, in order, with results: from tool steps, else from the messages.

        The list's `unread` names forms of messages that may hold more calls but are not read.
        """
        return self._view("tool_calls", views.tool_calls)

    @property
    def documents(self) -> list[Document]:
        """What the retriever steps returned, in order; ranks count within each retrieval."""
        return self._view("documents", views.documents)

    @property
    def trajectory(self) -> Trajectory:
        """The names of the tools called, in order; `.nodes` are the nodes visited."""
        return self._view("trajectory", views.trajectory)

    def find(
        self,
        name: str | None = None,
        kind: str | None = None,
        where: Callable[[Step], bool] | None = None,
    ) -> list[Step]:
        """Return the steps that fit every condition given, in order; `name` may hold `*`."""
        made, source = self._made, self._source
        if made is None or name is kind is None or (name is not None and "*" in name):
            return select(self.steps, name, kind, where)
        assert source is not None
        places = source["find", name, kind](self._row)
        # Those that fit are made and no others: most evaluators want few of many.
        steps: list[Step] = source["make"](places, ref(self), made) if places else []
        return steps if where is None else [step for step in steps if where(step)]

    def _all(self, places: Iterable[int]) -> tuple[Step, ...]:
        """Return all steps; those that were made before stay the same objects."""
        source = self._source
        assert source is not None
        steps = tuple(source["make"](places, ref(self), self._made))
        _set["_made"](self, None)
        return steps

    def _view(self, name: str, make: Callable[[Run], T]) -> T:
        known = self._views
        if name not in known:
            known[name] = make(self)
        view: T = known[name]
        return view

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold every field, decoded; steps belong to the copy."""
        fields = {name: getattr(self, name) for name in RUN_FIELDS if name != "steps"}
        return _rebuilt, (fields, [step._fields() for step in self.steps])


def _rebuilt(fields: dict[str, Any], steps: list[dict[str, Any]]) -> Run:
    return Run(**fields, steps=[Step(**each) for each in steps])


_set = Run._setters
FILLED = tuple(Run._setters[name] for name in (*RUN_FIELDS, "_source", "_row", "_views", "_made"))
