"""Client: asks an endpoint that speaks OpenAI's chat completions, and copes with what it lacks."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from evalkit.errors import AuthenticationFailed
from evalkit.evaluators.judge.errors import JudgeError, JudgeRefused
from evalkit.evaluators.judge.session import Answer, Session
from evalkit.evaluators.judge.settings import JudgeSettings
from evalkit.fetchers.http.answers import HttpError
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.http.transport import httpx
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.messages.message import text_of
from evalkit.model.usage import Usage

PIECES = re.compile(r"[A-Za-z]{1,8}|\d{1,3}|[^\sA-Za-z\d]")
OUTPUT_GUESS = 120
Body = dict[str, Any]


def guess_tokens(text: str) -> int:
    """Return about how many tokens a text has: word pieces, digits by three, signs one by one."""
    return len(PIECES.findall(text)) + 4


class ChatClient:
    """One endpoint with one judge's settings; used from several threads at once."""

    def __init__(
        self,
        settings: JudgeSettings,
        response_format: Mapping[str, Any],
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"authorization": f"Bearer {settings.key}"} if settings.key else {}
        self.settings = settings
        self._http = HttpSource(
            settings.url,
            headers,
            source=f"judge {settings.model}",
            timeout=settings.timeout,
            limit=RateLimit(settings.per_second),
            concurrency=settings.concurrency,
            transport=transport,
        )
        self._format = response_format
        self._turns = threading.BoundedSemaphore(settings.concurrency)
        self._without: set[str] = set()
        self._refused: AuthenticationFailed | None = None

    def ask(self, messages: list[Body], session: Session) -> Answer:
        """Return the endpoint's answer, from the session's cache where the request is known."""
        body = self._body(messages)
        known = session.known(session.key(self.settings.url, body))
        if known is not None:
            session.ledger.hit()
            return known
        with self._turns:
            return self._paid(body, session)

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def is_known(self, messages: list[Body], session: Session) -> bool:
        """Say whether this was asked and answered before."""
        return session.known(session.key(self.settings.url, self._body(messages))) is not None

    def keep(self, messages: list[Body], answer: Answer, session: Session) -> None:
        """Remember an answer that was of the right form."""
        session.keep(session.key(self.settings.url, self._body(messages)), answer)

    def _paid(self, body: Body, session: Session) -> Answer:
        guessed = sum(guess_tokens(str(m["content"])) for m in body["messages"])
        most = self.settings.cost(2 * guessed, self.settings.max_tokens)
        session.ledger.reserve(most)
        answer: Answer | None = None
        try:
            answer = self._read(self._post(body), guessed)
            return answer
        finally:
            tokens = (answer.input_tokens, answer.output_tokens) if answer else (0, 0)
            session.ledger.settle(most, answer.cost if answer else 0.0, tokens, guessed)

    def _body(self, messages: list[Body]) -> Body:
        settings = self.settings
        body: Body = {
            "model": settings.model,
            "messages": messages,
            "max_tokens": settings.max_tokens,
            "response_format": self._format,
        }
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        if settings.seed is not None:
            body["seed"] = settings.seed
        return {**body, **settings.extra}

    def _post(self, body: Body) -> Any:
        """Post, leaving out one by one what the endpoint says it does not take."""
        while True:
            if self._refused is not None:
                raise self._refused
            try:
                return self._http.post_json("/chat/completions", self._spoken(body))
            except AuthenticationFailed as error:
                self._refused = error  # a wrong key stays wrong: do not ask for every run
                raise
            except HttpError as error:
                if error.status not in (400, 422) or not self._learn(error.detail, body):
                    raise

    def _spoken(self, body: Body) -> Body:
        said = {name: value for name, value in body.items() if name not in self._without}
        if "max_tokens" in self._without and "max_tokens" in body:
            said["max_completion_tokens"] = body["max_tokens"]
        if "json_schema" in self._without and "response_format" in said:
            said["response_format"] = {"type": "json_object"}
        return said

    def _learn(self, detail: str, body: Body) -> bool:
        """Note what an endpoint refused; returns whether there is another way to ask."""
        steps = {
            "json_schema": ("json_schema", "response_format", "schema", "structured"),
            "response_format": ("response_format", "json_object"),
            "max_tokens": ("max_tokens", "max_completion_tokens"),
            "temperature": ("temperature",),
            "seed": ("seed",),
        }
        for name, words in steps.items():
            there = name in body or (name == "json_schema" and "response_format" in body)
            if there and name not in self._without and any(w in detail for w in words):
                self._without.add(name)
                return True
        return False

    def _read(self, reply: Any, guessed: int) -> Answer:
        """Read a completion; what holds no answer is an error with the reason."""
        choices = reply.get("choices") if isinstance(reply, Mapping) else None
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            raise JudgeError(f"judge {self.settings.model}: the endpoint sent no choices.")
        choice = choices[0]
        message = choice.get("message")
        message = message if isinstance(message, Mapping) else {}
        text = text_of(message.get("content"))
        refusal = message.get("refusal")
        if refusal or choice.get("finish_reason") == "content_filter":
            why = refusal or "its filter took the answer away"
            raise JudgeRefused(f"judge {self.settings.model}: refused: {str(why)[:200]}")
        if choice.get("finish_reason") == "length":
            raise JudgeError(
                f"judge {self.settings.model}: the answer was cut at "
                f"{self.settings.max_tokens} tokens. Raise max_tokens."
            )
        return self._counted(text, reply, guessed)

    def _counted(self, text: str, reply: Mapping[str, Any], guessed: int) -> Answer:
        """Return the answer with its tokens; what the endpoint does not state is guessed."""
        usage = usage_or_note(reply.get("usage")) or Usage()
        given, taken = usage.input_tokens, usage.output_tokens
        given = guessed if given is None else given
        taken = guess_tokens(text) if taken is None else taken
        cost = self.settings.cost(given, taken)
        if cost is None:
            cost = usage.total_cost
        return Answer(
            text=text,
            model=str(reply.get("model") or self.settings.model),
            input_tokens=given,
            output_tokens=taken,
            cost=cost,
        )
