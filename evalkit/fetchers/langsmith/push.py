"""Gives scores back to LangSmith: planned first, written only when told, withdrawn without trace.

Ids are made from what a score is about, so pushing again changes nothing, a push that broke off
goes on where it stopped, and a changed score replaces the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from evalkit.errors import FetchError, SourceUnavailable
from evalkit.fetchers.base import FetchContext, Progress, no_progress
from evalkit.fetchers.http.answers import NotFound
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.multipart import BYTES, MOST, batches, encode
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.check import explained
from evalkit.fetchers.langsmith.convert import writes
from evalkit.fetchers.langsmith.convert.feedback import is_ours
from evalkit.fetchers.langsmith.convert.writes import Body
from evalkit.fetchers.langsmith.listing import Listing, first_look

DISTRIBUTION = "evalkit-harness"


@dataclass(slots=True)
class PushPlan:
    """What a push would do; nothing has been written."""

    experiment: str
    """The experiment's name on the server."""
    session_id: str
    create: list[Body] = field(default_factory=list)
    update: list[Body] = field(default_factory=list)
    replace: list[Body] = field(default_factory=list)
    """Errors that became scores, or the other way round: removed and written again."""
    left: int = 0
    """Scores that are there already, as they are here."""
    unknown_runs: list[str] = field(default_factory=list)
    """Runs that have scores here and are not on the server."""
    client: LangSmith | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan's figures, as `--json` prints them."""
        return {
            "experiment": self.experiment,
            "created": len(self.create),
            "updated": len(self.update) + len(self.replace),
            "left": self.left,
            "unknown_runs": self.unknown_runs,
        }


@dataclass(slots=True)
class PushReport:
    """What a push did."""

    experiment: str
    created: int = 0
    updated: int = 0
    left: int = 0
    withdrawn: int = 0
    unknown_runs: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report, as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def plan(
    cells: Iterable[Any],
    options: LangSmithOptions,
    context: FetchContext,
    *,
    environ: Mapping[str, str] | None = None,
) -> PushPlan:
    """Compare the cells (rows of the `cells` table, or Feedback) with what the server has.

    Only reads. Raises what fetching raises.
    """
    client = LangSmith(connect(options, environ), options)
    try:
        with explained():
            session = client.session(read_reference(options.experiment))
            _, found = first_look(client, options, session)
            context.progress("runs listed", len(found.roots), None)
            starts = {run_id: root.record.get("start_time") for run_id, root in found.roots.items()}
            wanted, unknown = writes.bodies(cells, session["id"], starts, _version())
            there = _there(client, session["id"], found, wanted)
    except BaseException:
        client.close()
        raise
    made = PushPlan(str(session.get("name")), session["id"], client=client)
    made.unknown_runs = sorted(unknown)
    for body in wanted:
        before = there.get(body["id"])
        if before is None:
            made.create.append(body)
        elif writes.turned(body, before):
            made.replace.append(body)
        elif writes.differs(body, before):
            made.update.append(body)
        else:
            made.left += 1
    return made


def apply(plan: PushPlan, progress: Progress = no_progress) -> PushReport:
    """Write what the plan says, many at a time; what broke off goes on when pushed again."""
    client = _client(plan)
    report = PushReport(plan.experiment, left=plan.left, unknown_runs=plan.unknown_runs)
    total = len(plan.create) + len(plan.update) + len(plan.replace)
    try:
        with explained():
            for body in plan.replace:
                _delete(client, body["id"])
                client.http.post_json(client.v1("/feedback"), body)
                report.updated += 1
            for _ in client.http.map(lambda body: _patch(client, body), plan.update):
                report.updated += 1
                progress("scores", report.updated, total)
            _create(client, plan, report, progress, total)
    except SourceUnavailable as error:
        done = report.created + report.updated
        raise SourceUnavailable(
            f"{plan.experiment}: pushed {done} of {total} scores, then: {error} "
            "Push again to go on; nothing is written twice."
        ) from None
    finally:
        close(plan)
    return report


def withdraw(
    options: LangSmithOptions,
    context: FetchContext,
    *,
    dry_run: bool = False,
    environ: Mapping[str, str] | None = None,
) -> PushReport:
    """Remove every score of the experiment that evalkit wrote, and nothing else."""
    client = LangSmith(connect(options, environ), options)
    try:
        with explained():
            session = client.session(read_reference(options.experiment))
            _, found = first_look(client, options, session)
            ids = sorted(_ours(client, session["id"], found.roots))
            report = PushReport(str(session.get("name")), withdrawn=len(ids))
            if not dry_run:
                report.withdrawn = 0
                for _ in client.http.map(lambda each: _delete(client, each), ids):
                    report.withdrawn += 1
                    context.progress("scores withdrawn", report.withdrawn, len(ids))
            return report
    finally:
        client.close()


def close(plan: PushPlan) -> None:
    """Drop the plan's connection; a plan that is applied closes itself."""
    if plan.client is not None:
        plan.client.close()
        plan.client = None


def _create(
    client: LangSmith, plan: PushPlan, report: PushReport, progress: Progress, total: int
) -> None:
    whole = [body for body in plan.create if "run_id" not in body]
    for body in whole:  # the multipart form is for feedback on runs
        client.http.post_json(client.v1("/feedback"), body)
        report.created += 1
    config = (client.info() or {}).get("batch_ingest_config") or {}
    most = config.get("size_limit") or MOST
    size = min(config.get("size_limit_bytes") or BYTES, BYTES)
    of_runs = [body for body in plan.create if "run_id" in body]
    for batch in batches(of_runs, most, size):
        content, kind = encode(batch)
        client.http.request(
            "POST", client.v1("/runs/multipart"), content=content, headers={"content-type": kind}
        )
        report.created += len(batch)
        progress("scores", report.created + report.updated, total)


def _patch(client: LangSmith, body: Body) -> None:
    path = client.v1(f"/feedback/{body['id']}")
    client.http.request("PATCH", path, json=writes.change(body))


def _delete(client: LangSmith, feedback_id: str) -> None:
    with suppress(NotFound):  # gone already, which is what was wanted
        client.http.request("DELETE", client.v1(f"/feedback/{feedback_id}"))


def _there(
    client: LangSmith, session_id: str, found: Listing, wanted: Iterable[Body]
) -> dict[str, Any]:
    """Return what evalkit wrote, summary scores included where a list does not show them."""
    ids = {**dict.fromkeys(found.roots), **{b["run_id"]: None for b in wanted if "run_id" in b}}
    there = _ours(client, session_id, ids)
    for body in wanted:
        if "run_id" not in body and body["id"] not in there:
            try:
                there[body["id"]] = client.http.get_json(client.v1(f"/feedback/{body['id']}"))
            except NotFound:
                continue
    return there


def _ours(client: LangSmith, session_id: str, run_ids: Iterable[str]) -> dict[str, Any]:
    """Return the feedback evalkit wrote on this experiment, by id."""
    return {str(item["id"]): item for item in client.feedback(session_id, run_ids) if is_ours(item)}


def _client(plan: PushPlan) -> LangSmith:
    if plan.client is None:
        raise FetchError(f"{plan.experiment}: this plan was applied already. Make a new one.")
    return plan.client


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
