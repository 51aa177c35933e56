"""What verbs take: arguments and options, those that several share, and their completion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalkit.cli.call.session import Session
from evalkit.errors import EvalkitError

FILE = click.Path(path_type=Path)


def argument(name: str, **more: Any) -> click.Argument:
    """Take one word; `required=False` lets it be left out."""
    return click.Argument([name], **more)


def option(names: str, line: str | None = None, **more: Any) -> click.Option:
    """Take a value: `names` as in `--evaluator -e evaluators`, `line` for the help."""
    return click.Option(names.split(), help=line, **more)


def flag(names: str, line: str, **more: Any) -> click.Option:
    """Take an option without a value."""
    return click.Option(names.split(), is_flag=True, help=line, **more)


def experiment_names(required: bool = False) -> click.Argument:
    """Take any number of experiment names."""
    more: dict[str, Any] = {"metavar": "[NAME]...", "shell_complete": _experiments}
    return argument("names", nargs=-1, required=required, **more)


def experiment_name() -> click.Argument:
    """Take one experiment name."""
    return argument("name", metavar="NAME", shell_complete=_experiments)


def json_option(what: str = "One JSON document on stdout.") -> click.Option:
    """Take `--json`; everything else that prints then goes to stderr."""

    def reserve(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
        if value and not ctx.resilient_parsing:
            ctx.ensure_object(Session).reserve_stdout()
        return value

    return flag("--json as_json", what, callback=reserve)


def _experiments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    # Only completion reads the configuration; help and running a verb do not come here.
    from evalkit.project.layout import find_config

    try:
        session = ctx.find_object(Session) or Session()
        names = find_config(Path(session.project or ".")).values.get("experiments", {})
    except EvalkitError:
        return []
    return [name for name in names if name.startswith(incomplete)]
