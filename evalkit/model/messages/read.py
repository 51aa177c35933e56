"""Read: records of any common form become messages of one form; what is not read is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from evalkit.model.messages.blocks import block_name
from evalkit.model.messages.build import build, join, openai_call
from evalkit.model.messages.envelope import ROLES, Envelope, open_envelope
from evalkit.model.messages.fields import as_id
from evalkit.model.messages.message import Message
from evalkit.model.messages.part import Unread


@dataclass(slots=True)
class Group:
    """The messages that belong together, and the records they were read from."""

    records: list[Any]
    messages: list[Message]
    open: bool = False
    """Whether an item of the same answer may follow."""


def read_messages(raw: Any, unread: Unread | None = None) -> list[Message]:
    """Read a list of messages (or one) of any common form; what is no message is left out.

    One record may hold several messages (a call and its answer), and several records may be one
    message (items of OpenAI's Responses). Names of what is left out are counted in `unread`.
    """
    if type(raw) is not list and isinstance(raw, (dict, Mapping)) and "messages" in raw:
        raw = raw["messages"]
    return [message for group in read_groups(raw, unread) for message in group.messages]


def read_message(raw: Any) -> Message | None:
    """Read one message, or return `None` when `raw` is none; of several the first."""
    if isinstance(raw, Message):
        return raw
    found = read_messages([raw]) if isinstance(raw, Mapping) else []
    return found[0] if found else None


def read_groups(raw: Any, unread: Unread | None = None) -> list[Group]:
    """Read messages as `read_messages` does, kept together by the record they come from."""
    unread = Counter() if unread is None else unread
    groups: list[Group] = []
    for item in _records(raw):
        if isinstance(item, Message):
            groups.append(Group([item], [item]))
            continue
        plain = _plainly(item) if isinstance(item, dict) else None
        if plain is not None:
            groups.append(Group([item], [plain]))
            continue
        opened = open_envelope(item) if isinstance(item, (dict, Mapping)) else _pair(item)
        if opened is None:
            if item not in (None, ""):
                unread[block_name(item)] += 1
            continue
        _add(groups, item, list(opened), unread)
    return groups


NESTED = 8
"""Lists in lists that are looked through; what lies deeper is no conversation."""


def _records(raw: Any, within: int = 0) -> Iterator[Any]:
    """Yield the records of a list, of lists in it (a batch) and of a list written as text."""
    if type(raw) is not list:  # as most are: to ask whether it is a mapping is not for free
        if isinstance(raw, str) and raw.lstrip()[:1] in ("[", "{"):
            try:
                raw = orjson.loads(raw)
            except ValueError:
                return
        if isinstance(raw, (dict, Mapping)):
            raw = [raw]
        if not isinstance(raw, (list, Sequence)) or isinstance(raw, str | bytes):
            return
    for item in raw:
        if isinstance(item, list) and within < NESTED and not _is_pair(item):
            yield from _records(item, within + 1)
        else:
            yield item


def _is_pair(item: Any) -> bool:
    """Say whether `["user", "hi"]` stands for a message, as LangChain has it."""
    two = isinstance(item, list | tuple) and len(item) == 2
    return two and all(isinstance(each, str) for each in item) and item[0].lower() in ROLES


def _pair(item: Any) -> Iterator[Envelope] | None:
    if not _is_pair(item):
        return None
    return iter([Envelope(ROLES[item[0].lower()], {}, item[1])])


PLAIN_ROLES = {"user": "user", "assistant": "assistant", "system": "system"}
WRAPPED = frozenset(("role", "message.role", "data", "lc"))
"""Keys that make a record with a `message` in it something else than a choice."""
ANSWER_KEYS = frozenset(("role", "content", "tool_call_id", "name"))
PLAIN_KEYS = frozenset(("role", "content", "id", "tool_calls", "refusal", "name"))


def _plainly(raw: dict[str, Any]) -> Message | None:
    """Read the commonest forms: a message, or what a choice of an answer holds it in."""
    inner = raw.get("message")
    if type(inner) is dict and inner.get("role") == "assistant" and WRAPPED.isdisjoint(raw):
        return _plain(inner)
    return _plain(raw)


def _plain(raw: dict[str, Any]) -> Message | None:
    """Read the commonest form without a detour; `None`: it is another."""
    role = raw.get("role")
    if role == "tool" and ANSWER_KEYS.issuperset(raw):
        return _plain_answer(raw)
    if type(role) is not str or role not in PLAIN_ROLES or not PLAIN_KEYS.issuperset(raw):
        return None
    content = raw.get("content")
    calls = raw.get("tool_calls")
    if (content is None and not calls) or (content is not None and type(content) is not str):
        return None
    if raw.get("refusal"):
        return None
    message = Message(role=role, content=content)
    if raw.get("id") is not None:
        message["id"] = raw["id"]
    if raw.get("name") is not None:
        message["name"] = raw["name"]
    if calls:
        made = [_as_call(call) for call in calls if type(call) is dict]
        if len(made) != len(calls) or None in made:
            return None
        message["tool_calls"] = made
    return message


def _plain_answer(raw: dict[str, Any]) -> Message | None:
    """Read what a tool said, as OpenAI has it; `None`: it takes a longer look."""
    content, key, name = raw.get("content"), raw.get("tool_call_id"), raw.get("name")
    if type(content) is not str or type(key) is not str or not (name is None or type(name) is str):
        return None
    message = Message(role="tool", content=content)
    if name is not None:
        message["name"] = name
    message["tool_call_id"] = key
    return message


def _as_call(raw: dict[str, Any]) -> dict[str, Any] | None:
    """Return a call of OpenAI's or LangChain's form in OpenAI's."""
    function = raw.get("function")
    if type(function) is dict:
        name, arguments = function.get("name"), function.get("arguments")
    elif function is None and "args" in raw and "error" not in raw:
        name, arguments = raw.get("name"), raw["args"]
    else:
        return None
    if type(name) is not str or (arguments is None and "args" in raw):
        return None
    return openai_call(name, arguments, as_id(raw.get("id")))


def _add(groups: list[Group], item: Any, opened: list[Envelope], unread: Unread) -> None:
    """Add what a record holds; an item that goes on with the last one's answer joins it."""
    messages = [message for envelope in opened for message in build(envelope, unread)]
    part = bool(opened) and opened[0].item and opened[0].role == "assistant"
    last = groups[-1] if groups else None
    if last is None or not (part and last.open):
        groups.append(Group([item], messages, open=part))
        return
    last.records.append(item)
    both = (last.messages[-1:], messages[:1])
    if all(each and each[0]["role"] == "assistant" for each in both):
        join(last.messages[-1], messages.pop(0))
    last.messages.extend(messages)
