"""What readers of a log should know: retries, edited and invalidated samples, limits reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.usage import total_usage

Payload = Mapping[str, Any]


def facts(sample: Payload) -> Payload:
    """Return the little of a sample that is held against the whole log."""
    scores = sample.get("scores") or {}
    edited = any(isinstance(each, Mapping) and each.get("history") for each in scores.values())
    usages = [usage_or_note(each) for each in (sample.get("model_usage") or {}).values()]
    usage = total_usage(usages)
    return {
        "retries": len(sample.get("error_retries") or ()),
        "edited": edited,
        "invalidated": bool(sample.get("invalidation")),
        "limit": (sample.get("limit") or {}).get("type"),
        "tokens": (usage.total_tokens or 0) if usage else 0,
    }


def say(file: SourceFile, header: Payload, kept: Sequence[Payload], reading: Reading) -> None:
    """Leave a note of each thing that changes what a figure means."""
    for each in kept:
        if each["retries"]:
            reading.findings.note("sample that failed and was tried again", file.shown)
        if each["edited"]:
            reading.findings.note("sample whose score was edited; the new one counts", file.shown)
        if each["invalidated"]:
            reading.findings.note("sample that was invalidated; it still counts", file.shown)
        if each["limit"]:
            reading.findings.note(f"sample that reached its {each['limit']} limit", file.shown)
    _hold_tokens(file, header, kept, reading)


def _hold_tokens(
    file: SourceFile, header: Payload, kept: Sequence[Payload], reading: Reading
) -> None:
    """Say what failed attempts took: the samples hold the last attempt only, the log all."""
    models = ((header.get("stats") or {}).get("model_usage") or {}).values()
    usage = total_usage(usage_or_note(each) for each in models)
    whole = (usage.total_tokens or 0) if usage else 0
    here = sum(each["tokens"] for each in kept)
    if any(each["retries"] for each in kept) and whole > here:
        reading.findings.note(
            f"tokens of failed attempts are not in the runs: {here:,} of {whole:,}", file.shown
        )
