"""map: look at a file of runs and write the experiment that reads it."""

from __future__ import annotations

from pathlib import Path

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import clean
from evalkit.cli.text.run import run_text
from evalkit.errors import ConfigError
from evalkit.fetchers.files.proposal.propose import propose
from evalkit.fetchers.files.proposal.written import table_of
from evalkit.project.layout import find_config, shown
from evalkit.project.scaffold import add_experiment, experiment_named


def perform(
    session: Session, /, file: str, name: str | None, write: bool, check: bool, as_json: bool
) -> None:
    """Print the table, or write it; the runs it makes are shown on request."""
    folder = Path(session.project or ".").absolute()
    try:
        config: Path | None = find_config(folder).path
    except ConfigError:
        if list(folder.glob("evalkit.toml")):
            raise
        config = None
    base = config.parent if config else folder
    tried = propose(_below(file, base), base)
    name = name or experiment_named(file)
    text = table_of(name, tried)
    if as_json:
        session.document(
            {
                "name": name,
                "fetcher": tried.fetcher,
                "table": text,
                "runs": tried.count,
                "notes": list(tried.notes),
                "written": shown(add_experiment(config or base / "evalkit.toml", name, text))
                if write
                else None,
            }
        )
        return
    if write:
        place = add_experiment(config or base / "evalkit.toml", name, text)
        session.say(f"[experiments.{name}] written to {shown(place)}. Now: evalkit run {name}")
    else:
        _print(session, text)
    if check:
        for run in tried.runs:
            _print(session, run_text(run, run.feedback) + "\n\n")
    if tried.fetcher == "records":
        session.say(f"{tried.count:,} runs")
    for note in tried.notes:
        session.say(f"note: {clean(note)}")


def _print(session: Session, text: str) -> None:
    for line in text.splitlines():
        session.print(clean(line))


def _below(file: str, base: Path) -> str:
    """Return the pattern as the configuration writes it: relative to its folder."""
    if "://" in file or not (Path(file).exists() or Path(file).parent.is_dir()):
        return file
    path = Path(file).absolute()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
