"""judge: questions of judges as a batch, its answers, and what judges took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import clean
from evalkit.errors import ConfigError
from evalkit.pipeline.judging import all_accounts, collect_batch, write_batch


def perform(
    session: Session,
    /,
    name: str | None,
    batch: Path | None,
    collect: Path | None,
    form: str,
    evaluators: Sequence[str],
    as_json: bool,
) -> None:
    """Write a batch, collect one, or say what all commands took."""
    project = session.load(deep=False)
    chosen = list(evaluators) or None
    if batch is not None and collect is not None:
        raise ConfigError("judge: --batch and --collect are two commands, one after the other.")
    if batch is None and collect is None:
        accounts = all_accounts(project)
        _say(session, as_json, asdict(accounts), f"judges, all commands: {accounts}")
        return
    if name is None:
        raise ConfigError("judge: name the experiment whose runs are judged.")
    project.experiment(name)
    if batch is not None:
        written = write_batch(project, name, batch, form, chosen)
        counts = f"{written.questions:,} questions, {written.known:,} are known"
        text = f"{batch}: {counts}, {_money(written.cost)}"
        _say(session, as_json, asdict(written), text)
    elif collect is not None:
        done, left = collect_batch(project, name, collect, chosen)
        failed = dict(done.failed)
        document = {**asdict(done), "failed": failed, "open": left}
        lines = [
            f"{done.kept:,} answers kept ({_money(done.cost)}), {done.known:,} were known, "
            f"{done.unknown:,} are of no question here; {left:,} questions are open"
        ]
        lines += [f"{count:,} without an answer: {clean(why)}" for why, count in failed.items()]
        lines += ["the next `evalkit judge --batch` asks what is open"] if left else []
        _say(session, as_json, document, "\n".join(lines))


def _money(cost: float | None) -> str:
    return "cost unknown (no price)" if cost is None else f"about {cost:.4g}"


def _say(session: Session, as_json: bool, document: dict[str, Any], text: str) -> None:
    if as_json:
        session.document(document)
    else:
        session.print(text)
