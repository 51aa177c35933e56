"""SWE-bench run reports: lists of instance ids by what became of them.

`resolved` is over all instances on the leaderboard; here an instance without a verdict (no
prediction, an error of the harness) has no score, and the outcome says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.score import Score

BROKEN = {
    "error_ids": "the evaluation ended with an error",
    "infra_failure_ids": "the infrastructure failed",
    "ambiguous_failure_ids": "it is not clear what failed",
    "incomplete_ids": "there is no prediction",
}
"""Lists of instances whose evaluation gave no verdict, in words."""
JUDGED = {"resolved_ids": True, "unresolved_ids": False, "empty_patch_ids": False}


def fits(sample: Sample) -> bool:
    """Tell whether a document is a report of a run."""
    return sample.has("resolved_ids", "unresolved_ids", "total_instances")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run an instance."""
    cases = Cases(reading, "swebench")
    for document, where in documents(files, reading):
        if not isinstance(document, Mapping) or "resolved_ids" not in document:
            reading.findings.break_at(where, "not a report of SWE-bench")
            continue
        names = [name for name in (*JUDGED, *BROKEN, "submitted_ids") if document.get(name)]
        ids = dict.fromkeys(each for name in names for each in document[name])
        total = document.get("total_instances")
        if isinstance(total, int):
            reading.tally.expected = (reading.tally.expected or 0) + total
        for instance in ids:
            run_id = instance if len(files) == 1 else f"{where}/{instance}"
            yield _item(cases, document, instance, where, run_id)


def _item(cases: Cases, report: Line, instance: str, where: str, run_id: str) -> Item:
    listed = [name for name in (*JUDGED, *BROKEN) if instance in (report.get(name) or ())]
    broken = next((BROKEN[name] for name in listed if name in BROKEN), None)
    verdict = next((JUDGED[name] for name in listed if name in JUDGED), None)
    scores: list[Score] = [] if verdict is None or broken else [score("resolved", verdict)]
    reason = (report.get("failure_reasons") or {}).get(instance)
    return cases.item(
        [instance, listed], f"{where}: {instance}",
        run_id=run_id,
        example_id=instance,
        inputs={"instance_id": instance},
        error=broken and (f"{broken}: {reason}" if reason else broken),
        metadata={"lists": [name.removesuffix("_ids") for name in listed]},
        scores=scores,
    )  # fmt: skip
