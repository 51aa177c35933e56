"""Build: an opened record becomes messages; answers inside it become messages of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.model.messages.blocks import block_name, read_block
from evalkit.model.messages.envelope import Envelope
from evalkit.model.messages.fields import first, words
from evalkit.model.messages.message import Message, arguments_text
from evalkit.model.messages.part import BLOCK, Answer, Call, Part, Unread
from evalkit.model.messages.tools import is_failure, read_call

THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thought", "tool_plan")
USAGE = ("usage_metadata", "usage", "models_usage")


@dataclass(slots=True)
class Draft:
    """A message in the making: what stands between two answers of one record."""

    blocks: list[Any] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.blocks or self.calls)


def build(envelope: Envelope, unread: Unread) -> list[Message]:
    """Return the messages of one record, in order."""
    if envelope.answers:
        return [_answer(answer) for answer in envelope.answers]
    calls = _beside(envelope.calls, unread)
    content = envelope.content
    if isinstance(content, Mapping) and envelope.role != "tool":
        content = [content]
    if not isinstance(content, list):
        return [_finished(envelope, Draft(calls=calls), content, whole=True)]
    read = [(block, read_block(block)) for block in content]
    if envelope.role == "tool" and not any(_has_answer(atoms) for _, atoms in read):
        return [_finished(envelope, Draft(), content, whole=True)]
    made = _parted(read, calls, unread)
    if len(made) == 1 and isinstance(made[0], Draft):
        return [_finished(envelope, made[0], envelope.content, whole=envelope.recorded)]
    drafts = [each for each in made if isinstance(each, Draft)]
    return [
        _answer(each)
        if isinstance(each, Answer)
        else _finished(envelope, each, each.blocks, whole=envelope.recorded, head=each is drafts[0])
        for each in made
    ]


def openai_call(name: str, arguments: Any, key: str | None) -> dict[str, Any]:
    """Return a call in OpenAI's form, whose arguments are JSON text."""
    function = {"name": name, "arguments": arguments_text(arguments)}
    return {"id": key, "type": "function", "function": function}


def _has_answer(atoms: Iterable[Any] | None) -> bool:
    return atoms is not None and any(isinstance(atom, Answer) for atom in atoms)


def _parted(
    read: list[tuple[Any, Any]], calls: list[dict[str, Any]], unread: Unread
) -> list[Draft | Answer]:
    """Part blocks at the answers among them; calls that stand beside the content come first."""
    known = {call["id"] for call in calls}
    current = Draft(calls=list(calls))
    made: list[Draft | Answer] = []
    for block, atoms in read:
        if atoms is None:
            unread[BLOCK + block_name(block)] += 1
        if not atoms:
            current.blocks.append(block)
            continue
        held = False
        for atom in atoms:
            if isinstance(atom, Answer):
                made += [current, atom] if current else [atom]
                current = Draft()
                continue
            if isinstance(atom, Part):
                current.parts.append(atom)
            elif not calls or (atom.id and atom.id not in known):
                current.calls.append(_call(atom))
            if not held:
                current.blocks.append(block)
                held = True
    return [*made, current] if current or not made else made


def _beside(listed: list[Any], unread: Unread) -> list[dict[str, Any]]:
    calls = []
    for raw in listed:
        atoms = read_call(raw) if isinstance(raw, Mapping) else []
        if raw and isinstance(raw, Mapping) and "toolInvocation" not in raw and "state" in raw:
            atoms = atoms[:1]
        if not atoms:
            unread[f"a tool call of {block_name(raw)}"] += 1
        calls += [_call(atom) for atom in atoms if isinstance(atom, Call)]
    return calls


def _call(call: Call) -> dict[str, Any]:
    made = openai_call(call.name, call.arguments, call.id)
    return made | {"error": call.error} if call.error else made


def _answer(answer: Answer) -> Message:
    message = Message(role="tool", content=answer.content)
    if answer.id is not None:
        message["tool_call_id"] = answer.id
    if answer.name:
        message["name"] = answer.name
    if answer.failed:
        message["status"] = "error"
    return message


