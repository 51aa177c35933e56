"""Arguments and options that several verbs share, and their completion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from evalkit.cli.session import Session
from evalkit.errors import EvalkitError

pass_session = click.make_pass_decorator(Session, ensure=True)
Decorator = Callable[[Any], Any]


def experiment_names(required: bool = False) -> Decorator:
    """Take any number of experiment names."""
    return click.argument(
        "names", nargs=-1, required=required, metavar="[NAME]...", shell_complete=_experiments
    )


def experiment_name() -> Decorator:
    """Take one experiment name."""
    return click.argument("name", metavar="NAME", shell_complete=_experiments)


def json_option(what: str = "One JSON document on stdout.") -> Decorator:
    """Take `--json`; everything else that prints then goes to stderr."""

    def reserve(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
        if value and not ctx.resilient_parsing:
            ctx.ensure_object(Session).reserve_stdout()
        return value

    return click.option("--json", "as_json", is_flag=True, callback=reserve, help=what)


def _experiments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from evalkit.project.layout import find_config

    try:
        session = ctx.find_object(Session) or Session()
        names = find_config(Path(session.project or ".")).values.get("experiments", {})
    except EvalkitError:
        return []
    return [name for name in names if name.startswith(incomplete)]
