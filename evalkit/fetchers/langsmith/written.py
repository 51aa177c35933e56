"""What evalkit wrote on a LangSmith server: found again, counted, taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.http.answers import NotFound
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.check import explained
from evalkit.fetchers.langsmith.convert import writes
from evalkit.fetchers.langsmith.convert.feedback import is_ours
from evalkit.fetchers.langsmith.convert.writes import Body
from evalkit.fetchers.langsmith.listing import Listing, first_look

DISTRIBUTION = "evalkit-harness"


@dataclass(slots=True)
class PushReport:
    """What a push did."""

    experiment: str
    created: int = 0
    updated: int = 0
    left: int = 0
    withdrawn: int = 0
    """Scores removed: all of evalkit's when told so, else those that nothing says any more."""
    foreign: int = 0
    unknown_runs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report, as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def withdraw(
    options: LangSmithOptions,
    context: FetchContext,
    *,
    cells: Iterable[Any] = (),
    step_ids: Callable[[], Iterable[str]] = tuple,
    dry_run: bool = False,
    environ: Mapping[str, str] | None = None,
) -> PushReport:
    """Remove every score of the experiment that evalkit wrote, and nothing else.

    A server that does not list feedback by session is asked about the runs, the steps of
    `step_ids` and the scores of the experiment that `cells` hold, and the report says so.
    """
    client = LangSmith(connect(options, environ), options)
    try:
        with explained():
            session = client.session(read_reference(options.experiment))
            _, found = first_look(client, options, session)
            starts = dict.fromkeys(found.roots)
            bodies, _ = writes.bodies(cells, session["id"], starts, own_version())
            ids = sorted(there(client, session["id"], found, bodies, step_ids))
            report = PushReport(str(session.get("name")), notes=notes(client))
            if dry_run:
                report.withdrawn = len(ids)
            else:
                gone = client.http.map(lambda each: delete(client, each), ids)
                for done, removed in enumerate(gone, start=1):
                    report.withdrawn += removed
                    context.progress("scores withdrawn", done, len(ids))
            return report
    finally:
        client.close()


def there(
    client: LangSmith,
    session_id: str,
    found: Listing,
    wanted: Iterable[Body],
    step_ids: Callable[[], Iterable[str]] = tuple,
) -> dict[str, Any]:
    """Return what evalkit wrote, summary scores included where a list does not show them."""

    def ids() -> Iterable[str]:
        runs = [body["run_id"] for body in wanted if "run_id" in body]
        return dict.fromkeys([*found.roots, *runs, *step_ids()])

    known = _ours(client, session_id, ids)
    for body in wanted:
        if "run_id" not in body and body["id"] not in known:
            try:
                known[body["id"]] = client.http.get_json(client.v1(f"/feedback/{body['id']}"))
            except NotFound:
                continue
    return known


def _ours(
    client: LangSmith, session_id: str, run_ids: Callable[[], Iterable[str]]
) -> dict[str, Any]:
    """Return the feedback evalkit wrote on this experiment, by id."""
    return {str(item["id"]): item for item in client.feedback(session_id, run_ids) if is_ours(item)}


def delete(client: LangSmith, feedback_id: str) -> bool:
    """Remove one; tell whether it was there: what was gone already is not counted."""
    try:
        client.http.request("DELETE", client.v1(f"/feedback/{feedback_id}"))
    except NotFound:
        return False
    return True


def notes(client: LangSmith) -> list[str]:
    """Say what a server that lists less leaves out."""
    if client.lists_sessions:
        return []
    return [
        "the server does not list feedback by session: only feedback on the runs and steps "
        "stored here was looked for"
    ]


def own_version() -> str:
    """Return the version of evalkit that writes."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
