"""Pairwise: a judge that is shown the answers of several experiments and says which is best.

evalkit shows the answers in a shuffled order and again in the reverse, so a judge that favours a
place is seen (`evalkit.evaluators.judge.probe`) and averaged out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from evalkit.evaluators.judge.asking.errors import JudgeError
from evalkit.evaluators.judge.asking.threads import in_thread
from evalkit.evaluators.judge.judge import Judge, caller, mark_judge, prepared, signature_of
from evalkit.evaluators.judge.settings import JudgeSettings, make_settings

TIE = "tie"


def pairwise(
    name: str,
    *,
    model: str,
    prompt: str,
    version: str | None = None,
    doc: str = "",
    **settings: Any,
) -> Judge:
    """Make an evaluator of the scope `comparison`: 1 for the best answer, 0 for the others.

    In the prompt `outputs` is the list of answers, one an experiment; the judge calls them 1, 2
    and so on. A tie gives everyone the same part of 1. `settings` as in `judge`, without `scale`.
    """
    checked = make_settings(name, {"model": model, "prompt": prompt, "scale": [TIE], **settings})
    defaults = checked.model_dump(exclude={"scale"})
    names = prepared(name, checked.model_dump_json(), "comparison").prompt.names
    if "outputs" not in names:
        raise JudgeError(f"pairwise judge {name!r}: the prompt does not show the outputs.")

    async def ask(**given: Any) -> dict[str, Any]:
        fields = {key: given.pop(key) for key in names}
        labels = [str(place) for place in range(1, len(fields["outputs"]) + 1)]
        chosen = JudgeSettings(**{**defaults, **given, "scale": [*labels, TIE]})
        judging = prepared(name, chosen.model_dump_json(), "comparison")
        score = await in_thread(partial(judging.score, fields))
        found = shares(score.value, labels, fields.get("runs"), score.comment)
        return {**found, "metadata": score.metadata}

    names = sorted({*names, "runs"})
    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = doc or f"The best answer, chosen by {model}."
    ask.__signature__ = signature_of(names, defaults)  # type: ignore[attr-defined]
    ask.__module__ = caller()
    return mark_judge(ask, scope="comparison", version=version)


def shares(winner: Any, labels: list[str], runs: Any, comment: str | None) -> dict[str, Any]:
    """Return each run's part of 1, in the form of a comparison's result."""
    parts = [1.0 / len(labels) if winner == TIE else float(label == winner) for label in labels]
    return {
        "scores": {run.run_id: part for run, part in zip(runs, parts, strict=True)},
        "comment": comment,
    }
