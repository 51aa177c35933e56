"""Verbs about the project itself."""

from __future__ import annotations

import click

from evalkit.cli.call.options import (
    FILE,
    argument,
    experiment_name,
    experiment_names,
    flag,
    json_option,
    option,
)
from evalkit.cli.table.verb import Verb

CHECKS = (
    "schema", "references", "duplicates", "near_duplicates", "leaks", "versions", "windows",
    "models",
)  # fmt: skip
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
    "validate": Verb(
        "Look at stored data before its figures are believed.",
        """Look at stored data before its figures are believed; without names, all that is stored.

        Fields that are not as they were, missing references, duplicate and nearly duplicate
        examples, references that stand in the inputs, models that changed in the middle; and beside
        the baseline: examples that are not the same, times that do not overlap. A finding makes
        figures wrong, a note is good to know. Ends with 0, with --strict with 1 where there is a
        finding. The schema is learnt once and kept; --accept makes today's the schema.
        """,
        [
            experiment_names(),
            flag("--strict", "End with 1 where there is a finding; notes do not count."),
            flag("--accept", "Take the fields of today for the schema."),
            option(
                "--ignore",
                "Leave this out; may be repeated.",
                type=click.Choice(CHECKS),
                multiple=True,
            ),
            json_option(),
        ],
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
