"""Chat messages become steps: a model call for each answer, a tool call for each call in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.fetchers.files.mapping.convert import to_error
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.messages.message import Message, ToolCall, parse_arguments, plain_result
from evalkit.model.messages.pairing import Asked, pair
from evalkit.model.messages.part import Unread
from evalkit.model.messages.read import Group, read_groups
from evalkit.model.step import Step

Draft = dict[str, Any]


def chat_steps(raw: Iterable[Any], unread: Unread | None = None) -> list[Step]:
    """Return the llm and tool steps of a conversation, in order.

    A model step holds what was new before it (`inputs.messages`) and what it said
    (`outputs.messages`). A tool step stands where it was called; the answer is found by
    `tool_call_id`, else by name, else by order. A call nobody answered stays, without outputs.
    Forms that are not read are counted in `unread`.
    """
    groups = read_groups(raw, unread)
    asked, lost = pair([message for group in groups for message in group.messages])
    return [Step(**draft) for draft in _Chat(asked, [at for at, _ in lost]).drafts_of(groups)]


class _Chat:
    def __init__(self, asked: list[Asked], lost: list[int]) -> None:
        self.drafts: list[Draft] = []
        self.new: list[Any] = []
        """Records since the last answer."""
        self._asked: dict[int, list[Asked]] = {}
        for each in asked:
            self._asked.setdefault(each.at, []).append(each)
        self._lost = set(lost)
        self._records: dict[int, Any] = {}
        """The record each answer was read from, by the message's identity."""

    def drafts_of(self, groups: Iterable[Group]) -> list[Draft]:
        """Return the steps of all messages; those of one record are one call of the model."""
        groups = list(groups)
        for group in groups:
            record = group.records[0]
            for message in group.messages:
                self._records[id(message)] = record
        at = 0
        for group in groups:
            said = [m for m in group.messages if m["role"] == "assistant"]
            if said:
                self._model(group.records, said)
            else:
                self.new += group.records
            for message in group.messages:
                for each in self._asked.get(at, ()):
                    self._answer(self._call(each.call), each.answer)
                if at in self._lost:
                    self._unasked(message)
                at += 1
        return self.drafts

    def _model(self, records: list[Any], said: list[Message]) -> None:
        raw = records[0]
        model = _model(raw) if isinstance(raw, Mapping) else None
        usage = said[0].get("usage_metadata")
        self._add(
            kind="llm",
            name=said[0].get("name") or model or "model",
            inputs={"messages": self.new} if self.new else None,
            outputs={"messages": records},
            usage=usage_or_note(usage),
            metadata={"model": model} if model else {},
        )
        self.new = []

    def _answer(self, draft: Draft, message: Message | None) -> None:
        if message is None:
            return
        raw = self._records.get(id(message), message)
        failed = message.get("status") == "error"
        stated = to_error(raw.get("error")) if isinstance(raw, Mapping) else None
        draft["outputs"] = plain_result(message.get("content"))
        draft["error"] = stated or ((message.text or "error") if failed else None)

    def _unasked(self, message: Message) -> None:
        """Make a call of an answer that nobody asked for; some logs repeat the call inside it."""
        raw = self._records.get(id(message), message)
        name, key = message.get("name"), message.get("tool_call_id")
        call = _embedded(raw) or ToolCall(name=name or "tool", arguments=None, id=key)
        self._answer(self._call(call), message)

    def _call(self, call: ToolCall) -> Draft:
        metadata = {"tool_call_id": call.id} if call.id else {}
        return self._add(
            kind="tool",
            name=call.name,
            inputs=call.arguments,
            error=call.error,
            metadata=metadata,
        )

    def _add(self, **fields: Any) -> Draft:
        draft = {"step_id": str(len(self.drafts)), **fields}
        self.drafts.append(draft)
        return draft


def _embedded(raw: Any) -> ToolCall | None:
    """Return the call that some logs repeat inside its answer (`tool_call: {function, args}`)."""
    call: Any = raw.get("tool_call") if isinstance(raw, Mapping) else None
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
