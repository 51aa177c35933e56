"""Sharing: planted secrets survive in no form of the report, and what was removed is said."""

import random
import string

import pytest
from report_file import ReportFile
from report_world import correct, make_content, stored

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.report.page.write import write_report
from evalkit.report.renderers import junit, machine, markdown, terminal
from evalkit.report.sharing.cleaner import ShareOptions
from evalkit.report.sharing.patterns import iban, luhn
from evalkit.report.sharing.share import Redactor, redactor
from evalkit.report.values.panels import TablePart
from evalkit.scoring.definition.evaluator import evaluator

RNG = random.Random(20)
LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def some(length: int, alphabet: str = LETTERS) -> str:
    return "".join(RNG.choices(alphabet, k=length))


def card() -> str:
    digits = [4, *RNG.choices(range(10), k=14)]
    for last in range(10):
        number = "".join(map(str, [*digits, last]))
        if luhn(number):
            return number
    raise AssertionError


def bank() -> str:
    body = f"{RNG.randrange(10**18):018d}"
    for check in range(100):
        number = f"DE{check:02d}{body}"
        if iban(number):
            return number
    raise AssertionError


def jwt() -> str:
    return f"eyJ{some(20)}.eyJ{some(40)}.{some(43)}"


MAKERS = {
    "openai": lambda: f"sk-proj-{some(40)}",
    "openai-old": lambda: f"sk-{some(48)}",
    "anthropic": lambda: f"sk-ant-api03-{some(60)}",
    "stripe": lambda: f"sk_live_{some(24)}",
    "github": lambda: f"ghp_{some(36)}",
    "github-fine": lambda: f"github_pat_{some(22)}_{some(59)}",
    "gitlab": lambda: f"glpat-{some(20)}",
    "langsmith": lambda: f"lsv2_pt_{some(32, HEX)}_{some(10, HEX)}",
    "google": lambda: f"AIza{some(35)}",
    "hugging-face": lambda: f"hf_{some(34)}",
    "slack": lambda: f"xoxb-{some(11, string.digits)}-{some(24)}",
    "sendgrid": lambda: f"SG.{some(22)}.{some(43)}",
    "aws-id": lambda: f"AKIA{some(16, string.ascii_uppercase + string.digits)}",
    "aws-secret": lambda: f"aws_secret_access_key = {some(40)}",
    "bearer": lambda: f"Authorization: Bearer {some(40)}",
    "jwt": jwt,
    "password": lambda: f"password: {some(14)}",
    "url": lambda: f"postgres://admin:{some(18)}@db.internal/prod",
    "pem": lambda: f"-----BEGIN RSA PRIVATE KEY-----\n{some(60)}\n-----END RSA PRIVATE KEY-----",
    "mail": lambda: f"{some(9).lower()}@example-{some(4).lower()}.co.uk",
    "phone": lambda: f"+49 {RNG.randrange(150, 180)} {RNG.randrange(10**6, 10**7)}",
    "us-phone": lambda: f"({RNG.randrange(201, 999)}) 555-{RNG.randrange(1000, 9999)}",
    "ip": lambda: ".".join(str(RNG.randrange(11, 250)) for _ in range(4)),
    "iban": bank,
    "card": card,
}  # fmt: skip
SECRETS = [(kind, MAKERS[kind]()) for kind in list(MAKERS) * 9][:210]


def core_of(kind: str, secret: str) -> str:
    """Return the part of a secret that must not survive."""
    if kind in ("aws-secret", "bearer", "password"):
        return secret.split()[-1]
    if kind == "url":
        return secret.split(":")[2].split("@")[0]
    return secret.split("\n")[1] if kind == "pem" else secret


@evaluator
def quoting(outputs) -> Score:
    """Says what it saw."""
    return Score(score=False, comment=f"saw {outputs}")


@evaluator
def raising(outputs) -> bool:
    """Fails with what it saw."""
    raise RuntimeError(f"cannot read {outputs}")


@evaluator
def verdict_of(inputs) -> Score:
    """A category that quotes the input."""
    return Score(value=f"about {inputs['text']}")


