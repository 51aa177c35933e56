"""Money of judges: what a server billed, what the ledger says, and a budget in between."""

import importlib.util
import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from judge_server import completion, fault, serving, verdict

from evalkit.errors import SourceUnavailable
from evalkit.evaluators.judge import session
from evalkit.evaluators.judge.asking.errors import BudgetSpent
from evalkit.evaluators.judge.judge import Judging
from evalkit.evaluators.judge.money import journal
from evalkit.evaluators.judge.money.book import Paid
from evalkit.evaluators.judge.money.ledger import Ledger
from evalkit.evaluators.judge.settings import JudgeSettings
from evalkit.model.kept.seal import sealed
from evalkit.pipeline.judging import Accounts

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "judge_money.py"


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    session.configure(None)
    yield
    session.configure(None)


def judging(url: str, **settings: Any) -> Judging:
    given = {"model": "m", "prompt": "{{ outputs }}?", "base_url": url, "price": (0.0, 1000.0)}
    return Judging("helpful", JudgeSettings(**{**given, "max_tokens": 100, **settings}))


def test_an_answer_that_was_cut_may_have_been_billed(tmp_path: Path) -> None:
    cut = (200, {"retry-after": "0"}, b'{"choices": [{"mess')
    with serving(cut, fault(500, retry_after="0"), verdict("pass", tokens=(0, 10))) as server:
        session.configure(tmp_path)
        assert judging(server.url).score({"outputs": "x"}).score is True
    totals = session.current().ledger.totals()
    assert (totals.calls, totals.unanswered) == (1, 1)
    assert totals.spent == pytest.approx(0.01)
    assert totals.uncertain == pytest.approx(0.1)  # at most 100 tokens
    assert "1 answers were lost and may be billed, up to 0.1 more" in str(Accounts.of(totals))


def test_what_never_left_is_not_billed(tmp_path: Path) -> None:
    session.configure(tmp_path)
    judged = judging("http://127.0.0.1:9/v1")
    client = judged.client(session.current())
    client._http._patience = type(client._http._patience)(attempts=2)  # nobody is there
    with pytest.raises(SourceUnavailable):
        judged.score({"outputs": "x"})
    totals = session.current().ledger.totals()
    assert (totals.unanswered, totals.uncertain, totals.reserved) == (0, 0, 0)


def test_a_budget_counts_what_may_have_been_billed(tmp_path: Path) -> None:
    cut = (200, {"retry-after": "0"}, b"{")
    with serving(cut, cut, cut, verdict("pass")) as server:
        session.configure(tmp_path, budget=0.25)  # two calls of at most 0.1, not three
        with pytest.raises(BudgetSpent, match=r"0.2000 of it uncertain"):
            judging(server.url).score({"outputs": "x"})
        assert len(server.asked) == 2
    assert session.current().ledger.totals().uncertain == pytest.approx(0.2)


def test_a_ledger_is_one_book_for_all_processes(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    one.begin()
    for ledger, cost in ((one, 0.1), (other, 0.2), (one, 0.3)):
        call = ledger.reserve(0.5)
        assert call is not None
        ledger.settle(call, Paid(cost, 1, 2))
    assert one.totals() == other.totals()
    assert one.totals().spent == pytest.approx(0.6)
    one.close()
    assert json.loads((tmp_path / "ledger.json").read_text())["spent"] == pytest.approx(0.6)
    assert Ledger(tmp_path).of_all_commands().spent == pytest.approx(0.6)


@pytest.mark.parametrize("kept", [1, 20, 39])
def test_a_line_that_was_cut_is_not_read_and_hides_none(tmp_path: Path, kept: int) -> None:
    ledger = Ledger(tmp_path)
    ledger.settle(ledger.reserve(0.5) or "", Paid(0.1, 1, 2))
    log = tmp_path / "ledger.log"
    line = b'["settle","0123456789abcdef",[99.0,1,1]]\n'
    with log.open("ab") as stream:
        stream.write(line[:kept])
    later = Ledger(tmp_path)
    later.settle(later.reserve(0.5) or "", Paid(0.2, 1, 2))
    for each in (ledger, later, Ledger(tmp_path)):
        assert each.of_all_commands().spent == pytest.approx(0.3)


def test_a_journal_that_grew_long_begins_anew_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LONG", 2000)
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    for n in range(60):
        ledger = (one, other)[n % 2]
        ledger.settle(ledger.reserve(1.0) or "", Paid(1.0, 1, 1))
        if n % 20 == 19:
            Ledger(tmp_path).begin()
    assert (tmp_path / "ledger.log").stat().st_size < 2000 + 20 * 200
    assert one.of_all_commands().spent == other.of_all_commands().spent == 60


def test_a_kill_between_the_two_files_counts_nothing_twice(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.settle(ledger.reserve(1.0) or "", Paid(1.0, 1, 1))
    old = (tmp_path / "ledger.log").read_bytes()
    ledger.close()
    document = json.loads((tmp_path / "ledger.json").read_text())
    document |= {"number": document["number"] + 1, "at": journal.HEAD}
    (tmp_path / "ledger.json").write_text(json.dumps(sealed(document)))  # killed here
    (tmp_path / "ledger.log").write_bytes(old)
    assert Ledger(tmp_path).of_all_commands().spent == 1.0


def many(folder: Path, calls: int) -> None:
    ledger = Ledger(folder, budget=1e9)
    for _ in range(calls):
        ledger.settle(ledger.reserve(1.0) or "", Paid(0.01, 1, 1))
    os._exit(0)  # as if killed: nothing is written down at the end


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=many, args=(tmp_path, 150)) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)
    totals = Ledger(tmp_path).of_all_commands()
    assert (totals.calls, totals.reserved) == (450, 0)
    assert totals.spent == pytest.approx(4.5)


def test_a_filtered_answer_is_paid_to_the_cent(tmp_path: Path) -> None:
    filtered = completion(None, finish_reason="content_filter", tokens=(7, 3))
    with serving(filtered) as server:
        session.configure(tmp_path)
        judged = judging(server.url, price=(3.0, 15.0))
        with pytest.raises(Exception, match="refused"):
            judged.score({"outputs": "x"})
    assert session.current().ledger.totals().spent == pytest.approx((7 * 3 + 3 * 15) / 1e6)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "kills"), [(100, 0), (101, 2)])
def test_the_ledger_against_the_book_of_a_server_that_fails(seed: int, kills: int) -> None:
    spec = importlib.util.spec_from_file_location("judge_money", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["judge_money"] = module
    spec.loader.exec_module(module)
    done = module.simulate(seed, 40, kills)
    assert done.faults(40) == []
    assert done.kills == kills
