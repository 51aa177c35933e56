"""Verbs for machines."""

from __future__ import annotations

import click

from evalkit.cli.call.options import argument, json_option
from evalkit.cli.table.verb import Verb

DOCUMENTS = ("config", "record", "run", "summary", "comparison")
SHELLS = ("bash", "zsh", "fish")

MACHINES = {
    "schema": Verb(
        "Print the JSON schema of a document evalkit reads or writes.",
        takes=[argument("document", type=click.Choice(DOCUMENTS)), json_option("As it is anyway.")],
    ),
    "completion": Verb(
        "Print the completion script of a shell.",
        """Print the completion script of a shell.

        For bash: `evalkit completion bash > ~/.local/share/bash-completion/completions/evalkit`.
        For zsh or fish: put the output where the shell looks for completions.
        """,
        [argument("shell", type=click.Choice(SHELLS))],
    ),
}
