"""Verbs for machines: published schemas, completion scripts."""

from __future__ import annotations

import click

from evalkit.cli.options import pass_session
from evalkit.cli.session import Session
from evalkit.errors import ConfigError
from evalkit.project.schemas import SCHEMAS


@click.command("schema")
@click.argument("document", type=click.Choice(list(SCHEMAS)))
@pass_session
def schema_command(session: Session, document: str) -> None:
    """Print the JSON schema of a document evalkit reads or writes."""
    session.document(SCHEMAS[document]())


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash: `evalkit completion bash > ~/.local/share/bash-completion/completions/evalkit`.
    For zsh or fish: put the output where the shell looks for completions.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigError(f"{shell}: evalkit has no completion for this shell.")
    click.echo(kind(ctx.find_root().command, {}, "evalkit", "_EVALKIT_COMPLETE").source())
