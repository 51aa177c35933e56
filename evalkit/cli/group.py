"""The verbs as click sees them: what each takes is listed, what it does is loaded when it runs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from evalkit import __version__
from evalkit.cli.call.session import Session
from evalkit.cli.table.sections import SECTIONS, VERBS, module_of
from evalkit.cli.table.verb import Verb
from evalkit.errors import did_you_mean


class LeftError(Exception):
    """Who read what is printed has left; click would end with 1, which is a missed gate."""


@contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise LeftError from None


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
            callback=_alone,
            no_args_is_help=False,
            invoke_without_command=True,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the arguments, of which `--help` prints."""
        with _heard():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with _heard():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command; nothing of what it does is loaded."""
        verb = VERBS.get(cmd_name)
        return None if verb is None else _command(verb, cmd_name)

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
        for section in SECTIONS:
            with formatter.section(section.heading):
                lines = [(name, verb.line) for name, verb in section.verbs.items()]
                formatter.write_dl(lines, col_max=12)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete verbs without importing them."""
        from click.shell_completion import CompletionItem

        if not incomplete.startswith("-"):
            names = [name for name in VERBS if name.startswith(incomplete)]
            return [CompletionItem(name, help=VERBS[name].line) for name in names]
        return super().shell_complete(ctx, incomplete)


def _alone() -> None:
    """Show what there is when no verb is given."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _command(verb: Verb, *words: str) -> click.Command:
    """Make click's command of a verb; one with verbs inside is a group of theirs."""
    there = {param.name for param in verb.takes}
    params = [*verb.takes, *(each for each in common_options() if each.name not in there)]
    if verb.inside:
        inside = {name: _command(each, *words, name) for name, each in verb.inside.items()}
        return click.Group(words[-1], inside, params=params, help=verb.text)

    def call(**given: Any) -> Any:
        # The one place where what a verb does is loaded: help, completion and mistakes in the
        # arguments cost none of it.
        perform = importlib.import_module(module_of(*words)).perform
        return perform(click.get_current_context().ensure_object(Session), **given)

    return click.Command(words[-1], callback=call, params=params, help=verb.text)


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
