"""Step: one thing that happened inside a run: a node, a model call, a tool call, a retrieval."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from weakref import ref

from evalkit.model.langsmith.attributes import answering
from evalkit.model.langsmith.step import LangSmithStep
from evalkit.model.parents import parents_of
from evalkit.model.row import Row
from evalkit.model.timing import seconds_between
from evalkit.model.usage import Usage

StepKind = Literal["llm", "tool", "retriever", "node", "chain", "agent", "guardrail", "other"]
KINDS: tuple[StepKind, ...] = (
    "llm",
    "tool",
    "retriever",
    "node",
    "chain",
    "agent",
    "guardrail",
    "other",
)
STEP_FIELDS = (
    "step_id",
    "parent_id",
    "kind",
    "name",
    "inputs",
    "outputs",
    "error",
    "started_at",
    "ended_at",
    "first_token_at",
    "duration_s",
    "usage",
    "metadata",
    "tags",
)
MODEL_KEYS = ("model", "ls_model_name", "model_name", "gen_ai.request.model", "llm.model_name")
MODEL_KEYS_SET = frozenset(MODEL_KEYS)
STORED = frozenset(STEP_FIELDS)


class Step(Row, LangSmithStep):
    """One step of a run: read-only; times are aware UTC datetimes, `parent_id` a step or `None`."""

    __slots__ = (*STEP_FIELDS, "__weakref__", "_children", "_owner", "_parent")

    step_id: str
    parent_id: str | None
    kind: str
    name: str
    inputs: Any
    outputs: Any
    error: str | None
    started_at: datetime | None
    ended_at: datetime | None
    first_token_at: datetime | None
    duration_s: float | None
    usage: Usage | None
    metadata: dict[str, Any]
    tags: list[str]
    _children: tuple[Step, ...] | None
    _owner: ref[Any] | None
    _parent: ref[Step] | None

    def __init__(
        self,
        *,
        step_id: str,
        kind: str = "other",
        name: str = "",
        parent_id: str | None = None,
        inputs: Any = None,
        outputs: Any = None,
        error: str | None = None,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        first_token_at: datetime | None = None,
        duration_s: float | None = None,
        usage: Usage | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        values: tuple[Any, ...] = (
            step_id,
            parent_id,
            kind,
            name,
            inputs,
            outputs,
            error,
            started_at,
            ended_at,
            first_token_at,
            duration_s,
            usage,
            dict(metadata or {}),
            list(tags),
            None,
            0,
        )
        for set_value, value in zip(FILLED, values, strict=True):  # a fetch makes very many steps
            set_value(self, value)

    def __getattr__(self, name: str) -> Any:
        if name in STORED and (source := self._source) is not None:
            value = source[name](self._row)
            if name == "outputs" or name == "inputs":
                value = answering(value)
            self._setters[name](self, value)
            return value
        if name in ("_owner", "_children", "_parent"):
            return None  # a step of the store is linked to its neighbours when they are asked for
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"Step({self.kind} {self.name!r}, step_id={self.step_id!r})"

    @property
    def latency(self) -> float | None:
        """Seconds from start to end, or as the source stated; `None` when neither was recorded."""
        if self._source is not None:
            value: float | None = self._source["latency"](self._row)
            return value
        return seconds_between(self.started_at, self.ended_at, self.duration_s)

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from start to the first token, where that was recorded."""
        return seconds_between(self.started_at, self.first_token_at, None)

    @property
    def model(self) -> str | None:
        """The model's name, where the metadata tells."""
        if self._source is not None:
            value: str | None = self._source["model"](self._row)
            return value
        return model_name(self.metadata)

    @property
    def children(self) -> tuple[Step, ...]:
        """The steps directly inside this one, in start order."""
        self._link()
        return self._children or ()

    @property
    def parent(self) -> Step | None:
        """The step this one happened in; `None` at the top."""
        self._link()
        return self._parent() if self._parent is not None else None

    @property
    def ancestors(self) -> tuple[Step, ...]:
        """The steps around this one, innermost first."""
        found: list[Step] = []
        step = self.parent
        while step is not None:
            found.append(step)
            step = step.parent
        return tuple(found)

    @property
    def descendants(self) -> tuple[Step, ...]:
        """All steps inside this one, pre-order."""
        return tuple(each for child in self.children for each in (child, *child.descendants))

    @property
    def path(self) -> tuple[str, ...]:
        """Names from the outermost ancestor down to this step."""
        return tuple(step.name for step in (*reversed(self.ancestors), self))

    @property
    def depth(self) -> int:
        """How many steps surround this one."""
        return len(self.ancestors)

    def _link(self) -> None:
        if self._children is None and self._owner is not None:
            run = self._owner()
            if run is not None:
                link(run.steps)

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in STEP_FIELDS}

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy of a step takes its run along, so that it still knows its place."""
        run = self._run()
        if run is None:
            return _rebuilt, (self._fields(),)
        return _inside, (run, self.step_id)


def _rebuilt(fields: dict[str, Any]) -> Step:
    return Step(**fields)


def _inside(run: Any, step_id: str) -> Step:
    """Return a step of a copied run, which the step keeps alive."""
    step: Step = next(each for each in run.steps if each.step_id == step_id)
    link(run.steps)
    Step._setters["_owner"](step, lambda: run)
    return step


FILLED = tuple(Step._setters[name] for name in (*STEP_FIELDS, "_source", "_row"))


def link(steps: Sequence[Step]) -> None:
    """Tell every step its children and its parent; a parent that is not there makes a top step."""
    parents = parents_of([step.step_id for step in steps], [step.parent_id for step in steps])
    inside: dict[str, list[Step]] = {}
    for step, place in zip(steps, parents, strict=True):
        if place >= 0:
            inside.setdefault(steps[place].step_id, []).append(step)
    setters = Step._setters
    for step, place in zip(steps, parents, strict=True):
        setters["_parent"](step, ref(steps[place]) if place >= 0 else None)
        setters["_children"](step, tuple(inside.get(step.step_id, ())))


def model_name(metadata: Mapping[str, Any] | None) -> str | None:
    """Return the model's name under any of the keys sources use."""
    if not metadata or MODEL_KEYS_SET.isdisjoint(metadata):
        return None
    for key in MODEL_KEYS:
        value = metadata.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def select(
    steps: Iterable[Step],
    name: str | None = None,
    kind: str | None = None,
    where: Callable[[Step], bool] | None = None,
) -> list[Step]:
    """Return the steps that fit every condition given; `name` may end or begin with `*`."""
    if name is not None and "*" in name:
        pattern = re.compile(".*".join(map(re.escape, name.split("*"))) + r"\Z", re.DOTALL)
        steps = [step for step in steps if pattern.match(step.name)]
    elif name is not None:
        steps = [step for step in steps if step.name == name]
    if kind is not None:
        steps = [step for step in steps if step.kind == kind]
    return list(steps) if where is None else [step for step in steps if where(step)]
