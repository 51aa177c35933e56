"""Scales: what `[scores.KEY]` says of scores, and where an evaluator says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from evalkit.errors import ConfigError
from evalkit.model.scales.scale import Scale, kind_of_range
from evalkit.model.score import EvaluatorInfo
from evalkit.project.tables import ScaleTable

if TYPE_CHECKING:
    from evalkit.project.config import Project


def scales_of(project: Project) -> dict[str, Scale]:
    """Return what the configuration says of scores, by name or key."""
    return {key: _scale(table) for key, table in project.table.scores.items()}


def _scale(table: ScaleTable) -> Scale:
    range = None if table.range is None else (table.range[0], table.range[1])
    return Scale(
        kind=table.kind or kind_of_range(range),
        range=range,
        direction=table.direction,
        unit=table.unit,
        threshold=table.threshold,
        missing_as=table.missing_as,
    )


def hold_against(project: Project, infos: Iterable[EvaluatorInfo]) -> None:
    """Raise `ConfigError` where an evaluator says something else than the configuration."""
    scales = scales_of(project)
    for info in infos if scales else ():
        for key in {*info.keys, info.name} & scales.keys():
            for word, said, declared in _differing(scales[key], info):
                place = project.place("scores", key, word)
                raise ConfigError(
                    f"{place}: scores.{key}.{word} is {said}, and evaluator {info.name!r} declares "
                    f"{declared}. Change one of them."
                )


def _differing(scale: Scale, info: EvaluatorInfo) -> Iterator[tuple[str, object, object]]:
    """Yield what both sides say, and say differently."""
    kind = info.score_kind or kind_of_range(info.range)
    direction = info.direction or "none"
    yours = {
        "kind": (scale.kind, kind),
        "range": (scale.range, None if info.range is None else tuple(map(float, info.range))),
        "direction": (scale.direction, direction if info.directed else None),
        "threshold": (scale.threshold, info.threshold),
    }
    for word, (said, declared) in yours.items():
        if said is not None and declared is not None and said != declared:
            yield word, said, declared


def unknown_names(scales: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return a sentence for each table that names no score here, but nearly one."""
    names = {each for name in known for each in (name, name.rpartition(".")[2])}
    found = []
    for key in scales:
        close = get_close_matches(key, names, 1, 0.7) if key not in names else []
        if close:
            found.append(f"[scores.{key}] names no score. Did you mean {close[0]!r}?")
    return found
