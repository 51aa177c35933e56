"""Told: the conversation that model steps tell, each of which may repeat what came before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from evalkit.model.messages.message import Message
from evalkit.model.messages.part import Unread
from evalkit.model.messages.places import answer_in, conversation_in, messages_in


def of_exchanges(
    exchanges: Iterable[tuple[Any, Any]], unread: Unread | None = None
) -> list[Message]:
    """Return one conversation out of what models were asked and what they answered, in order.

    A client sends the whole history with every call, so a message of the inputs is new only when
    it comes more often there than it was seen. Inputs that hold no answer of a model repeat
    nothing, so tool results in them are always new.
    """
    told: list[Message] = []
    known: Counter[tuple[Any, ...]] = Counter()
    for asked, answered in exchanges:
        inputs = messages_in(asked, unread)
        history = any(message["role"] == "assistant" for message in inputs)
        here: Counter[tuple[Any, ...]] = Counter()
        for message in inputs:
            key = _key(message)
            here[key] += 1
            if here[key] > known[key] or (not history and message["role"] == "tool"):
                known[key] += 1
                told.append(message)
        found = answer_in(answered, unread) or conversation_in(answered, unread)
        for message in found:
            known[_key(message)] += 1
            told.append(message)
    return told


def _key(message: Message) -> tuple[Any, ...]:
    """Return what makes a message the same in two places, ids and form left out."""
    calls = tuple((call["function"]["name"], call["id"]) for call in message.get("tool_calls", ()))
    return message["role"], message.text, calls, str(message.get("tool_call_id"))
