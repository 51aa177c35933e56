"""Remade: a page held against the one that its store gives today, piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from html import unescape
from pathlib import Path
from typing import Any

import orjson

from evalkit.pipeline.verifying.finding import Verified, differences, shown
from evalkit.report.page import figures as figures_of
from evalkit.report.page import html
from evalkit.report.page.embed import Previews, core_of, header, pack_traces
from evalkit.report.page.opened import Opened, Traces
from evalkit.report.page.write import left_out_of
from evalkit.report.runs.columns import Rows
from evalkit.report.runs.traces import Kept
from evalkit.report.runs.unpack import Columns
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner

OF_THE_FORM = frozenset({"columns", "traces", "side", "index", "live", "kept"})
"""What the header says of the file rather than of the runs."""
OF_THE_CHOICE = frozenset({"chosen", "partly"})
"""What the header says of runs that are left out; an earlier evalkit left none out by rule."""
HISTORY = re.compile(r'<section id="v-history".*?</section>|<a href="#/history"[^\n]*', re.DOTALL)
BLOCK = re.compile(r"<(script|style)(?:\s[^>]*)?>(.*?)(?:</\1>|\Z)", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
NAMED = re.compile(r"<(?:h[1-4]|th)\b[^>]*>(.*?)(?=</h|</th|\n|$)", re.DOTALL)
NAMED_VALUES = {"score": "scores", "run": "values of runs"}
BEFORE = 40
"""Characters shown before the place where two long texts part."""
MOST_TOLD = 3
"""Places named of one run's trace."""


def check_page(
    found: Verified,
    page: Opened,
    columns: Columns,
    content: Content,
    *,
    side: bytes | None,
    same_code: bool,
) -> None:
    """Note everything in which a page is another than the one that `content` makes."""
    manifest = page.figures["manifest"]
    right = figures_of.rounded(figures_of.document(content.view))
    figures = {name: value for name, value in page.figures.items() if name != "manifest"}
    plain = json.loads(json.dumps({k: v for k, v in right.items() if k != "manifest"}, default=str))
    _figures(found, figures, plain)
    traces = Traces(page, columns, side)
    held = Held(found, content, traces if same_code else None)
    embedded = bool(page.blocks) or side is not None
    previews = pack_traces(content, held, Cleaner(), None, embedded and same_code)
    found.checked["traces"] = held.n
    kept = Kept([], {}, traces.where, 0)
    form: Any = columns.head.get("traces", "embed")
    made = Columns(_core(content, previews, kept, form))
    _columns(found, columns, made, content.source.rows or Rows(), same_code=same_code)
    if not same_code:
        found.open.append("Words, drawings, program and traces: another evalkit writes them so.")
        return
    _choice(found, content, traces)
    left = left_out_of(content, kept, form, _side(columns, form))
    history = manifest.get("history") == (content.view.manifest or {}).get("history")
    if not history:
        found.open.append("The history: summaries were saved or deleted since.")
    view = replace(content.view, manifest=manifest, left_out=tuple(left))
    _words(found, page, view, history=history)


def _choice(found: Verified, content: Content, traces: Traces) -> None:
    """Note runs that a page holds whole though its rule and its seed choose others."""
    rows, chosen = content.source.rows or Rows(), content.source.chosen
    if chosen is None:
        return
    for row in traces.where:
        if row >= len(rows) or not chosen.whole[row]:
            run = rows.run_ids[row] if row < len(rows) else None
            text = f"run {run}: is whole in the page, and the rule of the page chooses it not"
            found.differs("trace", text, run=run)


def _core(content: Content, previews: Previews, kept: Kept, form: str) -> bytes:
    head = header(content, kept, Cleaner(), form)
    return core_of(content, previews, kept, Cleaner()).pack(head)


def _side(columns: Columns, form: str) -> Path | None:
    return Path(str(columns.head.get("side"))) if form == "side" else None


