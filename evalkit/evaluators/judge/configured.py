"""Configured: a judge without Python, its model and prompt set in the config."""

from __future__ import annotations

from functools import partial
from typing import Any

from evalkit.evaluators.judge.asking.threads import in_thread
from evalkit.evaluators.judge.judge import LONGEST_S, prepared, scale_of
from evalkit.evaluators.judge.settings import make_settings
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.scoring.definition.inject import collect
from evalkit.testing import make_run

CORRECT = """The question: {{ inputs }}
The reference answer: {{ reference_outputs }}
The answer to judge: {{ outputs }}

Does the answer say the same as the reference answer? Other wording is fine; a missing, wrong or
contradicting fact is not."""


@evaluator(
    version="2",
    kind="judge",
    timeout=LONGEST_S,
    scale=scale_of,
    failed_runs="skip",
    cases=[case(run=make_run(outputs="Paris"), reference_outputs="Paris", expect=None)],
)
async def model_judge(
    run: Run,
    example: Any,
    *,
    model: str = "",
    prompt: str = CORRECT,
    scale: Any = "pass_fail",
    base_url: str = "",
    api_key_env: str = "OPENAI_API_KEY",
    temperature: float | None = 0.0,
    max_tokens: int = 512,
    price: list[float] | None = None,
    batch_price: list[float] | None = None,
    per_second: float | None = None,
    concurrency: int = 8,
    timeout: float = 60.0,
    tries: int = 3,
    seed: int | None = None,
    max_field_chars: int = 20_000,
    images: bool | None = None,
    max_images: int = 8,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Score:
    """A language model's verdict; by default whether the answer says the same as the reference.

    `[evaluators.helpful] use = "model_judge"` with `model` and a `prompt` (Jinja2 over the run's
    fields) makes one without Python. `scale` is `pass_fail`, a range such as `[1, 5]` or a list of
    categories; `price` is money for a million input and output tokens. Failed runs are not judged;
    without `model` it does not apply. Not validated: hold it against people's judgement.
    """
    if not model:
        return Score(comment="no model is set in the option 'model'")
    settings = make_settings(
        "model_judge",
        {
            "model": model,
            "prompt": prompt,
            "scale": scale,
            "base_url": base_url,
            "api_key_env": api_key_env,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "price": price,
            "batch_price": batch_price,
            "per_second": per_second,
            "concurrency": concurrency,
            "timeout": timeout,
            "tries": tries,
            "seed": seed,
            "max_field_chars": max_field_chars,
            "images": images,
            "max_images": max_images,
            "headers": headers or {},
            "extra": extra or {},
        },
    )
    judging = prepared("model_judge", settings.model_dump_json(), "run")
    values, _kept = collect("run", judging.prompt.names, run, example, None)
    return await in_thread(partial(judging.score, values))
