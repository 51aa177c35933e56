"""A rule that cannot be meant is said, with what was meant; one that can is let through."""

import pytest

from evalkit.metrics.gating.gates import parse
from evalkit.metrics.gating.meaning import SHARE, Known, Scale, problem

KNOWN = Known(
    {"correct": SHARE, "grade": Scale("", 1.0, 5.0), "words": Scale()},
    slices=["metadata.topic", "tags"],
)

REFUSED = [
    ("error_rate <= 2", "Did you mean 2%?"),
    ("success_rate >= 95", "Did you mean 95%?"),
    ("timeout_rate <= 300%", "is a share, from 0 to 100%"),
    ("error_rate >= -0.1", "is a share, from 0 to 100%"),
    ("unknown_rate <= 5", "Did you mean 5%?"),
    ("error_rate <= 2s", "is a share, not in s"),
    ("error_rate.high <= 2", "Did you mean 2%?"),
    ("correct >= 90", "Did you mean 90%?"),
    ("score.correct >= 90", "Did you mean 90%?"),
    ("correct.low >= 85", "Did you mean 85%?"),
    ("correct.pass^4 >= 60", "Did you mean 60%?"),
    ("correct.pass_rate >= 60", "Did you mean 60%?"),
    ("grade >= 80%", "goes from 1 to 5"),
    ("grade >= 0.8", "goes from 1 to 5"),
    ("grade <= 7", "goes from 1 to 5"),
    ("grade not worse than baseline by 6", "more than grade can change: 4"),
    ("correct not worse than baseline by 2", "Did you mean 2%?"),
    ("correct not worse than baseline by -0.02", "without a sign"),
    ("correct >= 0.5 for 95 of examples", "Did you mean 95%?"),
    ("latency.p95 <= 8", "8s or 8ms"),
    ("latency <= 2", "2s or 2ms"),
    ("ttft.mean <= 400", "400s or 400ms"),
    ("queue.p50 < 3", "3s or 3ms"),
    ("step.search.p95 <= 2", "2s or 2ms"),
    ("latency.p95 <= 8k", "8s or 8ms"),
    ("latency.p95 >= -1s", "never below 0"),
    ("latency.p95 <= baseline + 2", "2s or 2ms"),
    ("latency.p95 not worse than baseline by 0.5", "0.5s or 0.5ms"),
    ("tokens.mean <= 5s", "is a number of tokens, not in s"),
    ("cost.mean <= 5%", "is an amount of money, not in %"),
    ("runs >= 80%", "is a count, not in %"),
    ("evaluator_errors <= -1", "never below 0"),
    ("latency.p96 <= 8s", "Did you mean latency.p95?"),
    ("tokens.men <= 5k", "Did you mean tokens.mean?"),
    ("corect >= 0.9", "Did you mean 'correct'?"),
    ("corrrect.low >= 0.9", "Did you mean 'correct.low'?"),
    ("eror_rate <= 2%", "Did you mean 'error_rate'?"),
    ("succes_rate >= 90%", "Did you mean 'success_rate'?"),
    ("latncy.p95 <= 8s", "Did you mean 'latency.p95'?"),
    ("evaluator_error == 0", "Did you mean 'evaluator_errors'?"),
    ("correct >= 0.8 where metadata.topik = billing", "Did you mean metadata.topic?"),
    ("correct >= 0.8 for every split", 'Add "split" to `slices`'),
]


@pytest.mark.parametrize(("rule", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused(rule: str, said: str) -> None:
    assert said in (problem(parse(rule), KNOWN) or "")


FINE = [
    "error_rate <= 2%", "error_rate <= 0.02", "error_rate == 0", "error_rate <= 100%",
    "correct >= 0.9", "correct >= 90%", "correct >= 1", "correct.low >= 85%", "correct.n >= 40",
    "correct.missing == 0", "correct.evaluator_error <= 3", "correct.pass^4 >= 0.6",
    "grade >= 4", "grade.low >= 3.5", "grade not worse than baseline by 0.2", "grade.sd <= 9",
    "words <= 400", "words.max <= 1k", "latency.p95 <= 8s", "latency.p95 <= 800ms",
    "latency.p95 <= 2min", "latency.p95 <= baseline + 10%", "latency.p95 <= baseline * 1.1",
    "latency.mean not worse than baseline by 5%", "latency.min >= 0", "tokens.mean <= 5k",
    "cost.total <= 3.5", "cost_per_success <= 0.02", "tokens_per_success <= 9000 tokens",
    "runs == 200", "missing_runs == 0", "error_rate <= baseline + 1%", "correct >= baseline",
    "correct not worse than baseline by 0.02", "correct not worse than baseline by 2 points",
    "correct better than baseline", "correct >= 0.5 for 95% of examples",
    "correct >= 0.5 for every example", "correct >= 0.8 where metadata.topic = billing",
    "correct >= 0.8 for every tags", "recorded_by_the_source >= 0.5", "helpful >= 3",
    "step.search.p95 <= 2s",
]  # fmt: skip


@pytest.mark.parametrize("rule", FINE)
def test_what_can_be_meant_is_let_through(rule: str) -> None:
    assert problem(parse(rule), KNOWN) is None


def test_a_search_for_slices_may_find_any() -> None:
    rule = parse("correct >= 0.8 for every split")
    assert problem(rule, Known({"correct": SHARE}, slices=["auto"])) is None
