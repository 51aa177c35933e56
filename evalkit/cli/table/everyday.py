"""Verbs of every day."""

from __future__ import annotations

import click

from evalkit.cli.call.completing import completed, evaluator_names, experiments, run_ids
from evalkit.cli.call.options import (
    FILE,
    SPAN,
    agent_option,
    argument,
    experiment_name,
    experiment_names,
    flag,
    json_option,
    option,
)
from evalkit.cli.table.verb import Verb


def _baseline(line: str = "Compare with this experiment.", metavar: str = "NAME") -> click.Option:
    return option("--baseline", line, metavar=metavar, **completed(experiments))


def _gates() -> click.Option:
    return option("--gate gates", "A rule beside those configured.", multiple=True, metavar="RULE")


def _incomplete() -> click.Option:
    return flag("--allow-incomplete", "Hold rules against runs that are not all there.")


def _page() -> list[click.Option]:
    return [
        option("--output", "Where the page goes.", type=FILE),
        flag("--open show", "Open the page in the browser."),
    ]


def _sign() -> click.Option:
    return option("--sign", "Sign what is written with this Ed25519 key.", type=FILE)


def _runs() -> click.Option:
    text = "How many the page holds whole, a number or all."
    return option("--runs", text, metavar="N")


def _fetching() -> list[click.Option]:
    return [
        flag("--refresh", "Pull everything again, not only what is new."),
        flag("--wait", "Wait for runs that are still going."),
    ]


def _scoring() -> list[click.Option]:
    """Return the options that say how evaluators are called; None is: as configured."""
    return [
        option(
            "--evaluator -e evaluators",
            "Only this evaluator; may be repeated.",
            multiple=True,
            metavar="NAME",
            **completed(evaluator_names),
            callback=lambda ctx, param, names: names or None,
        ),
        option(
            "--workers",
            "Worker processes; 0 stays in this one.",
            type=click.IntRange(0),
            metavar="N",
        ),
        option("--executor", "Call on a Dask cluster; or `local`.", metavar="ADDRESS"),
        option("--timeout", "For one call.", type=float, metavar="SECONDS"),
        option("--memory", "A worker may take.", type=click.IntRange(1), metavar="MB"),
        option("--max-errors", "Evaluator errors allowed.", type=click.IntRange(0), metavar="N"),
        flag("--fail-fast", "Stop once more than --max-errors failed.", default=None),
        option("--budget", "Judges may spend, in their currency.", type=float, metavar="MONEY"),
        flag("--fresh", "Score everything again.", default=None),
        flag("--retry-errors", "Score again what ended in an error.", default=None),
    ]


