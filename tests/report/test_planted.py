"""What a shared report must not say: planted kinds, half of them unknown to who made the rules."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import HELD_OUT, KINDS, PLACES, planted
from planted_later import planted_later
from planted_since import planted_since
from planted_widely import planted_widely

from evalkit.report.sharing.cleaner import ShareOptions
from evalkit.report.sharing.finding import ASKED, SHORT_WORD, places
from evalkit.report.sharing.gate import widened
from evalkit.report.sharing.named import (
    CODE_FIELD,
    FIELD,
    FIELD_VAGUE,
    FIELD_VAGUER,
    HUMPS,
    is_secret_field,
    says_nothing,
)
from evalkit.report.sharing.share import LIMIT, Redactor
from evalkit.report.sharing.vendors import rules

DATA = Path(__file__).parents[2] / "datasets"


def survivors(seed: int, *, held_out: bool) -> tuple[list[str], int]:
    redactor = Redactor(ShareOptions(salt="salt", keep_ids=True))
    asked = [each for each in planted(seed) if (each[0] in HELD_OUT) is held_out]
    left = [f"{kind}, {place}" for kind, place, text, core in asked if core in redactor.text(text)]
    return left, len(asked)


def test_there_are_many_kinds_and_about_half_are_held_out():
    assert len(KINDS) >= 250
    assert len(PLACES) == 3
    assert 0.4 < len(HELD_OUT) / len(KINDS) < 0.6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_planted_is_found(seed):
    left, asked = survivors(seed, held_out=False)
    assert len(left) <= 0.01 * asked, left


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kinds_nobody_looked_at_are_found_too(seed):
    left, asked = survivors(seed, held_out=True)
    assert len(left) <= 0.03 * asked, left


@pytest.mark.parametrize("planted", [planted_later, planted_since])
def test_kinds_thought_of_later_are_found_too(planted):
    redactor = Redactor(ShareOptions(salt="salt", keep_ids=True))
    asked = [each for seed in (1, 2) for each in planted(seed)]
    left = [f"{kind}, {place}" for kind, place, text, core in asked if core in redactor.text(text)]
    assert len(asked) > 400
    assert len(left) <= 0.01 * len(asked), left


@pytest.mark.parametrize("seed", [1, 2])
def test_kinds_of_three_more_sittings_are_found_too(seed):
    redactor = Redactor(ShareOptions(salt="salt", keep_ids=True))
    left, asked = [], 0
    for kind, place, value, cores in planted_widely(seed):
        shown = json.dumps(redactor.tree(value), ensure_ascii=False)
        survived = [core for core in cores if core in shown or json.dumps(core)[1:-1] in shown]
        left += [f"{kind}, {place}"] if survived else []
        asked += 1
    assert asked > 1_600
    assert len(left) <= 0.01 * asked, left


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"name": "DB_PASSWORD", "value": "hunter"}, False),
        ({"name": "colour", "value": "hunter"}, True),
        ({"name": ["DB_PASSWORD"], "value": "hunter"}, True),
    ],
)
def test_a_name_and_its_value_as_two_members(given, kept):
    assert ("hunter" in str(Redactor().tree(given))) is kept


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


def test_the_sample_data_has_next_to_no_false_alarm():
    found, count = [], 0
    for path in sorted(DATA.glob("*.jsonl*")):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            for text in texts_of([json.loads(line) for line in lines]):
                count += 1
                found += [text[start:end] for start, end, _ in places(text)]
    assert count > 1_000
    assert len(found) <= count / 1_000, found


@given(st.uuids().map(str), st.sampled_from((str, str.upper, str.title)))
def test_no_word_that_means_something_is_made_of_the_letters_of_an_id(name, cased):
    parts = HUMPS.sub("_", cased(name))
    for field in (FIELD, FIELD_VAGUE, FIELD_VAGUER, CODE_FIELD):
        assert not field.search(parts)
    assert says_nothing(cased(name))


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 4096, total_tokens = 1834, key: value, the key idea is this",
        "The password must be at least 8 characters. Password: required",
        "author: Ada Lovelace; authority: none; monkey: banana; pineapple: 3",
        "call_35FTpd6shR9efioDgeEBZ33s chatcmpl-BWXnBwogVRYh1goiCcNwSB1tYYQgf toolu_01A09q90qw90",
        "2026-03-01T10:00:00Z and 10.833333333333332 of 12345678 at 192 points",
        "https://example.org/docs/getting-started/installation-of-the-tool-2024",
        "/usr/lib/python3.11/site-packages/evalkit/report/sharing/vendors.py:42",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        'required = ["password", "username"], getenv("API_TOKEN", "not-set"), ("token", "tokens")',
        "src/main.c:1234:56:error:expected-expression zip -r out.zip src -k 5 fc_67ca7a1b2c3d4e",
        "order #W4680753, flight HAT123, 3 of 10, 6000-3500 = 2500, room 12-34",
        "the account balance is 123456 and the account GOLD has no limit; BSN is short for it",
        "echo hello | base64 -d; docker run -u 1000 x; grep -a note -U x:y -E a:b file.txt",
        "reset_password(user), then order W4680753 of call_35FTpd6shR9efioDgeEBZ33s was sent",
        "login(name, password) with auth=('a', 'b'); USER = re.compile(x); IDENTIFIED BY '{x}'",
        "passport EXPIRED; the code is your choice; 120 is the answer; PIN 3 of the chip",
        "the password PasswordText of PasswordFormField; set input type password value text",
        "2026.03.01 10:00 and 2026-11-30 08:15:22 and 1999/12/31, 30.11.2026 or 12/31/1999",
    ],
)
def test_what_is_none_stays(text):
    assert places(text) == ()


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        *((n, "abc-123-xyz", True) for n in ("password", "dbPassword", "API-Key", "refreshToken")),
        *((n, "abc-123-xyz", True) for n in ("token", "Authorization", "cookies", "accessToken")),
        *((n, 512, False) for n in ("max_tokens", "token", "api_key_count", "first_token_s")),
        *((n, "value", False) for n in ("key", "primary_key", "monkey", "author", "keyboard")),
        ("key", "a8Xk29Lq0ZmV71bT", True),
        ("pin", 1234, True),
        ("password", None, False),
        ("password_required", True, False),
        *((n, "X1234567", True) for n in ("passportNumber", "national_id", "drivers_license")),
        *((n, 12345678, True) for n in ("account_number", "taxId", "bsn")),
        *((n, "gold", False) for n in ("account", "passport", "routing", "bypass", "first_pass")),
        ("dateOfBirth", "1985-07-30", True),
        ("db_pass", "6P96Ts0.rbhs", True),
        ("cardPin", "4821", True),
        ("session_id", "8f14e45f-ceea-467f-a8f2-2b1f6e9d7c11", False),
    ],
)
def test_fields_by_their_names(name, value, secret):
    assert is_secret_field(name, value) is secret


def test_the_limit_is_said_and_the_rules_are_all_there():
    assert LIMIT in Redactor().removed()
    assert len(rules()) >= 200


PIECES = [text for _, place, text, _ in planted(9) if place == "error"][::3]
PIECES += [
    "٠٤٢ ٣٣٣ ٤٤٤٤",
    "\u00a0",
    "é",
    "\ud800",
    "paßwort: a8Xk29Lq0ZmV71bT",
    "\n",
    " ",
    "=",
    '"',
    "+49",
]


@given(st.text("abcxyzABCZ019_-", max_size=7))
def test_no_rule_finds_anything_in_a_short_word(word):
    assert SHORT_WORD.fullmatch(word)
    assert places(word, range(len(ASKED))) == ()


@pytest.mark.parametrize("before", ["", "run-", "lc_run--"])
def test_ids_alone_become_what_they_become_among_words(before):
    ids = [str(UUID(int=number << 64 | 7)) for number in range(1, 4)]
    redactor = Redactor(ShareOptions(salt="salt"))
    alone, among = before + ":".join(ids), f"of {before}{':'.join(ids)} here"
    assert redactor.text(among) == f"of {redactor.text(alone)} here"
    assert not any(each in redactor.text(alone) for each in ids)
    assert Redactor(ShareOptions(keep_ids=True)).text(alone) == alone


@pytest.mark.parametrize(
    ("pattern", "wide"),
    [
        (r"ab{2,40}c{3}", r"ab{2,}c{3}"),
        (r"[a\d(]x[]([]y", r"[a0-9(]x[]([]y"),
        (r"(?<![a-z])key\Z", r"(?:^|[^a-z])key\z"),
        (r"(?=foo[(])b[^\w]r", r"b[^\w]r"),
        (r"\d(?![\w-])", r"[0-9](?:\z|[^\w-])"),
        (r"(?<=[ \t])-u (a|b)", r"[ \t]-u (a|b)"),
    ],
)
def test_how_the_gate_writes_a_pattern(pattern, wide):
    assert widened(pattern) == wide


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_the_gate_lets_through_whatever_is_found(pieces):
    text = "".join(pieces)
    assert places(text) == places(text, range(len(ASKED)))


@pytest.mark.parametrize("seed", [4, 5])
def test_the_gate_lets_through_whatever_is_planted(seed):
    texts = [text for _, _, text, _ in planted(seed)]
    texts += [each.value for each in planted_widely(seed) if isinstance(each.value, str)]
    lost = [text for text in texts if places(text) != places(text, range(len(ASKED)))]
    assert lost == []
