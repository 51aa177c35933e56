"""verify: hold a page or a document of figures against what it was made from."""

from __future__ import annotations

from pathlib import Path

from evalkit.cli.call.session import Session
from evalkit.errors import ExitCode
from evalkit.pipeline.verifying.finding import Verified
from evalkit.pipeline.verifying.verify import verify
from evalkit.project.config import Project
from evalkit.project.layout import config_around, shown


def perform(session: Session, /, file: Path, key: Path | None, as_json: bool) -> int:
    """Name what differs; ends with 1 where something does."""
    public = None
    if key is not None:
        from evalkit.pipeline.evidence.signing import public_key  # for what is signed

        public = public_key(key)
    found = verify(file, _project(session), public)
    if as_json:
        session.document(found.to_dict())
    else:
        _say(session, found)
    return ExitCode.GOOD if found.good else ExitCode.GATE_MISSED


def _project(session: Session) -> Project | None:
    """Return the project around here, or the one named; none is no mistake."""
    if session.project is None and config_around(Path(".")) is None:
        return None
    return session.load(deep=False)


def _say(session: Session, found: Verified) -> None:
    for each in found.findings:
        session.print(f"DIFFERS  {each.what}: {each.text}")
    if found.more:
        session.print(f"DIFFERS  and {found.more:,} more")
    for sentence in found.open:
        session.say(f"not checked: {sentence}")
    count = len(found.findings) + found.more
    against = "its store" if found.against == "store" else "itself"
    checked = ", ".join(f"{n:,} {what}" for what, n in found.checked.items() if n)
    signer = f", signed by {found.signer}" if found.signer else ""
    says = f"{count:,} difference{'s' * (count != 1)}" if count else "nothing differs"
    session.print(f"{shown(found.file)}: {says}; held against {against}{signer} ({checked})")