def leaky_run(n: int, secret: str) -> Run:
    return Run(
        run_id=f"01a2033f-7853-752c-b5ad-{n:012x}",
        example_id=f"customer-{n}",
        thread_id=f"thread-of-{n}",
        status="error" if n % 2 else "success",
        error=f"ConnectionError: refused {secret}" if n % 2 else None,
        inputs={"text": f"my data: {secret}", "api_key": f"plain-{n}-value"},
        outputs={"answer": f"you said {secret} just now", "nested": [{"deep": secret}]},
        steps=[
            Step(
                step_id="s", kind="tool", name="call", inputs={"header": secret},
                outputs=f"result {secret}", error=f"boom {secret}" if n % 3 == 0 else None,
                duration_s=0.1, metadata={"note": secret},
            )
        ],
        duration_s=0.2,
        tags=(secret,),
        metadata={"topic": f"t{n % 3}", "internal_note": f"hidden remark {n}", "who": secret},
        url=f"https://trace.example/{n}?key={secret}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaky")
    runs = [leaky_run(n, secret) for n, (_, secret) in enumerate(SECRETS)]
    examples = [
        Example(
            example_id=run.example_id,
            inputs=run.inputs,
            reference_outputs={"answer": SECRETS[n][1]},
            metadata={"topic": f"t{n % 3}"},
        )
        for n, run in enumerate(runs)
    ]
    evaluators = (correct, quoting, raising, verdict_of)
    results = stored(folder, "leaky", runs, examples, evaluators)
    return make_content([results], gates=("error_rate <= 1%",))


@pytest.fixture(scope="module")
def shared(leaky, tmp_path_factory):
    """Every form of the report, shared; name to text."""
    folder = tmp_path_factory.mktemp("shared")
    options = ShareOptions(salt="pepper", drop=("internal_note",))
    clean = redactor(leaky, options)
    written = write_report(leaky, folder / "report.html", share=options)
    view = clean.parts(leaky.view)
    return {
        "html": ReportFile(written.path).everything(),
        "json": machine.write_json(leaky, folder / "summary.json", clean).read_text("utf-8"),
        "csv": machine.write_csv(leaky, folder / "runs.csv", clean).read_text("utf-8"),
        "junit": junit.render(leaky, runs=True, clean=clean),
        "markdown": markdown.render(view),
        "terminal": terminal.to_text(view, 200),
    }


def test_secrets_are_there_before(leaky, tmp_path):
    written = write_report(leaky, tmp_path / "plain.html")
    text = ReportFile(written.path).everything()
    found = sum(core_of(kind, secret) in text for kind, secret in SECRETS)
    assert found == len(SECRETS)


@pytest.mark.parametrize("form", ["html", "json", "csv", "junit", "markdown", "terminal"])
def test_no_secret_survives(shared, form):
    text = shared[form]
    left = [(kind, secret) for kind, secret in SECRETS if core_of(kind, secret) in text]
    assert left == []


@pytest.mark.parametrize("form", ["html", "json", "csv", "junit", "markdown"])
def test_no_id_survives(shared, form):
    assert "01a2033f-7853-752c-b5ad" not in shared[form]
    assert "customer-1" not in shared[form]
    assert "thread-of-" not in shared[form]


def test_ids_in_sentences_are_hashed(compared):
    clean = redactor(compared, ShareOptions())
    table = TablePart("t", ("a",), (("ex-001, ex-002 …", "see candidate-003-1 (ex-004)"),))
    cleaned = str(clean.parts(table))
    assert "ex-00" not in cleaned
    assert "candidate-003-1" not in cleaned
    assert clean.ident("ex-001") in cleaned


def test_dropped_fields_and_secret_names_are_gone(shared):
    assert "hidden remark" not in shared["html"]
    assert "plain-3-value" not in shared["html"]


def test_what_was_removed_is_said(shared):
    assert "Removed before sharing" in shared["html"]
    for word in ("API key", "e-mail", "card number", "every id was replaced by a hash"):
        assert word in shared["html"]


def test_figures_are_untouched(leaky, shared):
    summary = leaky.view.summaries[0]
    assert f'"mean": {summary["scores"]["correct"]["mean"]}' in shared["json"]


