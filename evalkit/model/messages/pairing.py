"""Pairing: which answer belongs to which call, by id where there are ids, else by name and order.

Ids need not be unique: some models count their calls anew in every turn. So calls are paired with
the answers that follow them before the model speaks again; what is then left over waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalkit.model.messages.message import Message, ToolCall, plain_result


@dataclass(slots=True)
class Asked:
    """A call of a conversation, where it was made, and the message that answers it."""

    call: ToolCall
    at: int
    """The place of the message that asks for it."""
    answer: Message | None = None

    def answered(self) -> ToolCall:
        """Return the call with what came back; unanswered it stays as it was asked."""
        if self.answer is None:
            return self.call
        failed = self.answer.get("status") == "error"
        return ToolCall(
            name=self.call.name,
            arguments=self.call.arguments,
            id=self.call.id,
            result=plain_result(self.answer.get("content")),
            error=(self.answer.text or "error") if failed else None,
        )


def pair_tool_calls(messages: Sequence[Message]) -> list[ToolCall]:
    """Return the calls the messages ask for, each with the answer that belongs to it."""
    return [asked.answered() for asked in pair(messages)[0]]


def pair(messages: Sequence[Message]) -> tuple[list[Asked], list[tuple[int, Message]]]:
    """Return the calls with their answers, and the answers (with their places) nobody asked for."""
    every: list[Asked] = []
    waiting: list[Asked] = []
    answers: list[tuple[int, Message]] = []
    lost: list[tuple[int, Message]] = []
    for at, message in enumerate(messages):
        if message["role"] == "tool":
            answers.append((at, message))
            continue
        if answers and message["role"] == "assistant":
            lost += _settle(waiting, answers)
            answers = []
        if "tool_calls" in message:
            made = [Asked(call, at) for call in message.tool_calls]
            every += made
            waiting += made
    lost += _settle(waiting, answers)
    return every, _late(every, lost)


Place = tuple[int, Message]


def _settle(waiting: list[Asked], answers: list[Place]) -> list[Place]:
    """Give answers to the calls that wait for them; return those that found none."""
    if _by_their_ids(waiting, answers):
        return []
    left = _give(waiting, answers, _id_of, lambda call, key: call.id is not None and call.id == key)
    if not left:
        return left
    left = _give(waiting, left, _name_of, lambda call, key: call.name == key, loose=True)
    unnamed = [pair for pair in left if _name_of(pair[1]) is None]
    rest = _give(waiting, unnamed, lambda _: "", lambda _, __: True, loose=True)
    return [pair for pair in left if pair in rest or _name_of(pair[1]) is not None]


def _by_their_ids(waiting: list[Asked], answers: list[Place]) -> bool:
    """Give every answer to the one call of its id; False where it takes more than that."""
    by_id = {each.call.id: each for each in waiting}
    if len(by_id) < len(waiting) or None in by_id:
        return False
    keys = [_id_of(answer) for _, answer in answers]
    if len(set(keys)) < len(keys) or not by_id.keys() >= set(keys):
        return False
    for key, (_, answer) in zip(keys, answers, strict=True):
        by_id[key].answer = answer
    waiting[:] = [each for each in waiting if each.answer is None]
    return True


def _give(
    waiting: list[Asked],
    answers: list[Place],
    key_of: Callable[[Message], str | None],
    takes: Callable[[ToolCall, str], bool],
    *,
    loose: bool = False,
) -> list[Place]:
    """Pair what has the same key, in order; `loose`: only where one of the two has no id."""
    by_key: dict[str, list[Place]] = {}
    for place in answers:
        if (key := key_of(place[1])) is not None:
            by_key.setdefault(key, []).append(place)
    taken: set[int] = set()
    for key, given in by_key.items():
        nameless = any(_id_of(answer) is None for _, answer in given)
        asked = [
            each
            for each in waiting
            if takes(each.call, key) and (not loose or nameless or each.call.id is None)
        ]
        for each, (at, answer) in zip(_latest(asked, len(given)), given, strict=False):
            each.answer = answer
            waiting.remove(each)
            taken.add(at)
    return [place for place in answers if place[0] not in taken]


def _latest(asked: list[Asked], wanted: int) -> list[Asked]:
    """Return the calls that `wanted` answers are for: those of the last messages, in order."""
    if wanted >= len(asked):
        return asked
    chosen: list[Asked] = []
    for place in sorted({each.at for each in asked}, reverse=True):
        chosen = [each for each in asked if each.at == place] + chosen
        if len(chosen) >= wanted:
            break
    return chosen


def _id_of(answer: Message) -> str | None:
    key = answer.get("tool_call_id")
    return None if key is None else str(key)


def _name_of(answer: Message) -> str | None:
    name = answer.get("name")
    return name if isinstance(name, str) else None


def _late(every: list[Asked], lost: list[Place]) -> list[Place]:
    """Give answers that stand in front of their call to it, where the id leaves no doubt."""
    kept = []
    for place in lost:
        key = _id_of(place[1])
        asked = [each for each in every if key is not None and each.call.id == key]
        if len(asked) == 1 and asked[0].answer is None:
            asked[0].answer = place[1]
        else:
            kept.append(place)
    return kept
