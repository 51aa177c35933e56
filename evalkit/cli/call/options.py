"""What verbs take: arguments and options, those that several share, and their completion."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.call.completing import completed, experiments
from evalkit.cli.call.session import Session

FILE = click.Path(path_type=Path)
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


if TYPE_CHECKING:
    Time = click.ParamType[timedelta]
else:
    Time = click.ParamType  # says no type of its value before click 8.4


class Span(Time):
    """A length of time as people write it: `60s`, `5m`, `24h`, `7d`; a bare number is seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read it; anything but a positive length is a mistake of usage."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*", str(value))
        seconds = float(found[1]) * UNITS[found[2]] if found else 0.0
        if not 0 < seconds < 10 * 365 * UNITS["d"]:
            self.fail(f"{value!r} is no length of time. Write for example 60s, 5m, 24h or 7d.")
        return timedelta(seconds=seconds)


SPAN = Span()


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
    more: dict[str, Any] = {"metavar": "[NAME]...", **completed(experiments)}
    return argument("names", nargs=-1, required=required, **more)


def experiment_name() -> click.Argument:
    """Take one experiment name."""
    return argument("name", metavar="NAME", **completed(experiments))


def json_option(what: str = "One JSON document on stdout.") -> click.Option:
    """Take `--json`; everything else that prints then goes to stderr."""

    return flag("--json as_json", what, callback=_reserve)


def agent_option() -> click.Option:
    """Take `--for-agent`, whose answer has stdout for itself too."""
    line = "At most 2,000 tokens for a coding agent: figures, what is missing, the worst runs."
    return flag("--for-agent", line, callback=_reserve)


def refuse_both(as_json: bool, for_agent: bool) -> None:
    """Raise a mistake of usage where two forms of an answer are asked for."""
    if as_json and for_agent:
        raise click.UsageError("--json and --for-agent are two forms of one answer: choose one.")


def _reserve(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    if value and not ctx.resilient_parsing:
        ctx.ensure_object(Session).reserve_stdout()
    return value
