"""Holds what came against everything the server said there would be, and names each shortfall."""

from __future__ import annotations

from evalkit.fetchers.base import Counts
from evalkit.fetchers.langsmith.convert.fields import NOTHING, Payload, mapping_of
from evalkit.fetchers.langsmith.gather import Gatherer
from evalkit.fetchers.langsmith.listing import Listing, some


def account(counts: Counts, collected: Gatherer) -> None:
    """Name what should have been on the pages and was not."""
    counts.duplicates += collected.duplicates
    problems = counts.problems
    if missing := [root.run_id for root in collected.missing()]:
        problems.append(f"{len(missing)} runs were listed and never came: {some(missing)}")
    if collected.large:
        problems.append(
            f"{len(collected.large)} runs have a record larger than `max_record_mb` and were left "
            f"out: {some(sorted(collected.large))}"
        )
    if collected.empty_pages:
        problems.append(f"{collected.empty_pages} pages were empty though more followed")
    if collected.late:
        problems.append(
            f"steps of {len(collected.late)} runs came out of order and are missing: "
            f"{some(sorted(collected.late))}"
        )
    if collected.rootless:
        counts.orphans += len(collected.rootless)
        counts.notes.append(f"{len(collected.rootless)} steps belong to runs that are not shown")


def settle(counts: Counts, found: Listing, session: Payload, selection: str | None) -> None:
    """Compare the runs that were shown with those that were counted or planned.

    `selection` is the filter: a part of an experiment cannot be held against the whole.
    """
    counts.pending = found.pending
    counts.duplicates += found.duplicates
    counts.received = max(counts.received, counts.unchanged)
    planned = _planned_repetitions(session)
    lacking = found.missing_repetitions(planned) if selection is None else {}
    shown = len(found.roots)
    counts.expected = max(found.expected or 0, shown + sum(lacking.values())) or None
    if found.short:
        counts.problems.append(f"the server counts {found.expected} runs and shows {shown}")
    elif lacking:
        counts.problems.append(
            f"{len(lacking)} examples have fewer than {planned} runs: {some(lacking)}"
        )
    if counts.pending:
        counts.notes.append(f"{counts.pending} runs have not ended and were left out")
    if selection is not None:
        counts.notes.append(f"only the runs that fit {selection!r} were fetched")
    unnamed = sum(root.example_id is None for root in found.roots.values())
    if unnamed and session.get("reference_dataset_id"):
        counts.notes.append(f"{unnamed} runs name no example")


def _planned_repetitions(session: Payload) -> int:
    metadata = mapping_of(session, "extra").get("metadata") or NOTHING
    planned = metadata.get("num_repetitions")
    return planned if isinstance(planned, int) and planned > 1 else 1
