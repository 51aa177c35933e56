"""The verbs as click sees them: imported when called, listed without being imported."""

from __future__ import annotations

import importlib
from typing import Any

import click

from evalkit import __version__
from evalkit.cli.session import Session
from evalkit.cli.table import SECTIONS, VERBS
from evalkit.errors import did_you_mean


class Evalkit(click.Group):
    """Score completed runs of LLM and agent applications."""

    @classmethod
    def build(cls) -> Evalkit:
        """Return the whole command line."""
        return cls(
            "evalkit",
            help=cls.__doc__,
            epilog="Exit codes: 0 good, 1 a gate was missed, 2 usage or configuration, 3 the "
            "source failed or is incomplete, 4 evaluator errors, 5 nothing to evaluate.",
            params=[_version(), *common_options()],
            callback=lambda: None,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its command."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        module = importlib.import_module(f"evalkit.cli.{verb.module}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        for each in [command, *getattr(command, "commands", {}).values()]:
            _add_common(each)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one is close."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], VERBS)
            ctx.fail(f"evalkit has no verb {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs under their headings."""
        for heading, verbs in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, verb.line) for name, verb in verbs.items()], col_max=12)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete verbs without importing them."""
        from click.shell_completion import CompletionItem

        if not incomplete.startswith("-"):
            names = [name for name in VERBS if name.startswith(incomplete)]
            return [CompletionItem(name, help=VERBS[name].line) for name in names]
        return super().shell_complete(ctx, incomplete)


def common_options() -> list[click.Option]:
    """Return the options every verb takes, before or after its name."""
    return [
        _common("--project", "-C", metavar="PATH", help="Folder or configuration of the project."),
        _common("--quiet", "-q", is_flag=True, help="Say nothing but errors on stderr."),
        _common("--verbose", "-v", is_flag=True, help="Say more on stderr."),
        _common("--debug", is_flag=True, help="Print the traceback of an error."),
    ]


def _common(*names: str, **kwargs: Any) -> click.Option:
    return click.Option([*names], expose_value=False, callback=_remember, **kwargs)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if value:
        setattr(session, str(param.name), value)


def _add_common(command: click.Command) -> None:
    there = {param.name for param in command.params}
    command.params += [option for option in common_options() if option.name not in there]


def _version() -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(f"evalkit {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=show,
        help="Print the version.",
    )