def _finished(
    envelope: Envelope, draft: Draft, content: Any, *, whole: bool, head: bool = True
) -> Message:
    """Return the message of a draft; `whole`: its content is kept as it was recorded."""
    body = envelope.body
    role = "assistant" if draft.calls and envelope.role == "user" else envelope.role
    parts = draft.parts
    if not whole and isinstance(content, list):
        content = _written(parts)
    message = Message(role=role, content=content)
    if head:
        _about(message, body)
    if draft.calls:
        message["tool_calls"] = draft.calls
    for kind, beside in (("reasoning", THOUGHTS), ("refusal", ("refusal",))):
        said = [part.text for part in parts if part.kind == kind]
        if head and role == "assistant" and not said:
            said = [_beside_words(body, beside)]
        if text := "\n".join(filter(None, said)):
            message[kind] = text
    return message


def _written(parts: list[Part]) -> Any:
    """Return parts as content: text where there is nothing else, `None` where there is none."""
    shown = [part for part in parts if part.kind not in ("reasoning", "refusal")]
    if all(part.kind == "text" for part in shown):
        return "".join(part.text for part in shown) if shown else None
    return [part.to_block() for part in shown]


def _beside_words(body: Mapping[str, Any], names: tuple[str, ...]) -> str:
    more = body.get("additional_kwargs")
    for place in (body, more if isinstance(more, Mapping) else {}):
        for name in names:
            if said := words(place.get(name)):
                return said
    return ""


def _about(message: Message, body: Mapping[str, Any]) -> None:
    """Copy what the record says about the message as a whole."""
    for name in ("id", "name", "tool_call_id", "status"):
        if body.get(name) is not None:
            message[name] = body[name]
    usage = first(body, USAGE)
    if isinstance(usage, Mapping):
        message["usage_metadata"] = dict(usage)
    if message["role"] == "tool":
        _about_answer(message, body)
    pictures = body.get("images") or body.get("experimental_attachments")
    if isinstance(pictures, list) and pictures:
        message["content"] = [*_blocks(message.get("content")), *map(_picture, pictures)]


def _about_answer(message: Message, body: Mapping[str, Any]) -> None:
    """Say which call a tool message answers, wherever that stands, and whether it failed."""
    more = body.get("additional_kwargs")
    asked = body.get("tool_call")
    places = [body, *(each for each in (more, asked) if isinstance(each, Mapping))]
    for place in places:
        key = first(place, ("tool_call_id", "toolCallId", "call_id"))
        if key is None and place is not body:
            key = place.get("id")
        if key is None and "toolName" in place:  # LangChain4j
            key = place.get("id")
        name = first(place, ("name", "tool_name", "toolName", "function"))
        if isinstance(name, Mapping):
            name = name.get("name")
        if key is not None:
            message.setdefault("tool_call_id", key)
        if isinstance(name, str):
            message.setdefault("name", name)
    if is_failure(body):
        message["status"] = "error"


def _picture(raw: Any) -> Any:
    if isinstance(raw, str):  # Ollama: the picture itself, base64
        return {"type": "image", "data": raw}
    mime = raw.get("contentType") if isinstance(raw, Mapping) else None
    return {"type": "file", "mime_type": mime, **raw} if isinstance(raw, Mapping) else raw


def join(message: Message, more: Message) -> None:
    """Make two items of one answer the one message they are."""
    for name in ("reasoning", "refusal"):
        if more.get(name):
            message[name] = "\n".join(filter(None, (message.get(name), more[name])))
    if more.get("tool_calls"):
        message["tool_calls"] = [*message.get("tool_calls", ()), *more["tool_calls"]]
    if more.get("content"):
        both = [message.get("content"), more["content"]]
        texts = [each for each in both if isinstance(each, str)]
        joined = "".join(texts) if len(texts) == 2 else [*_blocks(both[0]), *_blocks(both[1])]
        message["content"] = joined if both[0] else both[1]
    for name in ("id", "usage_metadata"):
        if more.get(name) is not None:
            message.setdefault(name, more[name])


def _blocks(content: Any) -> list[Any]:
    if isinstance(content, list):
        return content
    return [] if content in (None, "") else [{"type": "text", "text": content}]
