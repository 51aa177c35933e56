"""Client: asks an endpoint that speaks OpenAI's chat completions, and copes with what it lacks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.errors import AuthenticationFailed, EvalkitError
from evalkit.evaluators.judge.asking.address import address_of
from evalkit.evaluators.judge.asking.counting import family_of, guess_tokens
from evalkit.evaluators.judge.asking.errors import JudgeError, JudgeRefused, JudgeStopped, NotAsked
from evalkit.evaluators.judge.asking.lacks import Lacks, lacks_file
from evalkit.evaluators.judge.asking.refusals import Refusal, Refused, refusal_of
from evalkit.evaluators.judge.asking.replies import (
    content_of,
    decode,
    may_be_billed,
    problem_of,
    wait_of,
)
from evalkit.evaluators.judge.images.parts import count_images, tokens_of_images
from evalkit.evaluators.judge.money.book import Paid
from evalkit.evaluators.judge.session import Answer, Session
from evalkit.evaluators.judge.settings import JudgeSettings
from evalkit.fetchers.http.asking import Failed
from evalkit.fetchers.http.attempts import Patience, Retryable, StillFailing
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.http.transport import httpx
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.messages.message import text_of
from evalkit.model.usage import Usage

OUTPUT_GUESS = 120
PATIENCE = Patience(attempts=16, unanswered=6, total=120.0)
"""Long enough for a limit a minute that states no time."""
DOWN_AFTER = 16
"""Calls in a row that nobody answered, after which the endpoint is not asked any more."""
OTHERWISE = (400, 403, 404, 415, 422, 500, 501)
"""Refusals after which another form of the question may do; llama.cpp says 500 of an image."""
NOTHING = Paid(0.0, 0, 0)
Body = dict[str, Any]


class ChatClient:
    """One endpoint with one judge's settings; used from several threads at once."""

    def __init__(
        self,
        settings: JudgeSettings,
        response_format: Mapping[str, Any],
        *,
        session: Session | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.settings = settings
        base, self._path, self._query = address_of(settings.url)
        self._http = HttpSource(
            base,
            settings.sent_headers,
            source=f"judge {settings.model}",
            timeout=settings.timeout,
            limit=RateLimit(settings.per_second),
            concurrency=settings.concurrency,
            patience=PATIENCE,
            transport=transport,
            refuse=self._refuse,
            decode=self._decode,
        )
        self._format = response_format
        self._turns = threading.BoundedSemaphore(settings.concurrency)
        folder = session.folder if session is not None and not session.fresh else None
        file = lacks_file(folder, settings.url, settings.model)
        self._lacks = Lacks(file, never=("images",) if settings.images else ())
        self._stopped: EvalkitError | None = None
        self._failed_in_a_row = 0
        self._longest, self._heaviest = settings.max_tokens, 2.0
        self._family = family_of(settings.model)

    def ask(
        self, messages: list[Body], session: Session, stop: threading.Event | None = None
    ) -> Answer:
        """Return the endpoint's answer, from the session's cache where the request is known.

        What was paid and holds no verdict is an error, the same one when it is asked again.
        """
        body = self._body(messages)
        key = session.key(self.settings.url, body)
        with session.alone(key):
            while True:
                known = session.known(key)
                if known is not None:
                    session.ledger.hit()
                    return self._usable(known)
                self._take_turn(stop)
                try:
                    answer = self._paid(body, key, session, stop)
                finally:
                    self._turns.release()
                if answer is not None:
                    return self._usable(answer)

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def is_known(self, messages: list[Body], session: Session) -> bool:
        """Say whether this was asked and answered before."""
        return session.known(session.key(self.settings.url, self._body(messages))) is not None

    def question(self, messages: list[Body]) -> tuple[str, Body]:
        """Return the key under which the answer is kept, and the body as the endpoint takes it."""
        body = self._body(messages)
        return Session.key(self.settings.url, body), self._lacks.spoken(body)

    def guessed(self, messages: list[Body]) -> int:
        """Return about how many tokens messages take, as the endpoint takes them."""
        spoken = self._lacks.spoken({"messages": messages})["messages"]
        texts = (text_of(each["content"]) for each in spoken)
        images = tokens_of_images(spoken, self.settings.model)
        return sum(guess_tokens(text, self._family) for text in texts) + images

    def _take_turn(self, stop: threading.Event | None) -> None:
        while not self._turns.acquire(timeout=0.2):
            _go_on(stop)
        if stop is not None and stop.is_set():
            self._turns.release()
            _go_on(stop)

    def _usable(self, answer: Answer) -> Answer:
        if not answer.problem:
            return answer
        kind = JudgeRefused if answer.refused else JudgeError
        raise kind(f"judge {self.settings.model}: {answer.problem}")

    def _paid(
        self, body: Body, key: str, session: Session, stop: threading.Event | None
    ) -> Answer | None:
        """Ask and pay; the answer is kept before anybody reads it. None: others asked the same."""
        if self._stopped is not None:
            raise self._stopped
        guessed = self.guessed(body["messages"])
        most = self.settings.cost(round(self._heaviest * guessed), self._longest)
        call = session.ledger.reserve(
            most, key=key, guessed=guessed, model=self.settings.model, stop=stop
        )
        if call is None:
            return None
        paid: Paid | None = None

        def lost(error: Retryable, again: bool) -> None:
            if may_be_billed(error):
                session.ledger.unheard(call, again=again, stop=stop)

        try:
            try:
                reply, sent = self._post(body, lost)
            except EvalkitError:
                paid = NOTHING  # nothing but what was lost before, which is counted
                raise
            messages = body["messages"]
            unseen = count_images(messages) - count_images(sent["messages"])
            answer = replace(self.heard(reply, guessed), call=call, unseen=unseen)
            session.keep(key, answer)
            paid = answer.paid
            self._longest = max(self._longest, answer.output_tokens)
            self._heaviest = max(self._heaviest, answer.input_tokens / max(1, guessed))
            return answer
        finally:
            session.ledger.settle(call, paid)

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

    def _post(self, body: Body, lost: Failed) -> tuple[Any, Body]:
        """Post, leaving out one by one what the endpoint says it does not take.

        Returns the reply and the body that it answers.
        """
        before = self._lacks.known
        while True:
            if self._stopped is not None:
                raise self._stopped
            sent = self._lacks.spoken(body)
            try:
                reply = self._http.request(
                    "POST", self._path, params=self._query, json=sent, failed=lost
                ).value
            except (AuthenticationFailed, JudgeStopped) as error:
                self._stopped = error  # it stays so: do not ask for every run
                raise
            except Refused as error:
                self._failed_in_a_row = 0
                asked_otherwise = error.status in OTHERWISE
                if not asked_otherwise or not self._lacks.learn(error.refusal, sent):
                    self._lacks.doubt(set(self._lacks.known - before))
                    raise
            except StillFailing as error:
                self._note_failure(error)
                raise
            else:
                self._failed_in_a_row = 0
                self._lacks.proven(sent)
                return reply, sent

    def _note_failure(self, error: StillFailing) -> None:
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= DOWN_AFTER:
            self._stopped = JudgeStopped(
                f"{error} {DOWN_AFTER} calls in a row ended so: it is not asked any more."
            )

    def _refuse(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        """Raise what a refusal means; being sent elsewhere is left to others."""
        if status >= 400:
            self._raise(refusal_of(status, body), wait_of(headers))

    def _raise(self, refusal: Refusal, wait: float | None) -> None:
        words = self._http.redact(refusal.words)
        status = "an error" if refusal.status == 200 else f"HTTP {refusal.status}"
        said = f"{status} ({words})" if words else status
        where = f"judge {self.settings.model}"
        kind = refusal.kind
        if kind == "key":
            raise AuthenticationFailed(f"{where}: {said}. Check the key and what it may read.")
        if kind == "account":
            raise JudgeStopped(f"{where}: {said}. No further question is asked.")
        if kind == "busy":
            raise Retryable(said, wait=wait, status=refusal.status)
        raise Refused(f"{where}: {said}.", replace(refusal, words=words))

    def _decode(self, body: bytes | bytearray, headers: httpx.Headers) -> Any:
        """Parse a body; an error inside a 200 is the error it would be elsewhere."""
        reply = decode(body, headers)
        if isinstance(reply, Mapping) and reply.get("error") and not reply.get("choices"):
            self._raise(refusal_of(200, reply), wait_of(headers))
        return reply

    def heard(self, reply: Any, guessed: int) -> Answer:
        """Read a completion; what holds no answer names its problem, for it was paid too."""
        reply = reply if isinstance(reply, Mapping) else {}
        choices = reply.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            usage = reply.get("usage")
            empty = self._counted("", reply, guessed if usage else 0)
            return replace(empty, problem="the endpoint sent no choices.")
        choice = choices[0]
        message = choice.get("message")
        text = content_of(message) if isinstance(message, Mapping) else str(choice.get("text", ""))
        problem, refused = problem_of(choice, self.settings.max_tokens)
        answer = self._counted(text, reply, guessed)
        return replace(answer, problem=self._http.redact(problem), refused=refused)

    def _counted(self, text: str, reply: Mapping[str, Any], guessed: int) -> Answer:
        """Return the answer with its tokens; what the endpoint does not state is guessed.

        Where the stated total is more than its parts, the rest was thinking, paid as output.
        """
        usage = usage_or_note(reply.get("usage")) or Usage()
        given, taken = usage.input_tokens, usage.output_tokens
        if given is None:
            given = guessed
        if taken is None:
            taken = guess_tokens(text, self._family) if text else 0
        if usage.total_tokens is not None and usage.input_tokens is not None:
            taken = max(taken, usage.total_tokens - given)
        cost = self.settings.cost(given, taken)
        return Answer(
            text=text,
            model=str(reply.get("model") or self.settings.model),
            input_tokens=given,
            output_tokens=taken,
            cost=usage.total_cost if cost is None else cost,
        )


def _go_on(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise NotAsked("stopped before the judge was asked. Score again to go on.")
