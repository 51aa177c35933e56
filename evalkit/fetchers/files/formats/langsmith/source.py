"""Source: records of LangSmith in files, and what has to be remembered between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from evalkit.errors import DatasetError, RecordError
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.langsmith import shapes
from evalkit.fetchers.files.formats.langsmith.buckets import Buckets
from evalkit.fetchers.files.formats.langsmith.frames import frame_item
from evalkit.fetchers.files.formats.langsmith.quick import QuickLine, QuickLines
from evalkit.fetchers.files.formats.langsmith.upload import upload_items
from evalkit.fetchers.files.mapping.examples import Dataset, asked_text
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.langsmith.convert.feedback import from_stats, to_feedback
from evalkit.fetchers.langsmith.convert.order import parent_of
from evalkit.fetchers.langsmith.convert.run import convert, to_example
from evalkit.fetchers.langsmith.convert.traces import Grouped, Trace, flatten
from evalkit.model.example import Example
from evalkit.model.schema.batch import Odd
from evalkit.model.schema.content import dumps
from evalkit.model.schema.written import example_to_record
from evalkit.model.score import Feedback

SESSION_NAMES = ("session_id", "project_id", "session_name")


class Source:
    """What has to be remembered between records."""

    def __init__(
        self, reading: Reading, dataset: Dataset | None, session: str | None, buckets: Buckets
    ) -> None:
        self._reading, self._buckets = reading, buckets
        self._session = session
        self._sessions: dict[str, str] = {}
        self._dataset = dataset
        self._repetitions = reading.repetitions
        self._steps_recorded = False
        self._pages = 0
        self._unfollowed: list[str] = []
        self._quick = QuickLines() if reading.quick else None

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield what is a run by itself; flat records wait until their traces are whole."""
        try:
            for file in files:
                yield from self._take(file)
        except BaseException:
            self._buckets.close()
            raise

    def rest(self) -> Iterator[Item]:
        """Yield the runs of flat records, and add the dataset's examples."""
        try:
            self._check_pages()
            for grouped in self._buckets.groups():
                yield from self._runs(grouped)
        finally:
            self._buckets.close()
        if self._dataset is not None:
            for example_id, text in self._dataset.kept_texts():
                self._reading.book.add_text(example_id, text)

    def told(self) -> Any:
        """Return what is not whole, and what was seen of pages, sessions and steps."""
        asked = None if self._dataset is None else self._dataset.told()
        flat = self._buckets.told()
        self._buckets.close()
        return flat, self._pages, self._unfollowed, self._steps_recorded, self._sessions, asked

    def hear(self, told: Any) -> None:
        """Take in what was not whole elsewhere; raises `DatasetError` for a second session."""
        flat, pages, unfollowed, steps_recorded, sessions, asked = told
        for session, name in sessions.items():
            self._meet(session, name)
        for record in flat:
            self._buckets.add(record)
        self._pages += pages
        self._unfollowed += unfollowed
        self._steps_recorded |= steps_recorded
        if self._dataset is not None and asked is not None:
            self._dataset.hear(asked)

    def _take(self, file: SourceFile) -> Iterator[Item]:
        """Put a file's records into the buckets; yield what is a run by itself."""
        quick = self._quick.line if self._quick is not None else None
        for row in read_rows(file, Selection(None), self._reading.findings, quick):
            value, where = row.value, row.where
            if type(value) is QuickLine:
                assert self._quick is not None
                item = self._quick_item(value)
                if item is not None:
                    yield item
                    continue
                value = value.value
            try:
                self._note_page(value, where)
                for example in shapes.examples(value):
                    self._reading.book.add(to_example(example))
                yield from upload_items(value, where, self._reading)
                if shapes.shape_of(value) == "frame":
                    yield self._frame(value, where)
                if shapes.shape_of(value) == "other":
                    raise RecordError(f"{where}: not a run, a page or an example of LangSmith.")
                for record in shapes.records(value):
                    yield from self._add(record, where)
            except RecordError as error:
                self._reading.findings.break_at(where, str(error))

    def _quick_item(self, line: QuickLine) -> Item | None:
        """Return the run of a line, or None where it has to go the long way."""
        assert self._quick is not None
        root = line.root
        stated, inputs = root.reference_example_id, root.inputs
        if self._dataset is not None:
            if stated is None or not self._dataset.has(stated):
                return None
        elif not stated and inputs is None:
            return None
        session = root.session_id if type(root.session_id) is str else ""
        if self._session is not None and session != self._session:
            return None
        example_id = stated or digest(inputs)
        repetition = self._repetitions.number(example_id)
        try:
            rows = self._quick.reader.rows(root, example_id, repetition)
        except Odd:
            return None
        self._steps_recorded = True
        if self._session is not None or self._sessions.keys() != {session}:
            about = {"id": root.id, "session_id": session, "reference_example_id": stated}
            if not self._is_of_session(about):
                return None
        self._repetitions.count(example_id)
        if self._dataset is not None:
            self._dataset.answer(example_id)
        elif example_id not in self._reading.book:
            self._reading.book.offer(example_id, asked_text(example_id, orjson.dumps(inputs)))
        return Item(rows, "", root.id)

    def _frame(self, row: Any, where: str) -> Item:
        self._reading.findings.note("row of a frame: no steps, times or tokens", where)
        try:
            return frame_item(row, where, self._repetitions, self._reading)
        except ValueError as error:
            raise RecordError(f"{where}: {error}.") from None

    def _note_page(self, value: Any, where: str) -> None:
        follows = shapes.next_page(value)
        if follows is not None:
            self._pages += 1
            if follows:
                self._unfollowed.append(where)

    def _check_pages(self) -> None:
        """A set of pages of which each says another follows lacks at least one."""
        if self._pages and len(self._unfollowed) == self._pages:
            where = self._unfollowed[-1]
            self._reading.findings.break_at(where, "the page says another follows; it is missing")

    def _add(self, record: Any, where: str) -> Iterable[Item]:
        """Let a root with its steps inside be a run at once; a flat record waits for its trace."""
        if not isinstance(record.get("id"), str):
            raise RecordError(f"{where}: a run without an id")
        trace = flatten(record) if record.get("child_runs") else Trace(record, [])
        self._steps_recorded |= bool(trace.children)
        if trace.children and parent_of(record) is None:
            return self._run(trace)
        for each in (trace.root, *trace.children):
            self._buckets.add(each if "child_runs" not in each else without_children(each))
        return ()

    def _runs(self, grouped: Grouped) -> Iterator[Item]:
        """Yield the runs of a group of traces, in the order in which they started."""
        self._reading.tally.duplicates += grouped.duplicates
        for trace_id, lost in grouped.rootless.items():
            self._reading.tally.orphans += len(lost)
            reason = f"{len(lost)} steps, but the run they belong to is in none of the files"
            self._reading.findings.break_at(f"trace {trace_id}", reason)
        self._steps_recorded |= any(trace.children for trace in grouped.traces)
        for trace in sorted(grouped.traces, key=lambda each: str(each.root.get("start_time"))):
            try:
                yield from self._run(trace)
            except RecordError as error:
                self._reading.findings.break_at(str(trace.root.get("id")), str(error))

    def _run(self, trace: Trace) -> Iterable[Item]:
        root = trace.root
        if shapes.is_evaluator_run(root):
            self._reading.findings.note("trace of an evaluator left out", str(root["id"]))
            return
        if not self._is_of_session(root):
            return
        example_id = self._example_of(root)
        root = {**root, "reference_example_id": example_id}
        repetition = None
        if example_id is not None:
            repetition = self._repetitions.next(example_id)
        run_id = str(root["id"])
        made = convert(
            root,
            trace.children,
            repetition=repetition,
            feedback=self._feedback(root, run_id, example_id),
            steps_recorded=self._steps_recorded,
        )
        self._reading.tally.orphans += len(made.orphans)
        fingerprint = "" if self._reading.quick else digest(root)
        yield Item(made.run, fingerprint, run_id)

    def _is_of_session(self, root: Any) -> bool:
        """Tell whether a root belongs to the experiment; roots of two of them are never mixed."""
        found = {str(root[name]) for name in SESSION_NAMES if root.get(name)}
        if self._session is not None:
            if self._session in found:
                return True
            self._reading.findings.note("run of another session left out", str(root["id"]))
            return False
        session = str(root.get("session_id") or root.get("project_id") or "")
        self._meet(session, str(root.get("session_name") or session))
        return True

    def _meet(self, session: str, name: str) -> None:
        """Take down the experiment that runs are of; raises `DatasetError` for a second one."""
        if not self._sessions:
            self._sessions[session] = name
        if session not in self._sessions:
            names = ", ".join(sorted(filter(None, (*self._sessions.values(), name))))
            raise DatasetError(
                f"the files hold runs of several experiments (session {names}). Give each a path "
                'of its own, or choose one with fetcher = "langsmith-files" and `session`.'
            )

    def _feedback(self, root: Any, run_id: str, example_id: str | None) -> list[Feedback]:
        given = {"run_id": run_id, "example_id": example_id}
        said = root.pop(shapes.RESULTS, None)
        if said is None:
            return from_stats(root.get("feedback_stats"), **given)
        return [
            to_feedback(each, **given, step_id=_step_of(each, run_id))
            for each in said
            if isinstance(each, dict)
        ]

    def _example_of(self, root: Any) -> str | None:
        """Return the id of the run's example; by equal inputs where the export left it out."""
        stated, inputs = root.get("reference_example_id"), root.get("inputs")
        if self._dataset is not None:
            theirs = self._dataset.find(stated and str(stated), inputs)
            if theirs is not None:
                return theirs.example_id
            self._reading.findings.note("run whose example is not in the dataset", str(root["id"]))
        if not stated and inputs is None:
            return None
        example_id = str(stated) if stated else digest(inputs)
        if example_id not in self._reading.book:
            asked = Example(example_id=example_id, inputs=inputs)
            self._reading.book.offer(example_id, dumps(example_to_record(asked)))
        return example_id


def _step_of(result: Any, run_id: str) -> str | None:
    """Return the step a result names; the run itself is none."""
    target = result.get("target_run_id")
    return None if target is None or str(target) == run_id else str(target)


def without_children(record: Any) -> dict[str, Any]:
    """Return a nested record as the flat one it would be."""
    return {name: value for name, value in record.items() if name != "child_runs"}
