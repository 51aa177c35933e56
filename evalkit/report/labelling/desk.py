"""Desk: what is labelled, by whom, and what each may see yet; it knows no web."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from evalkit.metrics.agreement.book import LONGEST_NAME, Book, Entry, book_path
from evalkit.metrics.agreement.choosing import Metric, Pick
from evalkit.metrics.agreement.labels import ACTIVE, category
from evalkit.metrics.agreement.settled import UNSURE
from evalkit.model.results import Results
from evalkit.report.labelling.choices import Choice
from evalkit.report.labelling.content import of_run

LONGEST_NOTE = 4_000
SHORT = 300


class Refused(Exception):
    """What was asked cannot be done; `str()` is told to the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A queue of runs, the words for them, and the books of those who label."""

    metric: Metric
    picks: Sequence[Pick]
    choices: Sequence[Choice]
    results: Mapping[str, Results]
    folder: Path
    """Where the labels go."""
    chosen: str | None = None
    """How the runs were picked, where not by chance."""
    reference: bool = True
    seed: int = 0
    _books: dict[str, Book] = field(default_factory=dict)
    _lock: Any = field(default_factory=Lock)
    _said: dict[tuple[str, str], str] = field(default_factory=dict)

    def raters(self) -> list[str]:
        """Return who has labelled this score before, as they wrote their names."""
        found = {}
        stem = book_path(self.folder, self.metric.name, "").name.removesuffix(".jsonl")
        for path in sorted(self.folder.glob(f"{escape(stem)}*.jsonl")):
            lines = Book(path, self.metric.name, "").lines()
            names = [str(row["rater"]) for row in lines if row.get("metric") == self.metric.name]
            found.update({name.lower(): name for name in names[-1:]})
        return sorted(found.values())

    def state(self, rater: str) -> dict[str, Any]:
        """Return the order of the queue for this person, what is labelled, and what is open."""
        book, order = self._book(rater), self._order(rater)
        entries = book.entries()
        labels = {
            place: {"label": entry.label, "note": entry.note}
            for place, number in enumerate(order)
            if (entry := entries.get(self.picks[number].run_id))
        }
        done = len(labels) == len(order)
        return {
            "rater": rater,
            "total": len(order),
            "labels": labels,
            "done": done,
            "differ": len(self._differing(book)) if done else None,
            "undo": book.undoable(),
        }

    def item(self, rater: str, place: int) -> dict[str, Any]:
        """Return the run at a place of this person's queue, without version or verdict."""
        pick = self._pick(rater, place)
        return self._content(pick)

    def give(self, rater: str, place: int, label: str, note: str, *, final: bool = False) -> None:
        """Write down a label; a final one only when the person's own queue is done."""
        pick, book = self._pick(rater, place), self._book(rater)
        if label not in {each.value for each in self.choices}:
            raise Refused(f"there is no label {label!r}")
        if len(note) > LONGEST_NOTE:
            raise Refused(f"a note has at most {LONGEST_NOTE:,} characters")
        if final and not self._done(book):
            raise Refused("final labels are given when the queue is done")
        more: dict[str, Any] = {"experiment": pick.experiment}
        if label == UNSURE:
            more["abstains"] = True
        if pick.weight is not None:
            more["weight"] = pick.weight
            if self.chosen == ACTIVE:
                more["drawn"] = ACTIVE
        else:
            more["chosen"] = self.chosen
        if final:
            more["final"] = True
        book.give(pick.run_id, label, note, more)

    def undo(self, rater: str) -> int | None:
        """Take back this person's last label; return the place it was at, if it is in the queue."""
        run_id = self._book(rater).take_back()
        order = self._order(rater)
        places = [at for at, number in enumerate(order) if self.picks[number].run_id == run_id]
        return places[0] if places else None

    def rows(self, rater: str, *, differ: bool) -> list[dict[str, Any]]:
        """Return what this person labelled; `differ`: where words differ, once all are said."""
        book = self._book(rater)
        if differ and not self._done(book):
            return []
        wanted = self._differing(book) if differ else None
        entries, finals = book.entries(), self._finals() if self._done(book) else {}
        found = []
        for place, number in enumerate(self._order(rater)):
            pick = self.picks[number]
            entry = entries.get(pick.run_id)
            if entry is None or (wanted is not None and number not in wanted):
                continue
            row = self._row(place, pick, entry)
            if differ:
                row["words"] = self._words(rater, pick, finals)
            found.append(row)
        return found

    def _row(self, place: int, pick: Pick, entry: Entry) -> dict[str, Any]:
        content = self._content(pick)
        return {
            "place": place,
            "question": content["question"][:SHORT],
            "answer": content["answer"][:SHORT],
            "label": self.word(entry.label),
            "note": entry.note[:SHORT],
        }

    def _words(self, rater: str, pick: Pick, finals: Mapping[str, str]) -> list[dict[str, str]]:
        """Return who said what of a run; only for those who have said all of theirs."""
        said = []
        for name in self._others(rater):
            entry = self._book(name).entries().get(pick.run_id)
            if entry is not None:
                said.append({"who": name, "label": self.word(entry.label)})
        verdict = self._verdicts().get((pick.experiment, pick.run_id))
        if verdict is not None:
            said.append({"who": "evaluator", "label": self.word(verdict)})
        if pick.run_id in finals:
            said.append({"who": "final", "label": self.word(finals[pick.run_id])})
        return said

    def word(self, value: str) -> str:
        """Return how a label is shown."""
        return next((each.text for each in self.choices if each.value == value), value)

    def _verdicts(self) -> dict[tuple[str, str], str]:
        """Return what the evaluator says, as labels are."""
        if self._said or self.metric.type == "none":
            return self._said
        limit, lower = self.metric.threshold, self.metric.direction == "lower"
        passes = {each.value for each in self.choices} <= {"0", "1", UNSURE}
        queue = {(each.experiment, each.run_id) for each in self.picks}
        for each in self.metric.candidates:
            if (each.experiment, each.run_id) not in queue:
                continue
            said = each.said
            if passes and limit is not None and _number(said) is not None:
                number = float(said)
                said = category(number <= limit if lower else number >= limit)
            self._said[each.experiment, each.run_id] = said
        return self._said

    def _differing(self, book: Book) -> set[int]:
        """Return the runs on which people, or this person and the evaluator, do not agree."""
        mine, verdicts = book.entries(), self._verdicts()
        others = [self._book(name).entries() for name in self._others(book.rater)]
        found = set()
        for number, pick in enumerate(self.picks):
            own = mine.get(pick.run_id)
            said = {each[pick.run_id].label for each in others if pick.run_id in each}
            verdict = verdicts.get((pick.experiment, pick.run_id))
            said |= {own.label} if own else set()
            said |= {verdict} if verdict is not None else set()
            if own and len(said - {UNSURE}) > 1:
                found.add(number)
        return found

    def _finals(self) -> dict[str, str]:
        books = [self._book(name) for name in self.raters()]
        return {run: entry.label for book in books for run, entry in book.finals().items()}

    def _others(self, rater: str) -> list[str]:
        return [name for name in self.raters() if name.lower() != rater.lower()]

    def _done(self, book: Book) -> bool:
        return {pick.run_id for pick in self.picks} <= set(book.entries())

    def _order(self, rater: str) -> list[int]:
        order = list(range(len(self.picks)))
        Random(f"{self.seed}:{rater.lower()}").shuffle(order)
        return order

    def _pick(self, rater: str, place: int) -> Pick:
        order = self._order(rater)
        if not 0 <= place < len(order):
            raise Refused(f"there is no run {place + 1} in this queue")
        return self.picks[order[place]]

    def _content(self, pick: Pick) -> dict[str, Any]:
        results = self.results[pick.experiment]
        with self._lock:
            run = results.run(pick.run_id)
            example = results.examples().get(run.example_id or "")
            return of_run(run, example, reference=self.reference)

    def _book(self, rater: str) -> Book:
        name = " ".join(rater.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise Refused(f"a name has 1 to {LONGEST_NAME} characters")
        path = book_path(self.folder, self.metric.name, name)
        return self._books.setdefault(name.lower(), Book(path, self.metric.name, name))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
