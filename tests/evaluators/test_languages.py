"""Text measures on many scripts, against the packages that define them."""

import re
from typing import Any

import pytest

from evalkit.evaluators.similarity import bleu, chrf, corpus_bleu, edit_similarity, rouge_l
from evalkit.evaluators.tokens import NO_SPACES, words

TEXTS = {
    "en": (
        "The cat sat on the mat.",
        "A cat sat on the mat today.",
    ),
    "fr": (
        "L’été a été très chaud ici.",
        "Cet été a été très chaud.",
    ),
    "de": (
        "Die Straße ist gesperrt und nass.",
        "Die Straße ist seit heute gesperrt.",
    ),
    "ru": (
        "Кошка сидит на ковре",
        "На ковре сидит кошка",
    ),
    "ar": (
        "القطة على السجادة",
        "القطة تحت السجادة",
    ),
    "hi": (
        "बिल्ली दरी पर बैठी है",
        "बिल्ली दरी पर सो रही है",
    ),
    "ko": (
        "고양이가 매트 위에 앉았다",
        "고양이가 위에 앉았다",
    ),
    "zh": (
        "今天天气很不错，我们出去玩。",
        "今天天气不错，我们出去。",
    ),
    "ja": (
        "猫はマットの上に座った",
        "猫は上に座った",
    ),
    "th": (
        "แมวนั่งบนเสื่อ",
        "แมวนอนบนเสื่อ",
    ),
}  # fmt: skip
TOKENIZERS = {"zh": "zh", "ja": "char", "th": "char"}


@pytest.mark.parametrize("language", TEXTS)
def test_bleu_and_chrf_are_sacrebleus_with_the_right_tokenizer(language: str) -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    got, want = TEXTS[language]
    tokenize = TOKENIZERS.get(language, "13a")
    if language == "ja" and __import__("importlib.util").util.find_spec("MeCab"):
        tokenize = "ja-mecab"
    expected = sacrebleu.sentence_bleu(got, [want], tokenize=tokenize).score / 100
    assert bleu({"answer": got}, want).score == pytest.approx(expected, abs=1e-12)
    assert expected > 0
    whole = sacrebleu.corpus_bleu([got, want], [[want, want]], tokenize=tokenize).score / 100
    found = corpus_bleu([got, want], [want, want])
    assert found.score == pytest.approx(whole, abs=1e-12)
    expected = sacrebleu.sentence_chrf(got, [want]).score / 100
    assert chrf({"answer": got}, want).score == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("language", TEXTS)
def test_equal_texts_are_wholly_alike_in_every_script(language: str) -> None:
    pytest.importorskip("sacrebleu")
    _, text = TEXTS[language]
    for measure in (bleu, chrf, rouge_l, edit_similarity):
        assert measure({"answer": text}, text).score == pytest.approx(1.0), measure
    longer = f"{text} {text}"  # BLEU needs four words
    assert corpus_bleu([longer], [longer]).score == pytest.approx(1.0)


def test_a_tokenizer_that_cannot_work_is_said() -> None:
    pytest.importorskip("sacrebleu")
    text = TEXTS["zh"][0]
    assert "spaces" in bleu({"answer": text}, text, tokenize="13a").comment
    assert "spaces" in corpus_bleu([text], [text], tokenize="13a").comment
    assert "ASCII" in rouge_l({"answer": text}, text, scripts="ascii").comment


@pytest.mark.parametrize("language", TEXTS)
def test_rouge_is_the_packages_with_its_own_tokens(language: str) -> None:
    package = pytest.importorskip("rouge_score.rouge_scorer")

    class Words:
        def tokenize(self, text: str) -> list[str]:
            return words(text)

    got, want = TEXTS[language]
    for scripts, scorer in (
        ("ascii", package.RougeScorer(["rougeL"])),
        ("all", package.RougeScorer(["rougeL"], tokenizer=Words())),
    ):
        expected: Any = scorer.score(want, got)["rougeL"].fmeasure
        found = rouge_l({"answer": got}, want, scripts=scripts).score
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("language", [each for each in TEXTS if each not in ("zh", "ja", "th")])
def test_words_are_those_of_regex(language: str) -> None:
    """By Unicode's rules (TR 18) marks are part of words, as the package regex has it."""
    regex = pytest.importorskip("regex")
    for text in TEXTS[language]:
        assert words(text) == regex.findall(r"\w+", text.casefold())


@pytest.mark.parametrize("language", ["zh", "ja", "th"])
def test_scripts_without_spaces_keep_every_letter(language: str) -> None:
    regex = pytest.importorskip("regex")
    for text in TEXTS[language]:
        assert "".join(words(text)) == "".join(regex.findall(r"\w", text))
        assert all(re.match(f"[{NO_SPACES}]", word) for word in words(text))


@pytest.mark.parametrize("language", TEXTS)
def test_character_distance_is_jiwers(language: str) -> None:
    jiwer = pytest.importorskip("jiwer")
    got, want = TEXTS[language]
    distance = jiwer.cer(want, got) * len(want)
    expected = 1 - distance / max(len(got), len(want))
    assert edit_similarity({"answer": got}, want).score == pytest.approx(expected, abs=1e-9)
