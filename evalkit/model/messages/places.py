"""Places: where the payloads of runs and steps hold messages, whatever the client called them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evalkit.model.messages.message import Message
from evalkit.model.messages.part import Unread
from evalkit.model.messages.read import read_messages

WHOLE = ("messages", "all_messages", "contents", "conversation", "chat_history", "history")
"""Keys under which a payload holds a conversation."""
ANSWERS = ("choices", "candidates", "generations", "output", "message", "response", "content",
           "input", "new_messages")  # fmt: skip
"""Keys under which a client's request or response holds what was asked or answered."""

APART = ("system", "system_instruction", "systemInstruction", "instructions")
INSTRUCTIONS = frozenset(APART)
"""Keys under which a request keeps the system prompt apart from its messages."""


def messages_in(payload: Any, unread: Unread | None = None) -> list[Message]:
    """Return the messages a payload holds: a list, a state, a request or a client's response."""
    found = conversation_in(payload, unread) or answer_in(payload, unread)
    if found and isinstance(payload, (dict, Mapping)):
        return [*_instructions(payload), *found]
    return found


def conversation_in(payload: Any, unread: Unread | None = None) -> list[Message]:
    """Return the conversation a payload holds, as a list or under one of the usual names."""
    if isinstance(payload, list):
        plain = all(isinstance(each, int | float | None) for each in payload)
        return [] if plain else read_messages(payload, unread)  # numbers are no messages
    if isinstance(payload, (dict, Mapping)):
        for name in WHOLE:
            held = payload.get(name)
            if held and isinstance(held, (list, dict, str, Mapping)):
                found = read_messages(held, unread if name == "messages" else None)
                if found or name == "messages":
                    return found
    return []


def answer_in(payload: Any, unread: Unread | None = None) -> list[Message]:
    """Return the messages in a client's response: OpenAI's choices, Gemini's candidates ..."""
    if not isinstance(payload, (dict, Mapping)):
        return []
    if isinstance(payload.get("role"), str) and (found := read_messages(payload, unread)):
        return found
    for name in ANSWERS:
        held = payload.get(name)
        if held is None:
            continue  # most names, and asking what it is costs more than all the rest
        while isinstance(held, list) and len(held) == 1 and isinstance(held[0], list):
            held = held[0]
        if isinstance(held, list | tuple):
            held = held[:1] if name in ("choices", "candidates", "generations") else held
            if not all(isinstance(each, (dict, Mapping)) for each in held):
                continue
        elif not isinstance(held, Mapping):
            continue
        seen: Unread = Counter()
        found = read_messages(held, seen) if isinstance(held, list) else messages_in(held, seen)
        if found:
            if unread is not None:
                unread.update(seen)
            return found
    found = read_messages([payload])
    return found


def _instructions(payload: Mapping[str, Any]) -> list[Message]:
    """Return the system prompt where a request keeps it apart from its messages."""
    for name in APART:
        held = payload.get(name)
        if held is None:
            continue
        if isinstance(held, str) and held:
            return [Message(role="system", content=held)]
        if isinstance(held, list) and held:
            return read_messages([{"role": "system", "content": held}])
        if isinstance(held, Mapping) and isinstance(held.get("parts"), list):
            return read_messages([{"role": "system", "parts": held["parts"]}])
    return []
