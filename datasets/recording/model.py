"""A language model without a language model: reads a question with rules, errs with a seeded dice.

It streams its answer word by word, reports its usage, asks for tools and reads passages: everything
an evaluation looks at is there, and the same seed always gives the same words.
"""

import asyncio
import json
import random
import re

from langchain_core.language_models.chat_models import BaseChatModel, LangSmithParams
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

STOP = {
    "a",
    "an",
    "the",
    "is",
    "are",
    "was",
    "be",
    "to",
    "of",
    "in",
    "for",
    "on",
    "at",
    "by",
    "my",
    "i",
    "it",
    "do",
    "does",
    "what",
    "how",
    "when",
    "which",
    "and",
    "or",
    "may",
    "can",
    "me",
    "please",
}
SYNONYMS = {
    "money": "refund payment",
    "postage": "ship free",
    "house": "charge",
    "package": "parcel",
    "vanished": "lost",
    "shelter": "tent",
    "laundry": "machine wash",
    "puffy": "down",
    "coat": "jacket",
    "clean": "wash",
    "close": "open store",
    "weekend": "saturdays",
    "cheaper": "lower price",
    "elsewhere": "another shop",
}
SLIPS = {"easy": 0.03, "medium": 0.12, "hard": 0.25}


def words(text):
    return {word.rstrip("s") for word in re.findall(r"[a-z0-9-]+", text.lower())} - STOP


def meant(text):
    """Return the words that mean the same, for those who think of them."""
    return words(" ".join(SYNONYMS.get(word, "") for word in text.lower().strip("?.").split()))


def best_sentence(question, passages, dice, slip):
    sentences = [s for p in passages for s in re.split(r"(?<=[.;])\s", p) if s]
    asked = words(question) | meant(question)
    ranked = sorted(sentences, key=lambda s: -len(words(s) & asked))
    if not ranked or len(words(ranked[0]) & asked) < 2:
        # Hardly a word in common: a careful model admits it, the other half of the time it invents.
        if dice.random() < 0.5:
            return "I am sorry, I do not know that."
        return f"Usually that takes around {dice.randint(11, 29)} weeks."
    return ranked[1] if len(ranked) > 1 and dice.random() < slip else ranked[0]


def wanted_calls(question, results, candidate):
    """Return the tool calls still to make, given the results so far (name -> content)."""
    order = re.search(r"\bfo[- ]?(\d{4})\b", question, re.I)
    if order:
        # The baseline copies the id as typed; the shop's system wants FO-1234.
        order_id = f"FO-{order[1]}" if candidate or "order_status" in results else order[0]
        if "order_status" not in results or "unknown order" in results["order_status"]:
            return [("order_status", {"order_id": order_id})]
        known = results["order_status"]
        if "refund" in question.lower() and "refund" not in results:
            return [
                (
                    "refund",
                    {"order_id": order_id, "amount": float(re.search(r"total ([\d.]+)", known)[1])},
                )
            ]
        if "track" in question.lower() and "track" not in results:
            return [("track", {"carrier": re.search(r"carrier (\w+)", known)[1]})]
        return []
    if (
        post := re.search(r"postage for ([\d.]+) (kg|g) to (\w+)", question)
    ) and "postage" not in results:
        kilograms = float(post[1]) / (1 if post[2] == "kg" or candidate else 1000)
        return [("postage", {"country": post[3], "kilograms": kilograms})]
    if "in stock" in question and "check_stock" not in results:
        skus = re.findall(r"\b[a-z]+-\w+\b", question)
        return [("check_stock", {"sku": sku}) for sku in (skus[:1] if candidate else skus)]
    return []


class SupportModel(BaseChatModel):
    """The two versions differ: `candidate` is faster and cheaper, cleans order ids, takes grams for
    kilograms, and asks for the stock of the first product only."""

    version: str
    seed: str
    difficulty: str = "medium"

    @property
    def _llm_type(self):
        return "scripted"

    @property
    def model_name(self):
        return "larch-small" if self.version == "candidate" else "larch-large"

    def _get_ls_params(self, stop=None, **_):
        return LangSmithParams(
            ls_provider="larch", ls_model_name=self.model_name, ls_model_type="chat"
        )

    def _think(self, messages):
        start = max(i for i, m in enumerate(messages) if m.type == "human")
        question = str(messages[start].content)
        tools = [m for m in messages[start:] if m.type == "tool"]
        dice = random.Random(f"{self.seed}/{len(messages)}")
        results = {m.name: str(m.content) for m in tools if m.status == "success"}
        failures = [m for m in tools if m.status == "error"]
        calls = wanted_calls(
            question,
            {**{m.name: str(m.content) for m in failures}, **results},
            self.version == "candidate",
        )
        calls = [] if len(failures) > 1 else calls
        if calls:
            return (
                "",
                [
                    {"name": n, "args": a, "id": f"call-{dice.getrandbits(40):010x}"}
                    for n, a in calls
                ],
                dice,
            )
        if tools:
            said = "; ".join(str(m.content) for m in tools if m.status == "success")
            return (
                f"I checked that for you: {said}." if said else "I could not find that out, sorry.",
                [],
                dice,
            )
        passages = [
            m.content.split("\n", 1)[1]
            for m in messages
            if m.type == "system" and "\n" in m.content
        ]
        passages = passages[0].split("\n") if passages else []
        slip = SLIPS[self.difficulty] * (0.8 if self.version == "candidate" else 1)
        return f"{best_sentence(question, passages, dice, slip)} Thank you for asking!", [], dice

    async def _astream(self, messages, stop=None, run_manager=None, **_):
        text, calls, dice = self._think(messages)
        first, per_word = (0.16, 0.008) if self.version == "candidate" else (0.28, 0.014)
        await asyncio.sleep(first * dice.lognormvariate(0, 0.35))
        parts = re.findall(r"\S+\s*", text) or [""]
        read = sum(len(str(m.content)) for m in messages) // 4 + 40
        for i, part in enumerate(parts):
            last = i == len(parts) - 1
            wrote = len(parts) * 4 // 3 + 18 * len(calls)
            message = AIMessageChunk(
                content=part,
                id=f"ai-{self.seed.replace('/', '-')}-{len(messages)}",
                tool_call_chunks=[
                    {"name": c["name"], "args": json.dumps(c["args"]), "id": c["id"], "index": n}
                    for n, c in enumerate(calls)
                ],
                usage_metadata={
                    "input_tokens": read,
                    "output_tokens": wrote,
                    "total_tokens": read + wrote,
                }
                if last
                else None,
                response_metadata={
                    "model_name": self.model_name,
                    "finish_reason": "tool_calls" if calls else "stop",
                }
                if last
                else {},
            )
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                await run_manager.on_llm_new_token(part, chunk=chunk)
            yield chunk
            await asyncio.sleep(per_word)

    def _generate(self, messages, stop=None, run_manager=None, **_) -> ChatResult:
        raise NotImplementedError("the graph streams")
