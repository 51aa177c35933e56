"""How close the guess of tokens is, against counts of litellm; and that experience is kept."""

from pathlib import Path

import pytest
from judge_server import serving, verdict

from evalkit.evaluators.judge import session
from evalkit.evaluators.judge.asking.counting import OVERHEAD, family_of, guess_tokens
from evalkit.evaluators.judge.estimate import estimate
from evalkit.evaluators.judge.judge import Judging, judge
from evalkit.evaluators.judge.settings import JudgeSettings
from evalkit.testing import make_run

TEXTS = {
    "english": "The customer asked whether the tent she bought in April can be returned without "
    "its bag. The agent looked up the order, found that the thirty days had passed, "
    "and offered a voucher of twenty euros instead. She accepted, thanked him twice "
    "and asked for a copy of the invoice by e-mail.",
    "code": "def longest_run(values: list[int]) -> tuple[int, int]:\n"
    '    """Return where the longest run of equal values begins, and its length."""\n'
    "    best, start = (0, 0), 0\n"
    "    for place, value in enumerate(values):\n"
    "        if value != values[start]:\n"
    "            start = place\n"
    "        if place - start + 1 > best[1]:\n"
    "            best = (start, place - start + 1)\n"
    "    return best\n",
    "json": '{"order": {"id": "W-20931", "customer": "ada@example.org", "lines": [{"sku": '
    '"TENT-2P", "quantity": 1, "price": 189.5}, {"sku": "PEG-10", "quantity": 3, "price": '
    '4.25}], "shipped_at": "2026-04-17T08:45:00Z", "gift": false, "note": null}}',
    "japanese": "お客様は四月に購入したテントを袋なしで返品できるかどうかを尋ねました。"
    "担当者は注文を確認し、三十日が過ぎていることを伝え、代わりに二千円の割引券を提案しました。"
    "お客様は承諾し、請求書の写しをメールで送ってほしいと頼みました。",
    "persian": "مشتری پرسید آیا می\u200cتواند چادری را که در فروردین خریده بود بدون کیف آن پس "
    "بدهد. کارمند سفارش را پیدا کرد، گفت که سی روز گذشته است و به جای آن یک کارت تخفیف "
    "پیشنهاد داد. او پذیرفت و خواست نسخه\u200cای از صورت\u200cحساب برایش فرستاده شود.",
    "russian": "Покупательница спросила, можно ли вернуть палатку, купленную в апреле, без чехла. "
    "Сотрудник нашёл заказ, объяснил, что тридцать дней уже прошли, и предложил вместо "
    "этого скидку на следующую покупку. Она согласилась и попросила прислать копию "
    "счёта по электронной почте.",
}
"""Written for this test; the weights of Japanese were raised once after they had been tried."""

COUNTS = {
    ("o200k", "english"): 59,
    ("o200k", "code"): 95,
    ("o200k", "json"): 99,
    ("o200k", "japanese"): 88,
    ("o200k", "persian"): 74,
    ("o200k", "russian"): 76,
    ("cl100k", "english"): 59,
    ("cl100k", "code"): 95,
    ("cl100k", "json"): 99,
    ("cl100k", "japanese"): 128,
    ("cl100k", "persian"): 160,
    ("cl100k", "russian"): 128,
}
"""`litellm.token_counter` of litellm 1.108.7 for gpt-4o (o200k_base) and gpt-4 (cl100k_base)."""


@pytest.mark.parametrize(("family", "kind"), COUNTS)
def test_the_guess_is_within_15_percent(family: str, kind: str) -> None:
    guessed = guess_tokens(TEXTS[kind], family) - OVERHEAD
    assert guessed == pytest.approx(COUNTS[family, kind], rel=0.15)


@pytest.mark.parametrize(
    "text", ["", "a", "\x00", "\ud800", "👩\u200d👩\u200d👧" * 50, "\n" * 999, "x" * 99999]
)
def test_any_text_has_a_count(text: str) -> None:
    assert OVERHEAD <= guess_tokens(text) <= OVERHEAD + 4 * len(text.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4o-mini", "o200k"),
        ("openai/gpt-4.1", "o200k"),
        ("gpt-4-turbo", "cl100k"),
        ("gpt-4", "cl100k"),
        ("gpt-3.5-turbo", "cl100k"),
        ("Meta-Llama-3-70B", "cl100k"),
        ("o4-mini", "o200k"),
        ("claude-sonnet-4-5", "o200k"),
    ],
)
def test_families(model: str, family: str) -> None:
    assert family_of(model) == family


def test_what_a_model_took_is_known_to_the_next_command(tmp_path: Path) -> None:
    """Another tokenizer: three times as many tokens as were guessed, answers of 40."""
    pairs = [(make_run(outputs={"answer": f"{n} " + TEXTS["russian"]}), None) for n in range(8)]

    def counted(body: dict) -> tuple:
        texts = [each["content"] for each in body["messages"]]
        return verdict("pass", tokens=(3 * sum(map(guess_tokens, texts)), 40))

    with serving(counted) as server:
        made = judge("j", model="m", prompt="{{ outputs.answer }}?", base_url=server.url)
        first = estimate(made, pairs, session=session.configure(tmp_path))
        settings = JudgeSettings(model="m", prompt="{{ outputs.answer }}?", base_url=server.url)
        for run, _ in pairs[:3]:
            Judging("j", settings).score({"outputs": run.outputs})
        later = estimate(made, pairs, session=session.configure(tmp_path))
        other = judge("o", model="another", prompt="{{ outputs.answer }}?", base_url=server.url)
        fresh = estimate(other, pairs)
    session.configure(None)
    assert later.cached == 3
    assert later.input_tokens == pytest.approx(3 * first.input_tokens * 5 / 8, rel=0.02)
    assert later.output_tokens == 5 * 40
    assert fresh.input_tokens == first.input_tokens
