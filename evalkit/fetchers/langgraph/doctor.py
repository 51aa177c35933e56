"""Looks at a LangGraph Server before anything is pulled: answer, version, key, what matches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.errors import AuthenticationFailed, EvalkitError
from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.langgraph.discover import Discovery
from evalkit.fetchers.plain import PlainOptions

if TYPE_CHECKING:
    from evalkit.fetchers.langgraph.options import LangGraphOptions

LOOKED_AT = 100
"""Threads whose runs are counted; more would be a fetch."""


def check(discovery: Discovery, options: LangGraphOptions | PlainOptions) -> Iterator[CheckLine]:
    """Yield one line for each thing a fetch needs, and stop at the first that is broken."""
    try:
        yield from _server(discovery)
        if options.assistant is not None:
            names = discovery.choose_assistants(options.assistant)
            yield CheckLine(True, f"assistant {options.assistant!r}: {len(names)} found")
        yield from _matches(discovery, options)
    except AuthenticationFailed as error:
        yield CheckLine(False, f"key: {error}")
    except EvalkitError as error:
        yield CheckLine(False, str(error))


def _server(discovery: Discovery) -> Iterator[CheckLine]:
    client = discovery.client
    found = client.identify()
    more = f", {found.library}" if found.library else ""
    yield CheckLine(True, f"{client.http.source}: {found.name}, version {found.version}{more}")


def _matches(discovery: Discovery, options: LangGraphOptions | PlainOptions) -> Iterator[CheckLine]:
    count = discovery.client.count_threads(options.thread_metadata)
    yield CheckLine(True, "the server takes our requests (key accepted, or none needed)")
    asked = options.thread_metadata or "any metadata"
    threads = discovery.client.thread_page(options.thread_metadata, 0)
    count = len(threads) if count is None else count
    yield CheckLine(count > 0, f"threads with {asked}: {count}")
    if threads:
        discovery.client.negotiate(threads[0]["thread_id"])
    for lack in discovery.client.abilities.lacks():
        yield CheckLine(None, f"the server {lack}")
    threads = threads[:LOOKED_AT]
    found = [f for runs in discovery.client.http.map(discovery.runs, threads) for f in runs]
    if not threads:
        return
    of = "" if count == len(threads) else f" (looked at the first {len(threads)} threads)"
    waiting = sum(not f.ended for f in found)
    yield CheckLine(bool(found) or None, f"runs that match: {len(found)}, unfinished {waiting}{of}")
