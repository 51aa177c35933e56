"""The verb that writes to a source, only when told to: push."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evalkit.cli.options import experiment_name, json_option, pass_session
from evalkit.cli.session import Session

if TYPE_CHECKING:
    from evalkit.pipeline.pushing import Pushed


@click.command("push")
@experiment_name()
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--withdraw", is_flag=True, help="Remove what evalkit wrote, and nothing else.")
@json_option()
@pass_session
def push_command(
    session: Session, /, name: str, dry_run: bool, withdraw: bool, as_json: bool
) -> None:
    """Write scores back to LangSmith.

    Pushing again changes nothing; a score that changed replaces the old one; a push that broke off
    goes on where it stopped.
    """
    from evalkit.pipeline.pushing import push

    project = session.load()
    with session.progress() as progress:
        pushed = push(project, name, dry_run=dry_run, withdraw=withdraw, progress=progress)
    if as_json:
        session.document(pushed.to_dict())
    else:
        session.print(_text(pushed))


def _text(pushed: Pushed) -> str:
    would = "would be " if pushed.dry_run else ""
    facts = {"created": "created", "updated": "updated", "left": "left as they are"}
    if pushed.withdraw:
        facts = {"withdrawn": "withdrawn"}
    counts = pushed.to_dict()
    lines = [f"{counts[key]:,} scores {would}{words}" for key, words in facts.items()]
    unknown = counts.get("unknown_runs") or []
    if unknown:
        lines.append(f"{len(unknown):,} runs are not on the server: {', '.join(unknown[:5])}")
    return f"{pushed.experiment}: " + "; ".join(lines)
