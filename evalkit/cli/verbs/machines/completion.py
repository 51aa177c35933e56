"""completion: print the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from evalkit.cli.call.session import Session
from evalkit.errors import ConfigError


def perform(session: Session, /, shell: str) -> None:
    """Print the script; nothing is written where the shell looks."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigError(f"{shell}: evalkit has no completion for this shell.")
    whole = click.get_current_context().find_root().command
    click.echo(kind(whole, {}, "evalkit", "_EVALKIT_COMPLETE").source())