def _figures(found: Verified, page: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    """Hold the figures together; those of a metric and of a rule are named by it."""
    for part in right.keys() | page.keys():
        what = {"gates": "gate"}.get(part, "figure")
        path = () if part in ("metrics", "gates") else (part,)
        found.compared(what, page.get(part), right.get(part), path)


class Held:
    """Takes the traces as the store gives them, and holds each against the page's."""

    def __init__(self, found: Verified, content: Content, traces: Traces | None) -> None:
        self._found, self._traces = found, traces
        self._rows = content.source.rows or Rows()
        self._names = [each.experiment for each in content.results]
        self.n = 0

    def add(self, row: int, run: Any, priority: int = 0) -> None:
        """Never called: nothing is taken out of what stays here."""

    def spent(self, priority: int) -> int:
        """Say that there is room."""
        return 0

    def finish(self) -> None:
        """Nothing is open."""

    def add_written(self, row: int, data: bytes, priority: int = 0) -> None:
        """Hold a run's trace against the page's, where the page has it."""
        of: dict[str, Any] = {
            "experiment": self._names[self._rows.experiments[row]],
            "run": self._rows.run_ids[row],
        }
        try:
            page = self._traces.of(row) if self._traces is not None else None
            if page is None:
                return
            self.n += 1
            if page != data:
                self._tell(orjson.loads(page), orjson.loads(data), of)
        except ValueError as error:
            self._found.differs("trace", f"run {of['run']}: {error}", **of)

    def _tell(self, page: Any, right: Any, of: Mapping[str, Any]) -> None:
        told = list(differences(page, right))
        for at, one, other in told[:MOST_TOLD]:
            where = " ".join(at)
            text = f"run {of['run']}, trace, {where}: the page says {shown(one)}, "
            metric = at[1] if at[0] == "feedback" and len(at) > 1 else None
            self._found.differs("trace", f"{text}right is {shown(other)}", metric=metric, **of)
        if not told:
            self._found.differs("trace", f"run {of['run']}: its trace is written otherwise", **of)


def _columns(
    found: Verified, page: Columns, right: Columns, rows: Rows, *, same_code: bool
) -> None:
    """Hold the columns together; a value that differs is named with its run."""
    beside = OF_THE_FORM if same_code else OF_THE_FORM | (OF_THE_CHOICE - page.head.keys())
    heads = [{k: v for k, v in each.head.items() if k not in beside} for each in (page, right)]
    found.compared("figure", heads[0], heads[1], ["table of runs"])
    labels = {f"s{at}": column.name for at, column in enumerate(rows.scores)}
    labels |= {f"o{at}": f"{column.name} (outcome)" for at, column in enumerate(rows.scores)}
    names = right.head["experiments"]
    for name in dict.fromkeys([*right.names, *page.names]):
        try:
            values = [each.column(name) if name in each.names else [] for each in (page, right)]
        except ValueError as error:
            found.differs("run", str(error))
            continue
        what = "score" if name in labels else "run"
        found.count(NAMED_VALUES[what], len(values[1]))
        if values[0] != values[1]:
            label = labels.get(name, name)
            for row, one, other in _unlike(*values):
                experiment, run = _run_of(name, row, rows, names)
                text = f"{label} of run {run} in {experiment}" if run else f"{label} [{row}]"
                said = f"{text}: the page says {shown(one)}, right is {shown(other)}"
                of = {"experiment": experiment, "run": run, "metric": label}
                found.differs(what, said, page=one, right=other, **of)


def _unlike(page: Sequence[Any], right: Sequence[Any]) -> Iterator[tuple[int, Any, Any]]:
    for row in range(max(len(page), len(right))):
        one = page[row] if row < len(page) else None
        other = right[row] if row < len(right) else None
        if one != other:
            yield row, one, other


def _run_of(
    column: str, row: int, rows: Rows, names: Sequence[Mapping[str, Any]]
) -> tuple[str | None, str | None]:
    """Return experiment and run of a row; a column of examples has neither."""
    if column.startswith("ex.") or row >= len(rows):
        return None, None
    return str(names[rows.experiments[row]]["name"]), rows.run_ids[row]


def _words(found: Verified, page: Opened, view: Any, *, history: bool) -> None:
    """Hold what people read, and the program, against what this evalkit writes."""
    pieces = (page.head, page.middle, page.tail)
    for ours, theirs in zip(html.page(view), pieces, strict=True):
        said, right = theirs.decode("utf-8", "replace"), ours
        if not history:
            said, right = HISTORY.sub("", said), HISTORY.sub("", right)
        found.count("letters", len(right))
        if said != right:
            _name_words(found, said, right)


def _name_words(found: Verified, page: str, right: str) -> None:
    """Name the blocks and lines that differ."""
    blocks = [BLOCK.findall(each) for each in (page, right)]
    named = len(blocks[0]) != len(blocks[1])
    if named:
        found.differs("program", "the page has other scripts or styles than evalkit writes")
    for one, other in zip(*blocks, strict=False):
        if one != other and not other[1].lstrip().startswith("{"):
            named = True
            found.differs("program", f"a {other[0]} of the page is not the one evalkit writes")
    lines = [BLOCK.sub("", each).split("\n") for each in (page, right)]
    matched = SequenceMatcher(None, lines[0], lines[1], autojunk=False)
    for tag, a, b, c, d in matched.get_opcodes():
        if tag == "equal":
            continue
        named = True
        texts = [_text(part) for part in (lines[0][a:b], lines[1][c:d])]
        where = _below(lines[1][: c + 1])
        one, other = apart(*texts)
        said = f"{where}: the page says {shown(one)}, right is {shown(other)}"
        if texts[0] == texts[1]:
            said = f"{where}: the page has other markup, or a drawing, than evalkit writes"
        found.differs("words", said, page=texts[0], right=texts[1])
    if not named:
        found.differs("words", "the page is written otherwise than evalkit writes it")


def _text(lines: Sequence[str]) -> str:
    return " ".join(unescape(TAG.sub(" ", "\n".join(lines))).split())


def apart(one: str, other: str) -> tuple[str, str]:
    """Return two long texts from shortly before the place where they part."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = same - BEFORE
    return (one, other) if start < BEFORE else (f"…{one[start:]}", f"…{other[start:]}")


def _below(lines: Sequence[str]) -> str:
    """Return the last heading, or name of a row, above a line."""
    for line in reversed(lines):
        headings = NAMED.findall(line)
        if headings and (text := _text([headings[-1]])):
            return text
    return "words"
