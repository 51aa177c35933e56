"""Walking values by what is known of names and texts gives what looking at each of them gives."""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.report.runs.traces import DEEPEST
from evalkit.report.sharing.cleaner import ShareOptions
from evalkit.report.sharing.finding import IDS_ALONE, LONGEST_TIME, SHORT_WORD, SHORTEST, TIME
from evalkit.report.sharing.named import is_secret_field
from evalkit.report.sharing.patterns import luhn
from evalkit.report.sharing.share import ID_FIELDS, ID_LISTS, Redactor

CARD, ID = 4_000_056_655_665_556, str(UUID(int=7 << 90 | 9))
SHARE = ShareOptions(salt="salt", drop=("remark",))
NAMES = (
    "name", "value", "text", "role", "tokens", "total_tokens", "pin", "password", "cookies", "key",
    "run_id", "doc_ids", "remark", "mail ada@example.org", ID, "", "status", "api_key", 7,
)  # fmt: skip
TEXTS = (
    "", "user", "hello there", "mail ada@example.org", ID, f"run-{ID}", "2026-03-01T10:00:00Z",
    "DB_PASSWORD", "api_key=a8Xk29Lq0ZmV71bT", "a8Xk29Lq0ZmV71bT", "call +49 151 23456789", "none",
)  # fmt: skip
PLAIN = st.one_of(
    st.none(), st.booleans(), st.sampled_from((0, 4321, 10**20, CARD, 0.5)), st.sampled_from(TEXTS)
)


def held(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    fields = st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    lists = st.lists(inner, max_size=3)
    return st.one_of(fields, lists, lists.map(tuple), fields.map(MappingProxyType))


VALUES = st.recursive(PLAIN, held, max_leaves=25)


class Slow:
    """Looks at every value by itself and remembers nothing."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def text(self, text: str) -> str:
        clean = Redactor(SHARE)
        shown = clean.text(text)
        self.counts.update(clean.counts)
        return shown

    def tree(self, value: object, name: str = "", depth: int = 0) -> object:
        if value is None or isinstance(value, bool):
            return value
        if name and (name in SHARE.drop or is_secret_field(name, value)):
            self.counts["field remark" if name in SHARE.drop else "secret"] += 1
            return "[removed]"
        if isinstance(value, str):
            return Redactor(SHARE).ident(value) if name in ID_FIELDS and value else self.text(value)
        if isinstance(value, int | float):
            return self.number(value)
        if depth == DEEPEST:
            return "(what is nested deeper is left out)"
        if isinstance(value, Mapping):
            return self.fields(dict(value), depth + 1)
        assert isinstance(value, list | tuple)
        if ID_LISTS.search(name):
            return [Redactor(SHARE).ident(str(item)) for item in value]
        return [self.tree(item, "", depth + 1) for item in value]

    def fields(self, value: dict[object, object], depth: int) -> dict[str, object]:
        said = value.get("name")
        if "value" in value and isinstance(said, str) and is_secret_field(said, value["value"]):
            self.counts["secret"] += 1
            value["value"] = "[removed]"
        return {self.text(str(k)): self.tree(item, str(k), depth) for k, item in value.items()}

    def number(self, value: float) -> object:
        if isinstance(value, int) and len(str(value)) >= 15 and luhn(str(value)):
            self.counts["card number"] += 1
            return "[card number]"
        return value


def thawed(value: object) -> object:
    """Copy a value; what cannot be copied deeply as what it shows."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    return [thawed(item) for item in value] if isinstance(value, list | tuple) else deepcopy(value)


@given(st.lists(VALUES, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_what_is_known_changes_nothing(values):
    quick, slow, before = Redactor(SHARE), Slow(), thawed(values)
    for value in [*values, *values]:  # the second time everything is known
        shown, other = quick.tree(value), slow.tree(value)
        assert repr(shown) == repr(other)
        assert quick.counts == slow.counts
    assert repr(thawed(values)) == repr(before)


@pytest.mark.parametrize("made", [lambda inner: {"text": inner}, lambda inner: [inner]])
def test_what_is_nested_deeper_is_cut_alike(made):
    value: object = {"text": "mail ada@example.org"}
    for _ in range(DEEPEST + 3):
        value = made(value)
    quick = Redactor(SHARE)
    quick.tree({"text": "known"})
    assert quick.tree(value) == Slow().tree(value)


@given(
    st.one_of(st.from_regex(TIME, fullmatch=True), st.from_regex(SHORT_WORD, fullmatch=True)),
    st.from_regex(IDS_ALONE, fullmatch=True),
)
def test_what_a_look_at_the_length_passes_by(short, ids):
    assert len(short) <= (LONGEST_TIME if TIME.fullmatch(short) else SHORTEST)
    assert ids[-13] == "-"
