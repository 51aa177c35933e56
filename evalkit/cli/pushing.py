"""The verb that writes to a source, only when told to: push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import experiment_name, json_option, pass_session
from evalkit.cli.session import Session

if TYPE_CHECKING:
    from evalkit.pipeline.pushing import Pushed


@click.command("push")
@experiment_name()
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--withdraw", is_flag=True, help="Remove what evalkit wrote, and nothing else.")
@click.option("--verify", is_flag=True, help="Read everything back: ends with 3 where it differs.")
@click.option(
    "--only",
    type=click.Choice(["failed", "errors"]),
    help="Only yes/no scores that say no and evaluator errors, or only the errors.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="EXPR=VALUE",
    help="Only runs of this slice, as in metadata.topic=billing; may be repeated.",
)
@click.option(
    "--evaluator",
    "-e",
    "evaluators",
    multiple=True,
    metavar="NAME",
    help="Only scores of this evaluator; may be repeated.",
)
@json_option()
@pass_session
def push_command(session: Session, /, name: str, as_json: bool, **given: Any) -> int:
    """Write scores back to LangSmith.

    Pushing again changes nothing; a score that changed replaces the old one; one that no evaluator
    says any more is taken away; a push that broke off goes on where it stopped.
    """
    from evalkit.pipeline.pushing import push

    project = session.load()
    with session.progress() as progress:
        pushed = push(project, name, progress=progress, **given)
    if as_json:
        session.document(pushed.to_dict())
    else:
        session.print(_text(pushed))
    return pushed.exit_code


def _text(pushed: Pushed) -> str:
    would = "would be " if pushed.dry_run else ""
    counts = pushed.to_dict()
    facts = {"created": "created", "updated": "updated", "left": "left as they are"}
    if pushed.withdraw:
        facts = {"withdrawn": "withdrawn"}
    elif gone := counts.get("stale" if pushed.dry_run else "withdrawn"):
        counts["gone"] = gone
        facts["gone"] = "withdrawn: no evaluator says them any more"
    lines = [f"{counts[key]:,} scores {would}{words}" for key, words in facts.items()]
    if foreign := counts.get("foreign"):
        lines.append(f"{foreign:,} of evaluators that are not here left alone")
    unknown = counts.get("unknown_runs") or []
    if unknown:
        lines.append(f"{len(unknown):,} runs are not on the server: {', '.join(unknown[:5])}")
    lines += counts.get("notes") or []
    text = f"{pushed.experiment}: " + "; ".join(lines)
    return text + _read_back(pushed.experiment, counts) if "keys" in counts else text


def _read_back(name: str, counts: dict[str, Any]) -> str:
    lines = [
        f"\n{name}: {each['key']}: here {_figure(each['here'], each['mean'])}, on the server "
        f"{_figure(each['server'], each['server_mean'])}{'' if each['same'] else ': differs'}"
        for each in counts["keys"]
    ]
    wrong = [f"{counts[key]:,} {key}" for key in ("missing", "differ", "stale") if counts[key]]
    return "".join(lines) + f"\n{name}: read back: {', '.join(wrong) or 'all the same'}"


def _figure(n: int, mean: float | None) -> str:
    return f"n={n:,}" if mean is None else f"{mean:.4g} (n={n:,})"