def test_the_same_salt_gives_the_same_ids():
    first, second = Redactor(ShareOptions(salt="a")), Redactor(ShareOptions(salt="a"))
    assert first.ident("run-1") == second.ident("run-1") != Redactor(ShareOptions()).ident("run-1")
    assert first.ident(first.ident("run-1")) == first.ident("run-1")


@pytest.mark.parametrize(
    "harmless",
    [
        "version 1.2.3 of 2026-11-22 12:00:00",
        "order 12345678 costs 19.99, ratio 0.75, 10,000 runs",
        "p95 at most 10 s (n = 200)",
        "tokens: 1234, max_tokens=500",
        "ISBN 978-3-16-148410-0",
        "see section 3.4.1.2a",
        "ask-somebody-else-about-it sk-short",
    ],
)
def test_harmless_text_stays(harmless):
    assert Redactor(ShareOptions()).text(harmless) == harmless


def test_counts_of_tokens_are_no_secrets():
    value = {
        "total_tokens": 12,
        "token": "abc-secret",
        "usage": {"input_tokens": 3},
        "time_to_first_token": 0.3,
        "password": 1234,
    }
    clean = Redactor(ShareOptions()).tree(value)
    assert clean == {
        "total_tokens": 12,
        "token": "[removed]",
        "usage": {"input_tokens": 3},
        "time_to_first_token": 0.3,
        "password": "[removed]",
    }


def test_a_page_of_what_was_kept_of_runs_is_cleaned_alike(tmp_path):
    secret = some(40)
    outputs = ({"answer": f"api_key={secret}"}, {"answer": "\0sign", "card": int(card())}, {"n": 1})
    runs = [
        Run(run_id=f"r{n}", example_id=f"e{n}", status="success", outputs=each,
            inputs={"thread_id": "t1", "mail": "ada@example.org"},
            steps=[Step(step_id=f"s{n}", kind="llm", name="m", inputs=[f"token: {secret}", 2**60])])
        for n, each in enumerate(outputs)
    ]  # fmt: skip
    content = make_content([stored(tmp_path, "made", runs, [])])
    share = ShareOptions(salt="salt")
    pages, removed = [], []
    for n, stamp in enumerate(("", "this", "this")):  # anew, kept, and from what was kept
        written = write_report(content, tmp_path / f"{n}.html", share=share, stamp=stamp)
        pages.append(written.path.read_bytes())
        removed.append(written.removed)
    assert pages[0] == pages[1] == pages[2]
    assert removed[0] == removed[1] == removed[2]
    assert secret not in ReportFile(tmp_path / "2.html").everything()


def test_what_was_cut_before_it_could_be_judged_does_not_survive(tmp_path):
    """A label of a long value, and a kind of error, hold secrets without what tells them."""
    runs = [
        Run(
            run_id=f"r{n}", example_id=f"e{n}", status="error", outputs={"text": "none"},
            inputs={"text": "none"},
            metadata={"note": f"{'why ' * 20}Authorization: Bearer {word}"},
            error=f"ValueError: not allowed: {number}",
        )
        for n, (word, number) in enumerate(
            [(some(20), "KW81 CBKU 0000 0000 0000 1234 5601 01"), (some(20), "uid=1000(xaverius)")]
        )
    ]  # fmt: skip
    examples = [
        Example(example_id=r.example_id, inputs=r.inputs, reference_outputs={"answer": "x"})
        for r in runs
    ]
    content = make_content(
        [stored(tmp_path, "cut", runs, examples, (correct,))], slices=("metadata.note",)
    )
    clean = redactor(content, ShareOptions(salt="pepper"))
    page = write_report(content, tmp_path / "report.html", share=ShareOptions(salt="pepper"))
    texts = {
        "html": ReportFile(page.path).everything(),
        "csv": machine.write_csv(content, tmp_path / "runs.csv", clean).read_text("utf-8"),
        "markdown": markdown.render(clean.parts(content.view)),
    }
    words = [runs[n].metadata["note"].split()[-1] for n in (0, 1)]
    for form, text in texts.items():
        left = [each for each in (*words, "CBKU", "xaverius") if each in text]
        assert (form, left) == (form, [])
