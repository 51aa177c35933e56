"""The sets of outcomes are a partition, and what is no outcome is unknown."""

from collections import Counter

import pytest

from evalkit.model import outcome


def test_every_outcome_is_in_exactly_one_set() -> None:
    held = Counter(each for names in outcome.SETS.values() for each in names)
    assert held == dict.fromkeys(outcome.OUTCOMES, 1)


def test_every_outcome_has_its_words() -> None:
    assert set(outcome.SAID) == set(outcome.OUTCOMES)
    assert set(outcome.CUT_SHORT) <= {*outcome.FAILED, *outcome.UNFINISHED}


@pytest.mark.parametrize("word", [None, "", "great", "Success"])
def test_what_is_no_outcome_is_unknown(word: str | None) -> None:
    assert outcome.OUTCOMES[outcome.place_of(word)] == "unknown"


def test_a_long_word_costs_nothing() -> None:
    assert outcome.status_of("error" + "r" * 1_000_000 + "!") is None
