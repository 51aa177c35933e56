"""Source: everything the sections are made from, read once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.metrics.selecting.chosen import Chosen
from evalkit.report.runs.columns import Rows
from evalkit.report.runs.facets import Facet

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, Comparison, Difference
    from evalkit.metrics.documents.gate import GateResult

BARE = re.compile(r"[^\W\d][\w.@/-]*\Z|\.[\w.@/-]+\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """Summaries with the baseline first, the comparison, and the rows where runs are at hand."""

    summaries: tuple[Summary, ...]
    comparison: Comparison | None
    gates: tuple[GateResult, ...]
    rows: Rows | None
    facets: tuple[Facet, ...] = ()
    chosen: Chosen | None = None
    """Which runs are rows, and which of these a page holds whole."""

    @property
    def several(self) -> bool:
        """Whether two or more experiments are compared."""
        return len(self.summaries) > 1

    @property
    def main(self) -> Summary:
        """The last experiment: the candidate, or the only one."""
        return self.summaries[-1]

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The candidates in the order of the summaries; empty without a comparison."""
        if self.comparison is None:
            return ()
        known = {c.experiment: c for c in self.comparison.candidates}
        return [known[s.experiment] for s in self.summaries[1:] if s.experiment in known]

    def difference(self, candidate: Candidate, metric: str) -> Difference | None:
        """Return the difference of `metric`, or None when it was not compared."""
        return next((d for d in candidate.differences if d.metric == metric), None)

    @property
    def score_names(self) -> list[str]:
        """Names of all scores, in order of first appearance."""
        return list(dict.fromkeys(name for s in self.summaries for name in s.scores))

    def score(self, name: str) -> ScoreSummary:
        """Return one experiment's summary of a score; the last that scored anything."""
        found = [s.scores[name] for s in reversed(self.summaries) if name in s.scores]
        return next((score for score in found if score.n), found[0])

    @property
    def lead(self) -> str | None:
        """The metric a decision is about, as comparisons name it; never chosen by a result."""
        named = self.comparison.primary if self.comparison else ()
        known = {d.metric for c in self.candidates for d in c.differences}
        return next((name for name in named if name in known), None) or self.primary

    @property
    def primary(self) -> str | None:
        """The score that sentences are about: the project's headline, else the first of all.

        Scores stand in the order of the evaluators, and the first experiment's come first.
        """
        named = self.comparison.primary if self.comparison else ()
        if chosen := next((name for name in named if name in self.score_names), None):
            return chosen
        wanted = next((s.headline for s in self.summaries if s.headline in s.scores), None)
        if wanted is not None:
            return wanted
        for name in self.score_names:
            score = self.score(name)
            if score.n and score.scope in ("run", "step") and score.mean is not None:
                return name
        return None


def unit_of(source: Source, difference: Difference) -> str:
    """Return the unit people read a difference in: scores that are numbers are not percentages."""
    if difference.kind == "score" and difference.metric in source.score_names:
        return score_unit(source.score(difference.metric))
    return difference.unit


def series(number: int, total: int) -> str:
    """Return the colour class of an experiment: grey for the baseline, blue for a lone one."""
    if total == 1:
        return "s1"
    return f"s{min(number, 5)}"


def term(name: str, operator: str, value: str) -> str:
    """Write one term of the page's filter, quoted where needed."""
    return f"{_word(name)}{operator}{_quoted(value)}"


def _word(text: str) -> str:
    return text if BARE.match(text) else _string(text)


def _quoted(text: str) -> str:
    return _string(text) if not text or re.search(r'[\s"]', text) else text


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'


def address(view: str, **query: str | None) -> str:
    """Return the address of a view of the page with its state."""
    kept = {name: value for name, value in query.items() if value}
    return f"#/{view}" + ("?" + urlencode(kept, errors="replace") if kept else "")


def run_address(run_id: str, **query: str | None) -> str:
    """Return the address of a run."""
    return address("run/" + quote(run_id, safe="", errors="replace"), **query)
