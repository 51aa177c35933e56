"""The real SDK as oracle: the same evaluators through it and through evalkit, as cells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import langsmith

from evalkit import score_runs
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langsmith.fetcher import LangSmithFetcher
from evalkit.model.results import Results

from .fixtures import environ_of, experiment_of
from .serve import LangSmithServer


def fetched(server: LangSmithServer, experiment: str) -> tuple[list[Any], list[Any]]:
    options = LangSmithFetcher.Options(experiment=experiment, throttle=False)
    fetcher = LangSmithFetcher(options, FetchContext("x", Path()), environ=environ_of(server))
    runs, examples = list(fetcher.runs()), list(fetcher.examples())
    fetcher.counts()
    return runs, examples


def ours(server: LangSmithServer, evaluators: list[Any]) -> Results:
    runs, examples = fetched(server, experiment_of(server.world))
    return score_runs(runs, evaluators, examples=examples)


def theirs(server: LangSmithServer, **evaluators: Any) -> Any:
    client = langsmith.Client(api_url=server.url, api_key="lsv2_pt_k")
    os.environ["LANGSMITH_TRACING"] = "false"
    found = langsmith.evaluate(
        experiment_of(server.world), client=client, load_nested=True, max_concurrency=0,
        disable_evaluator_tracing=True, **evaluators,
    )  # fmt: skip
    client.flush()
    return found


def their_cells(results: Any) -> dict[tuple[str, str], Any]:
    """(run, key) -> score, value, comment; an error is told by its mark."""
    cells = {}
    for row in results:
        for each in row["evaluation_results"]["results"]:
            failed = bool((each.extra or {}).get("error"))
            said = "error" if failed else (plain(each.score), each.value, each.comment)
            cells[str(row["run"].id), each.key] = said
    return cells


def our_cells(results: Results) -> dict[tuple[str, str], Any]:
    cells = {}
    for each in results.feedback():
        if each.run_id is None or each.source == "recorded" or each.outcome == "not_applicable":
            continue
        failed = each.outcome == "evaluator_error"
        said = "error" if failed else (plain(each.score), each.value, each.comment)
        key = "fragile" if failed and each.key == "fails_sometimes" else each.key
        cells[each.run_id, key] = said
    return cells


def plain(score: Any) -> Any:
    return score if score is None or isinstance(score, bool) else float(score)
