"""doctor: say whether a source can be read and judges answer, before anything is pulled."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import clean
from evalkit.errors import ExitCode
from evalkit.fetchers.base import CheckLine
from evalkit.pipeline.fetching import doctor
from evalkit.pipeline.judging import try_judges


def perform(session: Session, /, name: str, as_json: bool) -> int:
    """Say each thing as soon as it is known; a source may take its time."""
    project = session.load(look=True)
    marks = {True: "ok  ", False: "FAIL", None: "note"}
    lines = []
    for line in doctor(project, name):
        lines.append(line)
        if not as_json:
            session.print(f"{marks[line.ok]}  {clean(line.text)}")
    for judge, problem, took in try_judges(project, name):
        lines.append(CheckLine(problem is None, f"judge {judge}: {problem or took}"))
        if not as_json:
            session.print(f"{marks[problem is None]}  {clean(lines[-1].text)}")
    if as_json:
        checks = [{"ok": line.ok, "text": line.text} for line in lines]
        session.document({"experiment": name, "checks": checks})
    broken = any(line.ok is False for line in lines)
    return ExitCode.SOURCE_FAILED if broken else ExitCode.GOOD
