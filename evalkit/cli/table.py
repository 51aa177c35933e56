"""The verbs: where each one lives and its line in the help, so that help imports none of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A verb of the command line."""

    module: str
    """Module of `evalkit.cli` that holds a click command of the verb's name."""
    line: str
    """What the verb does, in the help."""


SECTIONS: dict[str, dict[str, Verb]] = {
    "Every day": {
        "run": Verb("work", "Fetch, score, summarise and report experiments."),
        "fetch": Verb("work", "Pull the runs of experiments from where they were recorded."),
        "score": Verb("work", "Call evaluators on stored runs; only what is missing runs."),
        "report": Verb("reading", "Write the HTML page of scored experiments."),
        "show": Verb("reading", "Print figures of an experiment, or everything about one run."),
        "compare": Verb("figures", "Compare two or more experiments, paired by example."),
        "gate": Verb("gating", "Check gates and write what CI reads."),
    },
    "A project": {
        "init": Verb("project", "Make a project folder that works at once."),
        "check": Verb("project", "Load everything and run the evaluators' own cases, offline."),
        "list": Verb("project", "List experiments, evaluators, fetchers or datasets."),
        "doctor": Verb("project", "Say whether the source of an experiment can be read."),
    },
    "Writing evaluators": {
        "new": Verb("authoring", "Start a new evaluator from a template."),
        "try": Verb("authoring", "Call one evaluator on a sample of stored runs, and watch."),
        "agree": Verb("agreeing", "Hold a metric against labels given by people."),
    },
    "Looking further": {
        "history": Verb("figures", "Follow metrics over saved summaries."),
        "metrics": Verb("figures", "Print performance metrics under LangSmith's field names."),
        "view": Verb("reading", "Serve the report from the store, on this machine only."),
        "push": Verb("pushing", "Write scores back to LangSmith."),
        "store": Verb("storing", "Verify, list, tidy or export what is stored."),
    },
    "Machines": {
        "schema": Verb("machine", "Print the JSON schema of a document evalkit reads or writes."),
        "completion": Verb("machine", "Print the completion script of a shell."),
    },
}
VERBS: dict[str, Verb] = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}
