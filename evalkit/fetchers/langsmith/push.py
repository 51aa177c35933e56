"""Gives scores back to LangSmith: planned first, written only when told, withdrawn without trace.

Ids are made from what a score is about, so pushing again changes nothing, a push that broke off
goes on where it stopped, and a changed score replaces the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.errors import FetchError, SourceUnavailable
from evalkit.fetchers.base import FetchContext, Progress, no_progress
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.multipart import BYTES, MOST, batches, encode
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.check import explained
from evalkit.fetchers.langsmith.convert import writes
from evalkit.fetchers.langsmith.convert.writes import Body
from evalkit.fetchers.langsmith.listing import first_look
from evalkit.fetchers.langsmith.written import PushReport, delete, notes, own_version
from evalkit.fetchers.langsmith.written import there as find_there


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
    stale: list[str] = field(default_factory=list)
    """Feedback evalkit wrote that no cell says any more: of an evaluator it still has, or that
    scored these runs and says nothing now. Taken away when the plan is applied."""
    foreign: int = 0
    """Feedback evalkit wrote for evaluators that are not here: somebody else's, left alone."""
    left: int = 0
    """Scores that are there already, as they are here."""
    unknown_runs: list[str] = field(default_factory=list)
    """Runs that have scores here and are not on the server."""
    notes: list[str] = field(default_factory=list)
    client: LangSmith | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan's figures, as `--json` prints them."""
        return {
            "experiment": self.experiment,
            "created": len(self.create),
            "updated": len(self.update) + len(self.replace),
            "left": self.left,
            "stale": len(self.stale),
            "foreign": self.foreign,
            "unknown_runs": self.unknown_runs,
            "notes": self.notes,
        }


def plan(
    cells: Iterable[Any],
    options: LangSmithOptions,
    context: FetchContext,
    *,
    keep: Callable[[Mapping[str, Any]], bool] | None = None,
    step_ids: Callable[[], Iterable[str]] = tuple,
    environ: Mapping[str, str] | None = None,
) -> PushPlan:
    """Compare the cells (rows of the `cells` table, or Feedback) with what the server has.

    Only reads. Raises what fetching raises. `keep` chooses the cells to push; of the others
    nothing is written and nothing taken away. `step_ids` names the steps whose feedback is to be
    looked for on a server that lists feedback by run only.
    """
    every = [writes.row_of(cell) for cell in cells]
    client = LangSmith(connect(options, environ), options)
    try:
        with explained():
            session = client.session(read_reference(options.experiment))
            _, found = first_look(client, options, session)
            context.progress("runs listed", len(found.roots), None)
            starts = {run_id: root.record.get("start_time") for run_id, root in found.roots.items()}
            all_bodies, unknown = writes.bodies(every, session["id"], starts, own_version())
            there = find_there(client, session["id"], found, all_bodies, step_ids)
    except BaseException:
        client.close()
        raise
    made = PushPlan(str(session.get("name")), session["id"], client=client)
    made.unknown_runs = sorted(unknown)
    made.notes = notes(client)
    wanted = all_bodies
    if keep is None:
        _find_stale(made, there, all_bodies, {str(cell.get("evaluator")) for cell in every})
    else:
        chosen = writes.bodies(every, session["id"], starts, own_version(), keep)[0]
        wanted = chosen
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
    report = PushReport(
        plan.experiment,
        left=plan.left,
        foreign=plan.foreign,
        unknown_runs=plan.unknown_runs,
        notes=plan.notes,
    )
    total = len(plan.create) + len(plan.update) + len(plan.replace)
    try:
        with explained():
            report.withdrawn = sum(client.http.map(lambda each: delete(client, each), plan.stale))
            for body in plan.replace:
                delete(client, body["id"])
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


def _find_stale(
    made: PushPlan, there: Mapping[str, Any], wanted: Iterable[Body], known: set[str]
) -> None:
    """Sort what evalkit wrote and no cell says: stale where the evaluator is here, else foreign."""
    said = {body["id"] for body in wanted}
    for each, item in there.items():
        if each in said:
            continue
        if writes.evaluator_of(item) in known:
            made.stale.append(each)
        else:
            made.foreign += 1


def _client(plan: PushPlan) -> LangSmith:
    if plan.client is None:
        raise FetchError(f"{plan.experiment}: this plan was applied already. Make a new one.")
    return plan.client
