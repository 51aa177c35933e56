"""One trace of the API becomes one run: the same words as Langfuse's exports, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from evalkit.fetchers.files.formats.langfuse import to_run as exported
from evalkit.fetchers.files.mapping.convert import to_moment, to_number
from evalkit.fetchers.files.mapping.traces import payload
from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run

Payload = Mapping[str, Any]
CUT = 200
"""Characters at which the API cuts values of metadata that were not asked for whole."""
TEXTS = ("CATEGORICAL", "TEXT", "CORRECTION")


@dataclass(slots=True)
class Trace:
    """What was fetched of one trace."""

    trace_id: str
    observations: dict[str, Payload] = field(default_factory=dict)
    scores: dict[str, Payload] = field(default_factory=dict)
    item: Payload | None = None
    """The row of the experiment."""

    @property
    def root(self) -> Payload | None:
        """The first logical root; one may have a parent that is outside the application."""
        roots = [each for each in self.observations.values() if is_root(each)]
        return min(roots, key=lambda each: str(each.get("startTime")), default=None)

    @property
    def ended(self) -> bool:
        """Whether the root is there and has ended."""
        root = self.root
        return root is not None and root.get("endTime") is not None


class Converted(NamedTuple):
    """A run, its example, and the observations whose parent is missing."""

    run: Run
    example: Example | None
    orphans: int


def is_root(raw: Payload) -> bool:
    """Tell whether an observation is a logical root."""
    said = raw.get("isRootObservation")
    return bool(said) if said is not None else not raw.get("parentObservationId")


def to_run(trace: Trace, repetitions: Counter[str]) -> Converted:
    """Return the run of a trace; one of an experiment answers the experiment's item."""
    root, item = trace.root or {}, trace.item or {}
    whole = {
        "id": trace.trace_id,
        "timestamp": root.get("startTime"),
        "name": root.get("traceName") or root.get("name"),
        "sessionId": root.get("sessionId"),
        "tags": root.get("tags"),
        "input": item.get("input") if item.get("input") is not None else root.get("input"),
        "output": item.get("output") if item.get("output") is not None else root.get("output"),
        "metadata": _metadata(root, item),
        "updatedAt": _updated(trace),
        "scores": [to_score(each) for each in trace.scores.values()],
    }
    counted: Counter[str] = Counter() if item else repetitions
    run, example, orphans = exported(
        whole, [_plain(o) for o in trace.observations.values()], counted
    )
    if not item:
        return Converted(run, example, orphans)
    example_id = str(item["experimentItemId"])
    values = {name: getattr(run, name) for name in RUN_FIELDS}
    values |= {"example_id": example_id, "repetition": repetitions[example_id]}
    repetitions[example_id] += 1
    values["feedback"] = tuple(
        each.__class__(
            **{**_fields(each), "example_id": example_id, "repetition": values["repetition"]}
        )
        for each in run.feedback
    )
    return Converted(Run(**values), to_example(item), orphans)


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def to_example(item: Payload) -> Example:
    """Return the example that an item of an experiment holds."""
    return Example(
        example_id=str(item["experimentItemId"]),
        inputs=payload(item.get("input")),
        reference_outputs=payload(item.get("expectedOutput")),
        metadata=dict(item.get("experimentItemMetadata") or {}),
    )


def _metadata(root: Payload, item: Payload) -> dict[str, Any]:
    """Return what the root says of itself and its trace, with what the experiment says of it."""
    named = {
        "environment": root.get("environment"),
        "release": root.get("release"),
        "version": root.get("version"),
        "user_id": root.get("userId"),
    }
    told = {name: value for name, value in named.items() if value not in (None, "")}
    return {**told, **(item.get("metadata") or {}), **(root.get("metadata") or {})}


def _updated(trace: Trace) -> str | None:
    """Return when anything of the trace changed last, so that late observations are a change."""
    every = [*trace.observations.values(), *trace.scores.values()]
    times = [str(each["updatedAt"]) for each in every if each.get("updatedAt")]
    moments = {moment: text for text in times if (moment := to_moment(text)) is not None}
    return moments[max(moments)] if moments else None


def _plain(raw: Payload) -> Payload:
    """Return an observation as exports have it: a logical root hangs under nothing."""
    found = dict(raw)
    if is_root(raw):
        found["parentObservationId"] = None
    waited, began = to_number(raw.get("timeToFirstToken")), to_moment(raw.get("startTime"))
    if raw.get("completionStartTime") is None and waited is not None and began is not None:
        found["completionStartTime"] = (began + timedelta(seconds=waited)).isoformat()
    if raw.get("promptName"):
        prompt = {"prompt_name": raw["promptName"], "prompt_version": raw.get("promptVersion")}
        found["metadata"] = {**(raw.get("metadata") or {}), **prompt}
    return found


def to_score(raw: Payload) -> Payload:
    """Return a score of API v3 as exports have it."""
    subject, kind = raw.get("subject") or {}, str(raw.get("dataType"))
    value = raw.get("value")
    return {
        "name": raw.get("name"),
        "value": None if kind in TEXTS else value,
        "stringValue": value if kind in TEXTS else None,
        "dataType": kind,
        "comment": raw.get("comment"),
        "source": raw.get("source"),
        "observationId": subject.get("id") if subject.get("kind") == "observation" else None,
    }


def cut_keys(observations: Iterable[Payload], whole: Sequence[str]) -> set[str]:
    """Return the keys of metadata whose values may have been cut."""
    return {
        str(key)
        for each in observations
        for key, value in (each.get("metadata") or {}).items()
        if isinstance(value, str) and CUT <= len(value) <= CUT + 3 and key not in whole
    }
