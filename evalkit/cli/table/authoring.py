"""Verbs for people who write evaluators."""

from __future__ import annotations

import click

from evalkit.cli.call.completing import (
    completed,
    evaluator_names,
    experiments,
    metric_names,
)
from evalkit.cli.call.options import (
    FILE,
    argument,
    experiment_names,
    flag,
    json_option,
    option,
)
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
                    json_option(),
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
            argument("evaluator", **completed(evaluator_names)),
            option(
                "--on experiment",
                "Experiment to sample.",
                required=True,
                metavar="NAME",
                **completed(experiments),
            ),
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
    "label": Verb(
        "Serve a page on which people label runs, by keyboard.",
        """Serve a page on which people label runs, by keyboard, on this machine only, until Ctrl-C.

        Runs of all experiments named are mixed, and which version answered is not shown; what the
        evaluator says of a run is not sent before a person has said all of theirs. Each label is on
        disk in datasets/labels/METRIC.RATER.jsonl before the next run is shown, and `evalkit agree`
        reads them there. The same command goes on where it stopped.
        """,
        [
            experiment_names(),
            option("--metric", "The score to label.", required=True, **completed(metric_names)),
            option(
                "--sample", "Runs to label.", type=click.IntRange(1), default=50, show_default=True
            ),
            option(
                "--queue order",
                "Half hard and half random with weights; random; the runs that make the corrected "
                "pass rate tightest; or the hardest only: near the threshold, or where scores "
                "disagree.",
                type=click.Choice(("mixed", "random", "tightest", "uncertainty", "disagreement")),
                default="mixed",
                show_default=True,
            ),
            option(
                "--rater raters",
                "Who labels; may be repeated. Default: you.",
                multiple=True,
                metavar="NAME",
            ),
            option("--labels", "The labels, where the score does not say: good,bad."),
            option("--guide", "What the label means; default: the evaluator's docstring."),
            click.Option(
                ["--reference/--no-reference"], default=True, help="Show what was expected."
            ),
            option("--seed", "Another seed, other runs.", default=0, show_default=True),
            option("--port", "Port on 127.0.0.1; 0 takes a free one.", default=0),
            flag("--open show", "Open the page in the browser."),
            json_option("The address as one JSON document on stdout."),
        ],
    ),
    "agree": Verb(
        "Hold a metric against labels given by people.",
        """Hold a metric against labels given by people.

        NAME is the experiment whose runs were labelled; it may be left out when there is one only.
        Labels are those of `evalkit label` (datasets/labels), or of a file or folder given.
        The result is kept in reports/agreement/, and a judge that has one is no longer marked
        uncalibrated.
        """,
        [
            argument("name", required=False, **completed(experiments)),
            option(
                "--human labels",
                'JSON Lines of {"run_id": ..., "label": ...}, or a folder of such files; default: '
                "datasets/labels.",
                type=FILE,
            ),
            option(
                "--metric",
                "The score to hold against the labels.",
                required=True,
                **completed(metric_names),
            ),
            json_option(),
        ],
    ),
}
