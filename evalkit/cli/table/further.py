"""Verbs that look further."""

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
    experiment_name,
    experiment_names,
    flag,
    json_option,
    option,
)
from evalkit.cli.table.verb import Verb

FORMATS = ("parquet", "jsonl", "csv")
BATCHES = ("openai", "anthropic")

STORE = {
    "list": Verb(
        "List the stored experiments with their runs, size and time of fetch.",
        takes=[json_option()],
    ),
    "verify": Verb(
        "Read everything that is stored; ends with 3 when something does not fit.",
        takes=[experiment_names(), json_option()],
    ),
    "gc": Verb(
        "Drop stale scores and files nothing refers to; what is current stays as it is.",
        takes=[experiment_names(), json_option()],
    ),
    "export": Verb(
        "Write an experiment as files anybody reads: runs, steps, cells, examples.",
        """Write an experiment as files anybody reads: runs, steps, cells, examples.

        A text that a spreadsheet would run gets a leading quote in CSV.
        """,
        [
            experiment_name(),
            option("--to folder", "A folder.", required=True, type=FILE),
            option(
                "--format kind", type=click.Choice(FORMATS), default="parquet", show_default=True
            ),
            json_option(),
        ],
    ),
}
FURTHER = {
    "judge": Verb(
        "Ask language models that judge in a batch; without a file, say what judges took.",
        """Ask language models that judge in a batch; without a file, say what judges took.

        `--batch` writes the questions that have no answer yet, for OpenAI's or Anthropic's batches,
        which cost less and take up to a day. `--collect` keeps the answers that came; `evalkit
        score` then knows them. What a batch left open stands in the next one.
        """,
        [
            argument("name", required=False, metavar="[NAME]", **completed(experiments)),
            option("--batch", "Write the questions here.", type=FILE, metavar="FILE"),
            option("--collect", "Keep the answers in this file.", type=FILE, metavar="FILE"),
            option(
                "--form",
                "Whose batches.",
                type=click.Choice(BATCHES),
                default=BATCHES[0],
                show_default=True,
            ),
            option(
                "--evaluator -e evaluators",
                "Only this one.",
                multiple=True,
                metavar="NAME",
                **completed(evaluator_names),
            ),
            json_option(),
        ],
    ),
    "history": Verb(
        "Follow metrics over saved summaries.",
        """Follow metrics over saved summaries.

        Several names make one history, in order of time; without names, each experiment has its
        own. Lasting changes beyond chance are marked.
        """,
        [
            experiment_names(),
            option(
                "--metric metrics",
                "Only this one; may be repeated.",
                multiple=True,
                metavar="NAME",
                **completed(metric_names),
            ),
            json_option(),
        ],
    ),
    "plan": Verb(
        "Say how many examples and repetitions would find a change of a given size.",
        """Say how many examples and repetitions would find a change of a given size.

        From the spread between runs of one example and between examples, as seen in NAME and in its
        baseline; the test planned for is that of `compare`. Also says what the present design, and
        half of it, would find.
        """,
        [
            experiment_name(),
            option(
                "--detect",
                "The change to be found: 3pp, 0.03, 200ms, 5% of the present level.",
                required=True,
                metavar="CHANGE",
            ),
            option("--baseline", "The experiment to be compared with.", metavar="NAME"),
            option("--metric", "A score, latency.mean, total_cost.mean ...", metavar="NAME"),
            option(
                "--power",
                "How surely it shall be found.",
                type=click.FloatRange(0.05, 0.999),
                default=0.8,
                show_default=True,
            ),
            json_option(),
        ],
    ),
    "mcp": Verb(
        "Answer coding agents over the Model Context Protocol, on stdin and stdout.",
        """Answer coding agents over the Model Context Protocol, on stdin and stdout.

        A client starts it; README.md says how to add it to one. Tools list experiments, give their
        figures, compare them, name the worst runs, show one run step by step, look at the data, and
        call an evaluator of the project on a sample. Nothing is written unless --write is given,
        and no answer has more than 20,000 bytes of JSON.
        """,
        [flag("--write", "Also fetch, score and ask judges.")],
    ),
    "metrics": Verb(
        "Print performance metrics under LangSmith's field names.",
        """Print performance metrics under LangSmith's field names.

        Where the source stated figures of its own, both stand side by side with the difference.
        """,
        [experiment_name(), json_option("The payload of LangSmith's guide, as one JSON document.")],
    ),
    "view": Verb(
        "Serve the report from the store, on this machine only.",
        """Serve the report from the store, on this machine only, until Ctrl-C.

        For experiments too large for one file: traces are read as they are opened. The address
        holds a token; without it nothing answers.
        """,
        [
            experiment_names(),
            option(
                "--baseline",
                "Compare with this experiment.",
                metavar="NAME",
                **completed(experiments),
            ),
            option("--port", "Port on 127.0.0.1; 0 takes a free one.", default=0),
            flag("--open show", "Open the page in the browser."),
            json_option("The address as one JSON document on stdout."),
        ],
    ),
    "push": Verb(
        "Write scores back to LangSmith, Phoenix or MLflow.",
        """Write scores back to where the runs came from: LangSmith, Phoenix or MLflow.

        Pushing again changes nothing; a score that changed replaces the old one; one that no
        evaluator says any more is taken away; a push that broke off goes on where it stopped.
        What somebody else wrote stays as it is. With --otlp scores go anywhere, as events.
        """,
        [
            experiment_name(),
            flag("--dry-run", "Say what would be written, and write nothing."),
            flag("--withdraw", "Remove what evalkit wrote, and nothing else."),
            flag("--verify", "Read everything back: ends with 3 where it differs."),
            option(
                "--otlp",
                "Send them as OpenTelemetry events (gen_ai.evaluation.result), or write a file.",
                metavar="URL|FILE",
            ),
            option(
                "--only",
                "Only yes/no scores that say no and evaluator errors, or only the errors.",
                type=click.Choice(["failed", "errors"]),
            ),
            option(
                "--where",
                "Only runs of this slice, as in metadata.topic=billing; may be repeated.",
                multiple=True,
                metavar="EXPR=VALUE",
            ),
            option(
                "--evaluator -e evaluators",
                "Only scores of this evaluator; may be repeated.",
                multiple=True,
                metavar="NAME",
                **completed(evaluator_names),
            ),
            json_option(),
        ],
    ),
    "verify": Verb(
        "Say whether a page or a summary still says what its data say.",
        """Say whether a page, or a document of figures, still says what its data say.

        Makes every figure again from the store of the project here (or of -C) and names what
        differs; checks the hashes of data, evaluators, configuration, versions and seeds. Without
        the store the figures are held against the runs in the page itself. Ends with 1 where
        something differs. `store verify` looks after the store alone.
        """,
        [
            argument("file", type=FILE, metavar="FILE"),
            option("--key", "Public key that must have signed it.", type=FILE),
            json_option(),
        ],
    ),
    "store": Verb("Verify, list, tidy or export what is stored.", inside=STORE),
}
