"""cluster check: what each worker of a cluster has, before anything is called there."""

from __future__ import annotations

from dataclasses import asdict

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned, clean
from evalkit.errors import ExitCode
from evalkit.pipeline.checks.clusters import check_cluster


def perform(session: Session, /, name: str | None, executor: str | None, as_json: bool) -> int:
    """Name each worker; ends with 3 unless all of them can be used."""
    project = session.load(deep=False)
    address, found = check_cluster(project, name, executor)
    if as_json:
        rows = [asdict(each) | {"fits": not each.refused} for each in found]
        session.document({"executor": address, "workers": rows})
    else:
        lines = [
            ["FAIL" if each.refused else "ok", each.address, each.host, each.refused or "fits"]
            for each in found
        ]
        session.print(aligned([[clean(word) for word in line] for line in lines]))
    whole = all(not each.refused for each in found)
    return ExitCode.GOOD if whole else ExitCode.SOURCE_FAILED
