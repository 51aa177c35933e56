"""Verbs for machines."""

from __future__ import annotations

import click

from evalkit.cli.call.completing import completed, experiments
from evalkit.cli.call.options import argument, json_option, option
from evalkit.cli.table.verb import Verb

DOCUMENTS = ("config", "record", "run", "summary", "comparison")
SHELLS = ("bash", "zsh", "fish")

CLUSTER = {
    "check": Verb(
        "Say what each worker has, and what it lacks.",
        """Say what each worker of a Dask cluster has, and what keeps it from calling evaluators.

        Versions, packages, the project and its code as it is here, variables that have to be set,
        and with NAME whether the runs of that experiment can be read there. No evaluator is called.
        Ends with 3 unless every worker can be used.
        """,
        [
            argument("name", required=False, **completed(experiments)),
            option("--executor", "Address; default: as configured.", metavar="ADDRESS"),
            json_option(),
        ],
    ),
}
MACHINES = {
    "cluster": Verb("Look at a cluster that evaluators are called on.", inside=CLUSTER),
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
