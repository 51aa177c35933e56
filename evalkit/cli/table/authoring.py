"""Verbs for people who write evaluators."""

from __future__ import annotations

import click

from evalkit.cli.call.options import FILE, argument, flag, json_option, option
from evalkit.cli.table.verb import Verb

SCOPES = ("run", "step", "experiment")

AUTHORING = {
    "new": Verb(
        "Start a new evaluator from a template.",
        inside={
            "evaluator": Verb(
                "Write evaluators/NAME.py: an evaluator that works, with cases that prove it.",
                takes=[
                    argument("name"),
                    option(
                        "--scope",
                        "What it scores.",
                        type=click.Choice(SCOPES),
                        default="run",
                        show_default=True,
                    ),
                ],
            )
        },
    ),
    "try": Verb(
        "Call one evaluator on a sample of stored runs, and watch.",
        """Call one evaluator on a sample of stored runs, and watch.

        The sample is the same every time. Nothing is kept: scores of a trial are looked at.
        """,
        [
            argument("evaluator"),
            option("--on experiment", "Experiment to sample.", required=True, metavar="NAME"),
            option("--sample", "Runs to call it on.", default=20, show_default=True, metavar="N"),
            option(
                "--seed", "Another seed, other runs.", default=0, show_default=True, metavar="N"
            ),
            option(
                "--timeout", "For one call.", default=10.0, show_default=True, metavar="SECONDS"
            ),
            flag("--watch", "Again whenever a file of the project changes."),
            json_option(),
        ],
    ),
    "agree": Verb(
        "Hold a metric against labels given by people.",
        """Hold a metric against labels given by people.

        NAME is the experiment whose runs were labelled; it may be left out when there is one only.
        The result is kept in reports/agreement/, and a judge that has one is no longer marked
        uncalibrated.
        """,
        [
            argument("name", required=False),
            option(
                "--human labels",
                'JSON Lines of {"run_id": ..., "label": ...}.',
                required=True,
                type=FILE,
            ),
            option("--metric", "The score to hold against the labels.", required=True),
            json_option(),
        ],
    ),
}
