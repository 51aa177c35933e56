r"""Judge: makes an evaluator that asks a language model for its verdict on each run.

```python
helpful = judge(
    "helpful",
    model="gpt-4o-mini",
    prompt="Question: {{ inputs.question }}\nAnswer: {{ outputs.answer }}\nIs it of help?",
    price=[0.15, 0.60],
)
```

The names in the prompt are the evaluator's signature: what it uses is what it is given. Every
setting is an option, so `[evaluators.helpful] model = "..."` in the config changes it, and all of
them are part of the fingerprint. The reasoning is the comment; tokens and cost are metadata.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from threading import Event
from typing import Any

from evalkit.evaluators.judge.asking.errors import JudgeError
from evalkit.evaluators.judge.asking.threads import in_thread
from evalkit.evaluators.judge.client import ChatClient
from evalkit.evaluators.judge.images.parts import content_with
from evalkit.evaluators.judge.prompt import SYSTEM, Prompt, Rendered
from evalkit.evaluators.judge.session import Answer, Session, current
from evalkit.evaluators.judge.settings import JudgeSettings, make_settings
from evalkit.evaluators.judge.verdict import (
    Verdict,
    form_of,
    read_verdict,
    response_format,
    to_score,
    verdict_model,
)
from evalkit.model.scales.scale import Scale, kind_of_range
from evalkit.model.score import LEFT_OUT, Score
from evalkit.scoring.definition.evaluator import Evaluator, evaluator
from evalkit.scoring.definition.signature import NAMES, Scope

Judge = Callable[..., Any]
Body = dict[str, Any]
LONGEST_S = 3600.0
"""A judge bounds its own calls: waiting for its turn or for money is not overrunning."""


class Judging:
    """A judge with fixed settings: renders, asks, reads, asks again when the form is wrong."""

    def __init__(self, name: str, settings: JudgeSettings, scope: Scope = "step") -> None:
        self.name, self.settings = name, settings
        self.prompt = Prompt(
            settings.prompt,
            owner=name,
            known=NAMES[scope],
            max_chars=settings.max_field_chars,
            max_images=settings.most_images,
        )
        self._model = verdict_model(settings.scale)
        self._format = response_format(self._model)
        self._key = settings.model_dump_json()

    def client(self, session: Session) -> ChatClient:
        """Return the session's client for this judge; its calls share connections and limits."""
        return session.shared(
            self._key, lambda: ChatClient(self.settings, self._format, session=session)
        )

    def messages(self, values: dict[str, Any]) -> list[Body]:
        """Return what is sent for a run: the rules, then the prompt with its fields."""
        return self.asking(self.prompt.render(values))

    def asking(self, prompt: Rendered) -> list[Body]:
        """Return what is sent with a prompt whose fields are filled in."""
        system = SYSTEM.format(form=form_of(self.settings.scale))
        content = content_with(prompt.text, prompt.images)
        return [_said("system", system), _said("user", content)]

    def verdict(
        self, messages: list[Body], stop: Event | None = None
    ) -> tuple[Verdict, list[Answer]]:
        """Return the verdict that was asked for and every answer it took to get it."""
        session = current()
        client = self.client(session)
        asked, answers = list(messages), []
        for _ in range(self.settings.tries):
            answer = client.ask(asked, session, stop)
            answers.append(answer)
            try:
                return read_verdict(answer.text, self._model), answers
            except ValueError as error:
                problem = str(error)
                again = f"{problem}. Answer with the JSON object only."
                asked = [*messages, _said("assistant", answer.text), _said("user", again)]
        raise JudgeError(f"judge {self.name!r}: {problem} ({len(answers)} tries).")

    def score(self, values: dict[str, Any], stop: Event | None = None) -> Score:
        """Return the verdict as a score; `stop` ends it before a call that is not made yet.

        What the judge did not see of the run is said in the comment and counted in the metadata.
        """
        prompt = self.prompt.render(values)
        found, answers = self.verdict(self.asking(prompt), stop)
        took = {**accounts(answers), **_left_out(prompt, answers[-1])}
        unseen = _unseen(took)
        if unseen:
            found = found.model_copy(update={"reasoning": f"{found.reasoning} {unseen}"})
        return to_score(found, self.settings.scale, {"judge": took})


def _said(role: str, content: Any) -> Body:
    return {"role": role, "content": content}


def _left_out(prompt: Rendered, answer: Answer) -> dict[str, int]:
    """Return what of the run the judge did not see."""
    counts = {LEFT_OUT[0]: prompt.cut, LEFT_OUT[1]: prompt.unseen + answer.unseen}
    return {name: count for name, count in counts.items() if count}


