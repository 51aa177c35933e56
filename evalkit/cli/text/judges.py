"""What language models that judge took, after verbs that may have asked them."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.pipeline.judging import accounts_found, judge_accounts


def say_judges(session: Session) -> None:
    """Say what language models that judge took, when any was asked."""
    found = accounts_found()
    if found is not None:
        session.say(f"judges, in flight when an earlier command was killed: {found}")
    accounts = judge_accounts()
    if accounts is not None:
        session.say(f"judges: {accounts}")
