"""EvalPlus: `*_eval_results.json`, solutions of tasks with the verdicts of both test suites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evalkit.fetchers.files.formats.harness.cases import Cases, documents, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample


def fits(sample: Sample) -> bool:
    """Tell whether a document holds results of EvalPlus."""
    return sample.has("eval", "hash", "date")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a solution."""
    cases = Cases(reading, "evalplus")
    for document, where in documents(files, reading):
        tasks = document.get("eval") if isinstance(document, Mapping) else None
        if not isinstance(tasks, Mapping):
            reading.findings.break_at(where, "not results of EvalPlus")
            continue
        for task, solutions in tasks.items():
            for number, solution in enumerate(solutions):
                place = f"{where}: {task}[{number}]"
                yield cases.item(
                    solution, place,
                    run_id=digest([place, solution]),
                    example_id=str(task),
                    inputs={"task_id": task},
                    outputs={"solution": solution.get("solution")},
                    scores=[
                        score(name, _passed(solution.get(f"{name}_status")))
                        for name in ("base", "plus")
                    ],
                )  # fmt: skip


def _passed(status: object) -> bool | None:
    return None if status is None else status == "pass"
