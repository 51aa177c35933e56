"""lm-eval's `--log_samples`: a line for each document and filter.

The filters of a document are scores of one run, no repetitions; a score is called
`METRIC,FILTER`, as in the harness's own table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.score import Score

RESULTS = re.compile(r"(?:^|/)results_[^/]*\.json$")
NAME = re.compile(r"samples_(?P<task>.+)_\d{4}-\d\d-\d\dT[\d.:-]+\.jsonl")


def fits(sample: Sample) -> bool:
    """Tell whether a file holds samples of lm-eval."""
    return sample.has("doc_id", "filter", "resps", "filtered_resps")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a document; lines of one document may lie far apart, so a file is read whole."""
    cases = Cases(reading, "lm-eval")
    for file in files:
        if RESULTS.search(file.shown):
            continue  # the harness's own table, beside its samples
        named = NAME.search(file.shown)
        task = named["task"] if named else None
        documents: dict[Any, list[Line]] = {}
        for row in read_rows(file, Selection(None), reading.findings):
            line = row.value
            if not isinstance(line, Mapping) or "doc_id" not in line:
                reading.findings.break_at(row.where, "not a sample of lm-eval")
                continue
            documents.setdefault(line["doc_id"], []).append(line)
        for doc_id, lines in documents.items():
            for metric in _of_all(lines[0]):
                reading.findings.note(f"{metric} is a figure of all documents, no score of one")
            yield _item(cases, task, doc_id, lines, f"{file.shown}: document {doc_id}")


def _item(cases: Cases, task: str | None, doc_id: Any, lines: list[Line], where: str) -> Item:
    first = lines[0]
    example_id = f"{task}/{doc_id}" if task else str(doc_id)
    asked = ((first.get("arguments") or {}).get("gen_args_0") or {}).get("arg_0")
    filtered = {str(line.get("filter")): _only(line.get("filtered_resps")) for line in lines}
    same = len({str(each) for each in filtered.values()}) == 1
    return cases.item(
        lines, where,
        example_id=example_id,
        name=task,
        inputs={"prompt": asked} if asked is not None else first.get("doc"),
        outputs={
            "answer": next(iter(filtered.values())) if same else filtered,
            "responses": _only(first.get("resps")),
        },
        reference={"target": first.get("target")},
        about={"doc": first.get("doc"), "doc_hash": first.get("doc_hash")},
        scores=[each for line in lines for each in _scores(line)],
    )  # fmt: skip


def _scores(line: Line) -> Iterator[Score]:
    for metric in line.get("metrics") or ():
        if metric in line and not isinstance(line[metric], list):
            yield score(f"{metric},{line.get('filter')}", line[metric])


def _of_all(line: Line) -> list[str]:
    """Return metrics that are reckoned from parts of every document, such as a perplexity."""
    return [name for name in line.get("metrics") or () if isinstance(line.get(name), list)]


def _only(values: Any) -> Any:
    return values[0] if isinstance(values, list) and len(values) == 1 else values