def _unseen(took: Mapping[str, Any]) -> str:
    characters, images = (took.get(name, 0) for name in LEFT_OUT)
    said = [f"{characters:,} characters: max_field_chars"] if characters else []
    said += [f"{images:,} image{'s' * (images != 1)}"] if images else []
    return f"(The judge did not see {' and '.join(said)}.)" if said else ""


def accounts(answers: list[Answer]) -> dict[str, Any]:
    """Return what a verdict took; what came from the cache cost nothing now."""
    paid = [answer for answer in answers if not answer.cached]
    costs = [answer.cost for answer in paid]
    return {
        "model": answers[-1].model,
        "calls": len(paid),
        "cached": len(answers) - len(paid),
        "input_tokens": sum(answer.input_tokens for answer in paid),
        "output_tokens": sum(answer.output_tokens for answer in paid),
        "cost": None if any(cost is None for cost in costs) else sum(c for c in costs if c),
    }


def judge(
    name: str,
    *,
    model: str,
    prompt: str,
    direction: str | None = "higher",
    failed_runs: str = "skip",
    threshold: float | None = None,
    version: str | None = None,
    doc: str = "",
    **settings: Any,
) -> Judge:
    """Make an evaluator called `name` that asks `model` with `prompt`.

    `settings` are those of `JudgeSettings`: scale, base_url, api_key_env, temperature, max_tokens,
    seed, price, per_second, concurrency, timeout, tries ... A mistake in them, or a field in the
    prompt that evalkit does not pass, is an error now and not at the first run. Failed runs are not
    judged unless `failed_runs="call"`.
    """
    values = {"model": model, "prompt": prompt, **settings}
    checked = make_settings(name, values)
    names = Judging(name, checked).prompt.names
    if not names:
        raise JudgeError(f"judge {name!r}: the prompt uses no field of the run.")
    function = _function(name, names, checked, doc or f"Judged by {model}: {_first_line(prompt)}")
    function.__module__ = caller()
    return mark_judge(
        function,
        version=version,
        direction=direction,
        failed_runs=failed_runs,
        threshold=threshold,
        scale=scale_of,
    )


def scale_of(options: Mapping[str, Any]) -> Scale:
    """Return what a judge's scores are, by its option `scale`."""
    scale = options.get("scale", "pass_fail")
    if isinstance(scale, str):
        return Scale(kind="share")
    if all(isinstance(each, int | float) for each in scale):
        low, high = (float(each) for each in scale)
        return Scale(kind=kind_of_range((low, high)), range=(low, high))
    return Scale(kind="category")


def caller() -> str:
    """Return the name of the module that makes a judge: the judge belongs to it."""
    return str(sys._getframe(2).f_globals.get("__name__", __name__))


def mark_judge(function: Judge, **settings: Any) -> Judge:
    """Mark a function as a judge."""
    marked: Judge = evaluator(kind="judge", timeout=LONGEST_S, **settings)(function)
    return marked


def _first_line(prompt: str) -> str:
    return prompt.strip().partition("\n")[0][:80]


def _function(name: str, names: list[str], settings: JudgeSettings, doc: str) -> Judge:
    defaults = settings.model_dump()

    async def ask(**given: Any) -> Score:
        fields = {key: given.pop(key) for key in names}
        judging = prepared(name, JudgeSettings(**{**defaults, **given}).model_dump_json())
        return await in_thread(partial(judging.score, fields))

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = doc
    ask.__signature__ = signature_of(names, defaults)  # type: ignore[attr-defined]
    return ask


def signature_of(names: list[str], options: dict[str, Any]) -> inspect.Signature:
    """Return a signature that asks for `names` and has `options`, as evaluators declare them."""
    kind = inspect.Parameter.KEYWORD_ONLY
    asked = [inspect.Parameter(each, kind) for each in names]
    given = [inspect.Parameter(k, kind, default=v) for k, v in options.items()]
    return inspect.Signature([*asked, *given])


@lru_cache(maxsize=64)
def prepared(name: str, settings: str, scope: Scope = "step") -> Judging:
    """Return the judge for these settings, its prompt parsed once."""
    return Judging(name, JudgeSettings.model_validate_json(settings), scope)


def judging_of(judge: Evaluator) -> Judging:
    """Return what an evaluator made by `judge` asks with, its options in this project included."""
    fields = JudgeSettings.model_fields
    values = {key: value for key, value in judge.all_options().items() if key in fields}
    if judge.kind != "judge" or "prompt" not in values:
        raise JudgeError(f"evaluator {judge.name!r} is not made by judge().")
    given = {key: value for key, value in values.items() if value is not None}
    return prepared(judge.name, JudgeSettings(**given).model_dump_json())
