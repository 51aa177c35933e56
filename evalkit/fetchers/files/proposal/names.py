"""The names people give the columns of their logs, by field, the surest first; without marks."""

from __future__ import annotations


def _plain(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", "") for word in text.split())


RUN_ID = _plain(
    "run_id episode_id rollout_id trajectory_id trace_id id uuid call_id request_id "
    "record_id result_id custom_id uid"
)
EXAMPLE_ID = _plain(
    "example_id task_id question_id sample_id instance_id dataset_item_id item_id test_id case_id "
    "prompt_id problem_id doc_id query_id custom_id task_name test_name test_case testfall case_nr "
    "test_nr id nr no number index idx"
)
GROUP = _plain(
    "session_id conversation_id thread_id trace_id chat_id dialog_id dialogue_id run_id sample_id "
    "session conversation thread trace chat dialogue"
)
LINE_ID = _plain("id uuid message_id event_id call_id span_id request_id")
REPETITION = _plain("repetition trial epoch attempt repeat trial_id run_number rep iteration")
INPUTS = _plain(
    "question input inputs query prompt user_input user_message instruction problem user_prompt "
    "task goal request frage eingabe text"
)
OUTPUTS = _plain(
    "answer output outputs response completion prediction final_answer actual_output model_output "
    "generated generated_text generation result reply model_answer antwort ausgabe judgment content"
)
REFERENCE = _plain(
    "expected expected_output expected_answer reference reference_answer reference_output gold "
    "golden ground_truth groundtruth target correct_answer ideal label gold_answer "
    "reference_outputs expected_outputs erwartet erwartete soll referenz musterantwort"
)
STARTED = _plain(
    "started_at start_time start started timestamp created_at created time date datetime ts tstamp "
    "request_time start_timestamp start_time_unix_nano timestamp_ms start_time_ms started_at_ms "
    "zeit datum"
)
ENDED = _plain(
    "ended_at end_time end finished_at completed_at ended finished end_timestamp "
    "end_time_unix_nano end_time_ms ended_at_ms"
)
STATUS = _plain("status state outcome exit_status final_status run_status finish_state statuscode")
ERROR = _plain(
    "error exception error_message err failure error_text error_str error_msg exception_message "
    "error_details status_message fehler"
)
MODEL = _plain("model model_name model_id modell llm deployment engine")
THREAD = _plain("session_id conversation_id thread_id chat_id")
TAGS = _plain("tags labels")
DURATION_WORDS = frozenset(
    _plain("latency duration elapsed took runtime antwortzeit dauer laufzeit walltime")
)
DURATION_PAIRS = (
    ("response", "time"), ("time", "taken"), ("wall", "time"), ("run", "time"), ("total", "time"),
    ("execution", "time"), ("exec", "time"), ("process", "time"), ("processing", "time"),
)  # fmt: skip
BESIDE_UNIT = frozenset(
    _plain("response total time request call api end to e2e wall overall run generation answer")
)
"""Words that may stand before a unit of time where a name says nothing else of a duration."""
COST = frozenset(_plain("cost costs kosten preis"))
UNITS = {
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds", "millisekunden"), 1000),
    **dict.fromkeys(("us", "micros", "microseconds"), 1_000_000),
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1_000_000_000),
    **dict.fromkeys(("s", "sec", "secs", "seconds", "sekunden"), 1),
}
"""Words of a name that give the unit, and how many of them are a second."""
MINUTES = frozenset(("min", "mins", "minutes", "minuten"))
SCORES = frozenset(
    _plain(
        "score scores correct accuracy acc reward rating passed pass passes f1 em bleu rouge grade "
        "resolved valid match exact faithfulness relevance relevancy precision recall similarity "
        "quality helpfulness correctness thumbs vote stars feedback metric is_correct success "
        "punkte bewertung richtig korrekt wertung fails solved winner verdict"
    )
)
WORDED = frozenset(("winner", "verdict"))
"""Scores that are words of their own."""
COUNTS = {
    **dict.fromkeys(
        _plain("tokens_eingabe eingabe_tokens usage_input usage_prompt"), "input_tokens"
    ),
    **dict.fromkeys(
        _plain("tokens_ausgabe ausgabe_tokens usage_output usage_completion"), "output_tokens"
    ),
    **dict.fromkeys(
        _plain(
            "usage_total tokens_gesamt gesamt_tokens tokens_used total_tokens_used tokens "
            "num_tokens n_tokens token_count"
        ),
        "total_tokens",
    ),
}
"""Names of counts that no tool writes under a name of its own."""
SCORE_OBJECTS = frozenset(
    _plain("scores score metrics feedback evaluation evaluations ratings eval")
)
MESSAGES = _plain(
    "messages conversation chat history conversations transcript dialog dialogue turns"
)
STEPS = _plain("steps trajectory trace spans actions tool_calls events calls observations log")
