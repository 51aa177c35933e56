"""Says whether an experiment in LangSmith can be read, before anything is pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evalkit.errors import AuthenticationFailed, ConfigError, FetchError
from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.listing import expected_runs

ORG_SCOPED = "org_scoped_key_requires_workspace"


@contextmanager
def explained() -> Iterator[None]:
    """Say what to do about refusals that LangSmith words for machines."""
    try:
        yield
    except AuthenticationFailed as error:
        if ORG_SCOPED not in str(error):
            raise
        raise AuthenticationFailed(
            "langsmith: the key belongs to an organization and needs a workspace. "
            "Set LANGSMITH_WORKSPACE_ID, or `workspace` of the experiment."
        ) from None


def lines(options: LangSmithOptions, client: Callable[[], LangSmith]) -> Iterator[CheckLine]:
    """Yield what was found out, up to the first thing that is broken."""
    try:
        with explained():
            yield from _lines(options, client)
    except (FetchError, ConfigError) as error:
        yield CheckLine(False, str(error))


def _lines(options: LangSmithOptions, client: Callable[[], LangSmith]) -> Iterator[CheckLine]:
    reference = read_reference(options.experiment)
    server = client()
    connection = server.connection
    yield CheckLine(True, f"langsmith: {connection.root}, key from {connection.credentials}")
    info = server.info()
    if info is None:
        yield CheckLine(None, "langsmith: the server does not say which version it is")
    else:
        flags = info.get("instance_flags") or {}
        apis = [
            name
            for name, on in (
                ("v1", flags.get("ch_query_enabled", True)),
                ("v2", flags.get("sdb_query_enabled", False)),
            )
            if on
        ]
        yield CheckLine(
            True, f"langsmith: version {info.get('version')}, run APIs: {', '.join(apis)}"
        )
    session = server.session(reference)
    count = expected_runs(session)
    yield CheckLine(
        True,
        f"langsmith: experiment {session.get('name')!r} ({session['id']}), "
        f"{'an unknown number of' if count is None else count} runs, "
        f"started {session.get('start_time')}",
    )
    if not session.get("reference_dataset_id"):
        yield CheckLine(None, "langsmith: this is a tracing project; it names no dataset")
