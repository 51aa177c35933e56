"""Looks at a Phoenix server before anything is pulled: answer, version, key, what is named."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.phoenix.client import SUPPORTED, Phoenix
from evalkit.fetchers.phoenix.options import PhoenixOptions


def check(client: Phoenix, options: PhoenixOptions) -> Iterator[CheckLine]:
    """Yield one line for each thing a fetch needs, and stop at the first that is broken."""
    try:
        yield _server(client)
        if options.experiment is not None:
            yield from _experiment(client, options.experiment, options.dataset)
        else:
            yield from _project(client, options)
    except EvalkitError as error:
        yield CheckLine(False, str(error))


def _server(client: Phoenix) -> CheckLine:
    version = client.hello()
    text = f"{client.http.source}: version {version or 'not said'}, key accepted or none needed"
    major = (version or "").partition(".")[0]
    tried = not major.isdigit() or int(major) >= SUPPORTED
    if tried:
        return CheckLine(True, text)
    return CheckLine(None, f"{text}; older than {SUPPORTED}, with which evalkit is not tried")


def _experiment(client: Phoenix, named: str, dataset: str | None) -> Iterator[CheckLine]:
    found = client.experiment(named, dataset)
    missing, failed = found.get("missing_run_count"), found.get("failed_run_count")
    said = (
        f"experiment {found.get('name')!r} ({found['id']}): {found.get('example_count')} examples, "
        f"{found.get('repetitions')} repetition(s), {found.get('successful_run_count')} runs "
        f"succeeded, {failed} failed"
    )
    yield CheckLine(True, said)
    if missing:
        yield CheckLine(False, f"{missing} runs that the experiment plans were never made")
    if not found.get("project_name"):
        yield CheckLine(None, "the experiment names no project: its runs have no steps")


def _project(client: Phoenix, options: PhoenixOptions) -> Iterator[CheckLine]:
    found = client.project(str(options.project))
    start = options.since.isoformat() if options.since else None
    end = options.until.isoformat() if options.until else None
    said = client.counts(str(found["id"]), start, end)
    name = f"project {found.get('name')!r} ({found['id']})"
    if said is None:
        yield CheckLine(None, f"{name}: the server does not say how many traces it has")
        return
    window = " in this time" if start or end else ""
    yield CheckLine(
        bool(said["traceCount"]) or None,
        f"{name}: {said['traceCount']} traces, {said['recordCount']} spans{window}",
    )
