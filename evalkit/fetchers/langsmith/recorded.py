"""The scores an experiment had before evalkit saw it, by run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.errors import RecordError
from evalkit.fetchers.http.answers import NotFound
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.convert.feedback import from_stats, is_ours, to_feedback
from evalkit.fetchers.langsmith.convert.fields import NOTHING, Payload
from evalkit.fetchers.langsmith.listing import Root
from evalkit.model.score import Feedback

Kind = Literal["auto", "full", "stats", "none"]
MANY = 100_000
"""Above so many recorded scores, `auto` reads each run's averages instead of every score."""


@dataclass(slots=True)
class Recorded:
    """Feedback payloads by the run they are about; or statistics of the roots."""

    by_run: dict[str, list[Payload]] = field(default_factory=dict)
    whole: list[Feedback] = field(default_factory=list)
    """Scores of the experiment itself (summary scores of the session)."""
    stats: bool = False
    notes: list[str] = field(default_factory=list)

    @classmethod
    def fetch(
        cls, client: LangSmith, kind: Kind, session: Payload, roots: Mapping[str, Root]
    ) -> Recorded:
        """Read what was recorded; nothing is asked when the session's figures say there is none."""
        if kind == "none" or (kind == "auto" and _count(session) == 0):
            return cls()
        if by_average(kind, session):
            return cls(stats=True, notes=["recorded scores are averages of each run and key"])
        found, ours, pairwise = cls(), 0, 0
        for item in found.read(client, str(session["id"]), roots):
            if is_ours(item):
                ours += 1
            elif item.get("comparative_experiment_id"):
                pairwise += 1  # a preference between experiments: no score of this one
            elif not item.get("run_id"):
                found.whole.append(to_feedback(item, run_id=None))
            elif item.get("run_id"):
                found.by_run.setdefault(str(item["run_id"]), []).append(item)
        if ours:
            found.notes.append(f"{ours} scores that evalkit had written were left out")
        if pairwise:
            found.notes.append(
                f"{pairwise} pairwise scores were left out: they compare experiments"
            )
        return found

    def read(
        self, client: LangSmith, session_id: str, roots: Mapping[str, Root]
    ) -> Iterator[Payload]:
        """Yield all feedback; a server that has none to list costs the scores, not the runs."""
        try:
            yield from client.feedback(session_id, lambda: roots)
        except (NotFound, RecordError) as error:
            self.notes.append(f"recorded scores could not be read: {error}")

    def of(self, root: Root, children: Iterable[Payload] = ()) -> Sequence[Feedback]:
        """Return the recorded feedback of a run, and of the steps inside it when given."""
        if self.stats:
            stats = root.record.get("feedback_stats")
            return from_stats(stats, run_id=root.run_id, example_id=root.example_id)
        if not self.by_run:
            return ()
        return [
            to_feedback(item, run_id=root.run_id, step_id=step_id, example_id=root.example_id)
            for step_id, items in self._places(root, children)
            for item in items
        ]

    def _places(
        self, root: Root, children: Iterable[Payload]
    ) -> Iterable[tuple[str | None, list[Payload]]]:
        yield None, self.by_run.get(root.run_id, [])
        for child in children:
            items = self.by_run.get(str(child.get("id")))
            if items:
                yield str(child["id"]), items


def by_average(kind: Kind, session: Payload) -> bool:
    """Whether to read each run's averages instead of every score."""
    return kind == "stats" or (kind == "auto" and (_count(session) or 0) > MANY)


def _count(session: Payload) -> int | None:
    """Return how many scores the session's statistics count; `None` when they do not tell."""
    total, told = 0, False
    for key in ("feedback_stats", "session_feedback_stats"):
        if key in session:
            told = True
        stats: Any = session.get(key) or NOTHING
        total += sum(stat.get("n") or 0 for stat in stats.values() if isinstance(stat, dict))
    return total if told else None
