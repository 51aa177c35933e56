"""Questions: what judges have to ask about stored runs, and answers that a batch brought.

A question goes by its key, the same under which its answer is kept when it is asked directly: what
a batch answered is known to the next `evalkit score`, and a batch asks only what is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.evaluators.judge.batch.forms import Answered
from evalkit.evaluators.judge.client import OUTPUT_GUESS, ChatClient
from evalkit.evaluators.judge.images.parts import count_images
from evalkit.evaluators.judge.judge import Judging, judging_of
from evalkit.evaluators.judge.money.book import Paid
from evalkit.evaluators.judge.panel import MEMBERS
from evalkit.evaluators.judge.session import Session
from evalkit.model.outcome import succeeded
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.definition.inject import collect


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a judge; `known` where its answer is kept already."""

    key: str
    judging: Judging
    client: ChatClient
    guessed: int
    """About how many tokens it takes."""
    unseen: int
    """Images of the run that the model is known not to take."""
    known: bool

    @property
    def cost(self) -> float | None:
        """About what it costs in a batch; `None` without a price."""
        settings = self.judging.settings
        return settings.batch_cost(self.guessed, min(OUTPUT_GUESS, settings.max_tokens))


def questions(
    judges: Iterable[Evaluator], pairs: Iterable[tuple[Any, Any]], session: Session
) -> Iterator[tuple[Question, Mapping[str, Any]]]:
    """Yield every question once that judges ask about (run, example), with the body of its call.

    Bodies may hold images: keep none of them.
    """
    pairs, seen = list(pairs), set()
    for judge in [each for made in judges for each in members(made)]:
        judging = judging_of(judge)
        if not judging.settings.model:
            continue
        client = judging.client(session)
        for run, example in pairs:
            if judge.failed_runs == "skip" and not succeeded(run.outcome):
                continue
            values, _kept = collect("run", judging.prompt.names, run, example, None)
            messages = judging.messages(values)
            key, body = client.question(messages)
            if key not in seen:
                seen.add(key)
                unseen = count_images(messages) - count_images(body["messages"])
                guessed, known = client.guessed(messages), session.known(key) is not None
                yield Question(key, judging, client, guessed, unseen, known), body


def members(judge: Evaluator) -> list[Evaluator]:
    """Return the judges of a panel, or the one judge."""
    found: list[Evaluator] | None = getattr(judge.function, MEMBERS, None)
    return [judge] if found is None else found


@dataclass
class Collected:
    """What became of a file of answers."""

    kept: int = 0
    cost: float | None = 0.0
    """Money for what was kept, at the batch's price; `None` where a judge has none."""
    known: int = 0
    """Answers that were kept before."""
    unknown: int = 0
    """Answers to questions that no judge asks about these runs."""
    failed: Counter[str] = field(default_factory=Counter)
    """Questions without an answer, by the provider's words; the next batch asks them again."""


def keep_answers(
    answers: Iterable[Answered], asked: Mapping[str, Question], session: Session
) -> Collected:
    """Keep and count what a batch answered; an answer that was collected before counts once."""
    done = Collected()
    for answered in answers:
        question = asked.get(answered.key)
        if question is None:
            done.unknown += 1
        elif session.known(answered.key) is not None:
            done.known += 1
        elif answered.reply is None:
            done.failed[answered.problem] += 1
        else:
            paid = _keep(answered, question, session)
            done.kept += 1
            done.cost = None if paid is None or done.cost is None else done.cost + paid
    return done


def _keep(answered: Answered, question: Question, session: Session) -> float | None:
    settings = question.judging.settings
    read = question.client.heard(answered.reply, question.guessed)
    cost = settings.batch_cost(read.input_tokens, read.output_tokens)
    call = session.ledger.reserve(
        None, key=answered.key, guessed=question.guessed, model=settings.model, unlimited=True
    )
    answer = replace(read, cost=read.cost if cost is None else cost, call=call or "")
    answer = replace(answer, unseen=question.unseen)
    session.keep(answered.key, answer)
    session.ledger.settle(answer.call, Paid(answer.cost, answer.input_tokens, answer.output_tokens))
    return answer.cost
