"""Scores that were recorded on spans (`gen_ai.evaluation.result` events)."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.vocabularies.said import text
from evalkit.fetchers.files.mapping.convert import number_or_note
from evalkit.model.score import Score

EVENT = "gen_ai.evaluation.result"
PREFIX = "gen_ai.evaluation."


def evaluations(raw: RawSpan) -> Iterator[Score]:
    """Yield what was scored while the span was open."""
    for event in raw.events:
        said = event.attributes
        name = said.get(f"{PREFIX}name")
        if event.name != EVENT or not name:
            continue
        yield Score(
            key=str(name),
            score=number_or_note(said.get(f"{PREFIX}score.value")),
            value=said.get(f"{PREFIX}score.label"),
            comment=text(said.get(f"{PREFIX}explanation")),
            step_id=raw.id,
        )
