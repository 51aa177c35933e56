"""Quick records: LangSmith's records with payloads as they were parsed, and their steps' order."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import msgspec
import orjson
from msgspec import Raw, Struct

from evalkit.fetchers.langsmith.convert.run import KINDS
from evalkit.model.schema.batch import Odd
from evalkit.model.schema.quick import NULL, given


class Base(Struct, gc=False):
    """The fields of a record that have a home in the model."""

    id: str
    name: str | None = None
    run_type: str | None = None
    trace_id: Any = None
    parent_run_id: str | None = None
    parent_run_ids: list[str] | None = None
    dotted_order: str = ""
    session_id: Any = None
    project_id: Any = None
    start_time: str | None = None
    end_time: str | None = None
    first_token_time: str | None = None
    status: str | None = None
    error: str | None = None
    inputs: Any = None
    outputs: Any = None
    extra: Any = None
    metadata: Any = None
    events: Any = None
    tags: list[str] | None = None
    reference_example_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_cost: float | str | None = None
    completion_cost: float | str | None = None
    total_cost: float | str | None = None
    prompt_token_details: Any = None
    completion_token_details: Any = None
    prompt_cost_details: Any = None
    completion_cost_details: Any = None
    app_path: str | None = None
    attachments: Any = None
    latency_seconds: Any = None
    is_root: Any = None
    thread_id: str | None = None


class Meta(Struct, gc=False, rename={"gen_ai": "gen_ai.request.model", "llm": "llm.model_name"}):
    """What the model asks of metadata."""

    model: str | None = None
    ls_model_name: str | None = None
    model_name: str | None = None
    gen_ai: str | None = None
    llm: str | None = None
    langgraph_node: str | None = None
    thread_id: str | None = None
    session_id: str | None = None
    conversation_id: str | None = None
    assistant_id: str | None = None


class Known:
    """What of metadata is asked for each record."""

    __slots__ = ("meta", "named", "node")

    def __init__(self, meta: Meta) -> None:
        names = (meta.model, meta.ls_model_name, meta.model_name, meta.gen_ai, meta.llm)
        self.meta, self.node = meta, meta.langgraph_node
        self.named = next(filter(None, names), None)


NO_META = Known(Meta())
Beside = tuple[bytes | None, Known, bytes]
_decode_extra = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_meta = msgspec.json.Decoder(Meta).decode


def taken_apart(text: bytes) -> Beside:
    """Return the parts of what LangSmith calls `extra`."""
    if text == b"null":
        return None, NO_META, b""
    try:
        fields = _decode_extra(text)
        metadata = bytes(fields.pop("metadata", NULL))
        left = [orjson.dumps(k) + b":" + bytes(v) for k, v in fields.items() if given(v)]
        beside = b'{"extra":{' + b",".join(left) + b"}}" if left else b""
        if metadata in (b"null", b"{}"):
            return None, NO_META, beside
        return metadata, Known(_decode_meta(metadata)), beside
    except msgspec.DecodeError as error:
        raise Odd(str(error)) from None


def in_order(root: Any) -> tuple[list[Any], list[str]]:
    """Return the steps in the order of their `dotted_order`, each with the id it hangs under."""
    records: list[Any] = []
    waiting = list(root.child_runs)
    while waiting:
        record = waiting.pop()
        if record.child_runs:
            waiting += record.child_runs
        records.append(record)
    records.sort(key=attrgetter("dotted_order"))
    ids, paths, parents = [root.id], [root.dotted_order + "."], []
    seen = {root.id}
    for record in records:
        dotted, above, step_id = record.dotted_order, paths[-1], record.id
        while not dotted.startswith(above):
            ids.pop(), paths.pop()
            if not paths:
                raise Odd("a tree that does not hold together")
            above = paths[-1]
        parent = ids[-1]
        stated = record.parent_run_ids[-1] if record.parent_run_ids else above[-37:-1]
        if stated != parent or step_id in seen or dotted.find(".", len(above)) >= 0:
            raise Odd("a tree that does not hold together")
        parents.append(parent)
        seen.add(step_id)
        ids.append(step_id)
        paths.append(dotted + ".")
    return records, parents


def kind_of(record: Any, known: Known, metadata: bytes | None) -> tuple[str, bytes | None]:
    """Return the kind of a step, and its metadata with what LangSmith called it."""
    run_type = record.run_type or ""
    kind = KINDS.get(run_type) or KINDS.get(run_type := run_type.lower())
    if kind is None:
        said = b'"ls_run_type":' + orjson.dumps(run_type) + b"}"
        if metadata is None:
            return "other", b"{" + said
        if b'"ls_run_type"' in metadata:
            raise Odd("metadata that says `ls_run_type` itself")
        return "other", metadata[:-1] + b"," + said
    if kind == "chain" and known.node == record.name:
        if record.name is None:
            raise Odd("a chain without a name")
        kind = "node"
    return kind, metadata
