"""Chat messages become steps: a model call for each answer, a tool call for each call in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.mapping.convert import to_error
from evalkit.fetchers.files.mapping.counts import read_usage
from evalkit.model.message import Message, ToolCall, parse_arguments, read_message
from evalkit.model.step import Step

Draft = dict[str, Any]


def chat_steps(raw: Iterable[Any]) -> list[Step]:
    """Return the llm and tool steps of a conversation, in order.

    A model step holds what was new before it (`inputs.messages`) and what it said
    (`outputs.messages`). A tool step stands where it was called; the answer is found by
    `tool_call_id`, else by name, else by order. A call nobody answered stays, without outputs.
    """
    chat = _Chat()
    for item in _flat(raw):
        message = read_message(item)
        if message is None:
            continue
        if message["role"] == "assistant":
            chat.answer(item, message)
        elif message["role"] == "tool":
            chat.tool_result(item, message)
        else:
            chat.new.append(item)
    return [Step(**draft) for draft in chat.drafts]


class _Chat:
    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.new: list[Any] = []
        """Messages since the last answer."""
        self._open: list[tuple[ToolCall, Draft]] = []

    def answer(self, raw: Mapping[str, Any], message: Message) -> None:
        model = _model(raw)
        usage = message.get("usage_metadata")
        self._add(
            kind="llm",
            name=message.get("name") or model or "model",
            inputs={"messages": self.new} if self.new else None,
            outputs={"messages": [raw]},
            usage=read_usage(usage) if isinstance(usage, dict) else None,
            metadata={"model": model} if model else {},
        )
        self.new = []
        for call in message.tool_calls:
            self._open.append((call, self._call(call)))

    def tool_result(self, raw: Mapping[str, Any], message: Message) -> None:
        self.new.append(raw)
        draft = self._find(raw, message)
        failed = message.get("status") == "error"
        draft["outputs"] = message.get("content")
        draft["error"] = to_error(raw.get("error")) or (message.text if failed else None)

    def _find(self, raw: Mapping[str, Any], message: Message) -> Draft:
        """Return the call this answers, or a new one when nobody asked."""
        embedded = _embedded(raw)
        wanted = message.get("tool_call_id") or (embedded.id if embedded else None)
        name = message.get("name") or raw.get("function") or (embedded.name if embedded else None)
        for at, (call, draft) in enumerate(self._open):
            fits = call.id == wanted if wanted and call.id else name in (None, call.name)
            if fits:
                del self._open[at]
                return draft
        return self._call(embedded or ToolCall(name=name or "tool", arguments=None, id=wanted))

    def _call(self, call: ToolCall) -> Draft:
        metadata = {"tool_call_id": call.id} if call.id else {}
        return self._add(kind="tool", name=call.name, inputs=call.arguments, metadata=metadata)

    def _add(self, **fields: Any) -> Draft:
        draft = {"step_id": str(len(self.drafts)), **fields}
        self.drafts.append(draft)
        return draft


def _flat(raw: Iterable[Any]) -> Iterator[Any]:
    """Undo batches, and make one tool message of each result block of an Anthropic message."""
    for item in raw:
        if isinstance(item, list):
            yield from _flat(item)
            continue
        content = item.get("content") if isinstance(item, dict) else None
        blocks = content if isinstance(content, list) else []
        results = [block for block in blocks if _is_result(block)]
        if not results:
            yield item
            continue
        yield from ({"role": "user", "content": [block]} for block in results)
        rest = [block for block in blocks if not _is_result(block)]
        if rest:
            yield {**item, "content": rest}


def _is_result(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_result"


def _embedded(raw: Mapping[str, Any]) -> ToolCall | None:
    """Some logs repeat the call inside its answer (`tool_call: {function, args}`)."""
    call: Any = raw.get("tool_call")
    if not isinstance(call, dict):
        return None
    function: Any = call.get("function") or call.get("name")
    arguments = call.get("args", call.get("arguments"))
    if isinstance(function, dict):
        function, arguments = function.get("name"), function.get("arguments", arguments)
    if not isinstance(function, str):
        return None
    return ToolCall(name=function, arguments=parse_arguments(arguments), id=call.get("id"))


def _model(raw: Mapping[str, Any]) -> str | None:
    """Return the model's name where the message tells."""
    response: Any = raw.get("response_metadata")
    places: tuple[Mapping[str, Any], ...] = (raw, response if isinstance(response, dict) else {})
    for place in places:
        for key in ("model", "model_name"):
            value = place.get(key)
            if isinstance(value, str) and value:
                return value
    return None
