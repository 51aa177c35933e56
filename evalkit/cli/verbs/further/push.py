"""push: write scores back to the store the runs came from, only when told to."""

from __future__ import annotations

from typing import Any

from evalkit.cli.call.session import Session
from evalkit.pipeline.servers.pushing import Pushed, push


def perform(session: Session, /, name: str, as_json: bool, **given: Any) -> int:
    """Push, withdraw or read back, and count what was or would be written."""
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
    if taken := counts.get("taken"):
        lines.append(f"{taken:,} not written: somebody else's score has the name")
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
