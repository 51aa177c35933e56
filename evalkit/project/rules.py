"""Rules: gates that cannot be meant are refused before anything is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.errors import ConfigError
from evalkit.model.scales.scale import kind_of_range
from evalkit.project.config import ExperimentConfig, Project
from evalkit.project.local import load_evaluators
from evalkit.project.scales import scales_of

if TYPE_CHECKING:
    from evalkit.metrics.gating.meaning import Known, Scale


def refuse_rules(project: Project, names: Sequence[str], more: Sequence[str] = ()) -> None:
    """Raise one `ConfigError` with every rule that cannot be meant, before anything is fetched.

    `more` are rules of the command line. Scores are known by what evaluators declare; a source may
    record others, so only a name that is nearly a known one is taken for a slip.
    """
    if not more and not any(project.experiment(name).gates for name in names):
        return
    from evalkit.metrics.gating.grammar import parse
    from evalkit.metrics.gating.meaning import problem

    wrong: dict[str, None] = {}
    for name in names:
        config = project.experiment(name)
        known = _known(project, config)
        for rule in (*config.gates, *more):
            said = problem(parse(rule), known)
            if said is not None:
                place = "--gate" if rule in more else project.place_of_gate(name, rule)
                wrong[f"{place}: {rule}: {said}"] = None
    if wrong:
        n = len(wrong)
        raise ConfigError(
            f"{project.file.shown}: {n} gate{'s' * (n != 1)} that cannot be meant. "
            "Correct what is listed.",
            list(wrong),
        )


def _known(project: Project, config: ExperimentConfig) -> Known:
    """Return the scores of an experiment whose scale is declared, with its slices."""
    from evalkit.metrics.gating.meaning import Known, Scale

    said = scales_of(project)
    scores: dict[str, Scale] = {}
    for each in load_evaluators(project, config.evaluators):
        info = each.info()
        for key in info.keys or (info.name,):
            kind, reach = info.score_kind or kind_of_range(info.range), info.range
            scores[key] = _scale(kind, reach)
    for key in (config.options.get("fields") or {}) if config.fetcher == "records" else ():
        if key.startswith("feedback."):
            scores.setdefault(key.removeprefix("feedback."), Scale())
    scores |= {key: _scale(scale.kind, scale.range) for key, scale in said.items()}
    return Known(scores, config.slices, config.reducers)


def _scale(kind: str | None, reach: tuple[float, float] | None) -> Scale:
    from evalkit.metrics.gating.meaning import SHARE, Scale

    if kind == "share":
        return SHARE
    return Scale() if reach is None or kind == "category" else Scale("", *reach)
