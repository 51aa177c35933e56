"""Columns: the names, types and meanings of the tables evalkit keeps and computes on.

A type is one of `str int float bool time json list`; `json` is JSON text, `time` a UTC timestamp
in microseconds, `list` a list of strings. The store makes its schema of these, figures read them,
and the documentation is checked against them.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """One column of a table."""

    name: str
    type: str
    doc: str


USAGE = (
    Column("input_tokens", "int", "Tokens sent to models, cached ones included."),
    Column("output_tokens", "int", "Tokens models produced, reasoning included."),
    Column("total_tokens", "int", "Both, or as recorded."),
    Column("input_cost", "float", "Cost of the input, in `currency`."),
    Column("output_cost", "float", "Cost of the output."),
    Column("total_cost", "float", "Both, or as recorded."),
    Column("cache_read_tokens", "int", "Input tokens read from a cache."),
    Column("reasoning_tokens", "int", "Output tokens spent on reasoning."),
    Column("cache_write_tokens", "int", "Input tokens put into a cache."),
    Column("currency", "str", "Currency of the costs, where the source says it."),
    Column("cost_source", "str", "What computed costs come from; empty: they are recorded."),
)

RUN_COLUMNS = (
    Column("run_id", "str", "The run."),
    Column("thread_id", "str", "Its thread, where the source has threads."),
    Column("assistant_id", "str", "The assistant that ran, where the source has them."),
    Column("name", "str", "Name the source gave the run."),
    Column("status", "str", "Status as the source said it."),
    Column("outcome", "str", "success, error, timeout, cancelled, paused, running or unknown."),
    Column("stopped", "str", "Why it stopped, where the status alone does not tell."),
    Column("multitask_strategy", "str", "LangGraph's strategy for concurrent runs."),
    Column("example_id", "str", "The example it answered."),
    Column("repetition", "int", "The n-th run of the same example, from 0."),
    Column("created_at", "time", "When the run was asked for."),
    Column("updated_at", "time", "When the source last changed it."),
    Column("started_at", "time", "When it began to execute."),
    Column("ended_at", "time", "When it ended."),
    Column("first_token_at", "time", "When the first token came."),
    Column("duration_s", "float", "Duration the source stated, in seconds."),
    Column("first_token_s", "float", "Time to first token the source stated, in seconds."),
    Column("latency_s", "float", "Seconds from start to end, or as stated."),
    Column("ttft_s", "float", "Seconds from start to the first token, or as stated."),
    Column("queue_s", "float", "Seconds from being asked for to the start."),
    Column("error", "str", "Text of the error."),
    Column("error_type", "str", "Class of the error, where the text tells."),
    *USAGE,
    Column("tags", "list", "Tags."),
    Column("url", "str", "Where people can see the run."),
    Column("steps_recorded", "bool", "Whether the source recorded steps at all."),
    Column("n_steps", "int", "How many steps are stored."),
    Column("content_hash", "str", "Hash of what evaluators can see of the run."),
    Column("usage_details", "json", "Further counts under the source's names."),
    Column("inputs", "json", "What went in."),
    Column("outputs", "json", "What came out."),
    Column("metadata", "json", "Metadata."),
    Column("interrupts", "json", "Interrupts the run stopped at."),
    Column("attachments", "json", "Attachments by name."),
    Column("feedback", "json", "Scores the source had recorded."),
    Column("extra", "json", "What the source said and evalkit has no name for."),
)

STEP_COLUMNS = (
    Column("step_id", "str", "The step."),
    Column("parent_id", "str", "The step it happened in."),
    Column("kind", "str", "llm, tool, retriever, node, chain, agent, guardrail or other."),
    Column("name", "str", "Name of the node, tool or model call."),
    Column("model", "str", "The model, where recorded."),
    Column("error", "str", "Text of the error."),
    Column("started_at", "time", "When it began."),
    Column("ended_at", "time", "When it ended."),
    Column("first_token_at", "time", "When its first token came."),
    Column("duration_s", "float", "Duration the source stated, in seconds."),
    Column("latency_s", "float", "Seconds from start to end, or as stated."),
    Column("ttft_s", "float", "Seconds to its first token."),
    *USAGE,
    Column("tags", "list", "Tags."),
    Column("usage_details", "json", "Further counts under the source's names."),
    Column("inputs", "json", "What went in."),
    Column("outputs", "json", "What came out."),
    Column("metadata", "json", "Metadata."),
)

CELL_COLUMNS = (
    Column("run_id", "str", "The run scored; empty for a score of the experiment."),
    Column("step_id", "str", "The step scored, for evaluators of steps."),
    Column("example_id", "str", "The example the run answered."),
    Column("repetition", "int", "The run's repetition."),
    Column("evaluator", "str", "The evaluator, or the source's name for recorded scores."),
    Column("key", "str", "Name of the figure."),
    Column("fingerprint", "str", "Of the evaluator that made the cell."),
    Column("outcome", "str", "scored, not_applicable, evaluator_error, run_failed or missing."),
    Column("score", "float", "The number; true is 1.0 and false 0.0."),
    Column("score_type", "str", "bool, int, float or category; empty when there is no score."),
    Column("value", "json", "The category, or any other JSON value."),
    Column("comment", "str", "The evaluator's reason."),
    Column("error_type", "str", "Class of the exception that user code raised."),
    Column("error_message", "str", "Its message."),
    Column("traceback", "str", "Its traceback."),
    Column("timed_out", "bool", "Whether the evaluator ran out of time."),
    Column("duration_ms", "float", "How long the call took."),
    Column("metadata", "json", "What else the evaluator said."),
    Column("source", "str", "evaluator or recorded."),
)

EXAMPLE_COLUMNS = (
    Column("example_id", "str", "The example."),
    Column("split", "list", "Splits it belongs to."),
    Column("inputs", "json", "What goes in."),
    Column("reference_outputs", "json", "What should come out."),
    Column("metadata", "json", "Metadata."),
    Column("attachments", "json", "Attachments by name."),
    Column("extra", "json", "What the source said and evalkit has no name for."),
)

RUN_PLACE = Column("run_place", "int", "Row of the run in the table of runs.")
"""A column of cells and steps for who asks by name; null for a score of the experiment."""

TABLES = {
    "runs": RUN_COLUMNS,
    "steps": (Column("run_id", "str", "The run it happened in."), *STEP_COLUMNS),
    "cells": CELL_COLUMNS,
    "examples": EXAMPLE_COLUMNS,
}
