"""Verbs about the project itself."""

from __future__ import annotations

import click

from evalkit.cli.call.options import FILE, argument, experiment_name, flag, json_option, option
from evalkit.cli.table.verb import Verb

THINGS = ("experiments", "evaluators", "fetchers", "datasets")

PROJECT = {
    "init": Verb(
        "Make a project folder that works at once.",
        """Make a project folder that works at once.

        Writes a configuration, evaluators, a small dataset of recorded runs and a README. Refuses
        to overwrite anything.
        """,
        [argument("folder", type=FILE), json_option()],
    ),
    "map": Verb(
        "Look at a file of runs and write the experiment that reads it.",
        """Look at a file of runs and write the experiment that reads it.

        FILE is a file, folder or glob of JSON, JSON Lines, CSV or Parquet. The table is printed,
        ready to paste, or added to the configuration by --write; what could not be placed is named
        in it.
        """,
        [
            argument("file"),
            option("--name", "Of the experiment; not given: that of the file.", metavar="NAME"),
            flag("--write", "Add it to evalkit.toml, which is made where there is none."),
            flag("--check", "Show the first three runs it makes."),
            json_option(),
        ],
    ),
    "check": Verb(
        "Load everything and run the evaluators' own cases, offline.",
        """Load everything and run the evaluators' own cases, offline.

        Ends with 2 when the configuration or an evaluator cannot be loaded, with 4 when a case
        fails.
        """,
        [json_option()],
    ),
    "list": Verb(
        "List experiments, evaluators, fetchers or datasets.",
        "List experiments, evaluators, fetchers or datasets; without a word, all of them.",
        [
            argument("what", type=click.Choice(THINGS), required=False),
            flag("--long long", "Say everything about each."),
            json_option(),
        ],
    ),
    "doctor": Verb(
        "Say whether the source of an experiment can be read.",
        "Say whether the source of an experiment can be read, before anything is pulled.",
        [experiment_name(), json_option()],
    ),
}