EVERYDAY = {
    "run": Verb(
        "Fetch, score, summarise and report experiments.",
        """Fetch, score, summarise and report experiments; without names, all of them.

        Two or more are compared when the configuration or --baseline names one to compare with.
        """,
        [
            experiment_names(),
            flag("--offline", "Fetch nothing: score and report what is stored."),
            *_fetching(),
            _baseline(),
            _gates(),
            _incomplete(),
            *_page(),
            _runs(),
            flag("--no-page", "Write no page; figures, gates and summary.json as always."),
            _sign(),
            *_scoring(),
            agent_option(),
            json_option(),
        ],
    ),
    "fetch": Verb(
        "Pull the runs of experiments from where they were recorded.",
        """Pull the runs of experiments from where they were recorded; without names, all of them.

        Only what is new or changed is pulled, and what a damaged file of the store held. A fetch
        that is not whole ends with 3; what arrived is kept.
        """,
        [
            experiment_names(),
            *_fetching(),
            option("--executor", "Read files on a Dask cluster; or `local`.", metavar="ADDRESS"),
            json_option(),
        ],
    ),
    "score": Verb(
        "Call evaluators on stored runs; only what is missing runs.",
        "Call evaluators on stored runs; only what is missing or changed runs.",
        [
            experiment_names(),
            flag("--explain", "Say per evaluator why cells ran or were reused."),
            flag("--estimate", "Say what judges would take; ask nothing."),
            *_scoring(),
            json_option(),
        ],
    ),
    "report": Verb(
        "Write the HTML page of scored experiments.",
        """Write the HTML page of scored experiments; without names, of all of them.

        Nothing is fetched or scored. Gates that are missed end with 1, as in `run`.
        """,
        [
            experiment_names(),
            _baseline(),
            option("--output", "Where the page goes.", type=FILE),
            option("--max-size", "Of the page, such as 20MB; traces give way.", metavar="SIZE"),
            _runs(),
            option(
                "--traces",
                "In the page, in a file beside it, or left out.",
                type=click.Choice(["embed", "side", "none"]),
                default="embed",
            ),
            flag("--share", "Take secrets and personal data out, hash ids."),
            option("--to-csv table", "Write a line a run, too.", type=FILE),
            option("--to-json data", "Write the figures, too.", type=FILE),
            _sign(),
            _incomplete(),
            flag("--open show", "Open the page in the browser."),
            json_option(),
        ],
    ),
    "show": Verb(
        "Print figures of an experiment, or everything about one run.",
        """Print figures of an experiment, or everything about one run.

        RUN_ID may be the beginning of one.
        """,
        [
            experiment_name(),
            argument("run_id", required=False, **completed(run_ids)),
            agent_option(),
            json_option(),
        ],
    ),
    "compare": Verb(
        "Compare two or more experiments, paired by example.",
        """Compare two or more experiments, paired by example; without names, all of them.

        Each metric with difference, interval, p (corrected for the number of metrics), what could
        have been detected, and a verdict: better, worse, equivalent, not inferior or cannot tell.
        """,
        [
            experiment_names(),
            _baseline("Compare the others with this one."),
            option("--correction", "Of p for many metrics.", type=click.Choice(["holm", "bh"])),
            option("--output", "Write the page here, too.", type=FILE),
            flag("--open show", "Write the page and open it in the browser."),
            _sign(),
            _incomplete(),
            agent_option(),
            json_option(),
        ],
    ),
    "gate": Verb(
        "Check gates and write what CI reads.",
        """Check gates and write what CI reads; ends with 1 when one is missed.

        Works on what is stored and scored. A rule that needs a baseline and has none is said and
        does not block.
        """,
        [
            experiment_names(),
            _gates(),
            _baseline("Experiment or saved summary.json to compare with.", "NAME|FILE"),
            option("--junit", "Write the gates as JUnit XML here.", type=FILE),
            flag("--junit-runs", "Write every run there, too."),
            option("--markdown", "Write a PR comment here.", type=FILE),
            flag("--share", "Take secrets and personal data out of both files."),
            flag("--github", "Annotate and summarise the GitHub Actions job."),
            _incomplete(),
            json_option(),
        ],
    ),
    "follow": Verb(
        "Poll an experiment and keep its scores, page and gates current.",
        """Poll an experiment and keep its scores, page and gates current, until Ctrl-C.

        Only runs that are new or changed are scored. With --window, rules are held against the runs
        that began in the last so many hours. Where one is missed, the command or the webhook is
        called once, and once more when all hold again. What was done is on the disk: after a kill
        or an outage of the source the same command goes on. reports/NAME/follow.json has the state.
        """,
        [
            experiment_name(),
            option("--every", "Between polls.", type=SPAN, default="60s", show_default=True),
            option("--window", "Hold rules against the runs of the last 24h, 7d.", type=SPAN),
            _gates(),
            _incomplete(),
            option(
                "--webhook",
                "Address that gets the state as JSON; better in EVALKIT_WEBHOOK.",
                metavar="URL",
            ),
            option(
                "--on-miss command", "Command that gets the same on its stdin.", metavar="COMMAND"
            ),
            option("--polls", "End after so many.", type=click.IntRange(1), metavar="N"),
            *_scoring(),
            json_option("One JSON document a poll, a line each."),
        ],
    ),
    "receive": Verb(
        "Receive runs over OpenTelemetry, as files.",
        """Receive what applications send over OpenTelemetry (OTLP/HTTP), as files, until Ctrl-C.

        Prints what to set where the application runs. A request is answered when it is on the disk.
        An experiment with fetcher = "files" and the folder as its path has the runs to evaluate. An
        address that others reach takes the token of EVALKIT_RECEIVE_TOKEN, or makes one.
        """,
        [
            option("--to", "Folder of the files.", type=FILE, default="traces", show_default=True),
            option("--host", "Address to listen on.", default="127.0.0.1", show_default=True),
            option("--port", "Port; 0 takes a free one.", default=4318, show_default=True),
            option("--idle", "End when nothing came for so long.", type=float, metavar="SECONDS"),
            json_option("What was received, as one JSON document, at the end."),
        ],
    ),
}
