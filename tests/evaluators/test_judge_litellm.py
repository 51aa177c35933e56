"""Judges through a real litellm proxy: limited, moderated, without schemas, wrong keys, budgets."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from judge_server import JudgeServer, Reply, fault, serving, verdict
from litellm_proxy import litellm_program, litellm_proxy

from evalkit.errors import AuthenticationFailed, SourceUnavailable
from evalkit.evaluators.judge import session
from evalkit.evaluators.judge.asking.errors import JudgeStopped
from evalkit.evaluators.judge.judge import Judging
from evalkit.evaluators.judge.settings import JudgeSettings

PROGRAM = litellm_program()
pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        PROGRAM is None,
        reason="no litellm proxy (pip install 'litellm[proxy]' in an environment .litellm)",
    ),
]
LIMITED = threading.Event()


def upstream(body: dict[str, Any]) -> Reply:
    """Answer as OpenAI does; what the judged text says decides the fault."""
    text = body["messages"][-1]["content"]
    kind = body.get("response_format", {}).get("type")
    if "plain model" in text and kind is not None:
        return fault(400, f"response_format {kind} is not supported by this model")
    if "forbidden" in text:
        said = {"message": "The prompt triggered our content management policy."}
        return 400, {}, json.dumps({"error": {**said, "code": "content_filter"}}).encode()
    if "wait a second" in text and not LIMITED.is_set():
        LIMITED.set()
        return fault(429, "Rate limit reached for requests", retry_after="1")
    if "upstream key" in text:
        return fault(401, "Incorrect API key provided")
    return verdict("pass")


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, JudgeServer]]:
    with (
        serving(upstream) as server,
        litellm_proxy(PROGRAM or "", tmp_path_factory.mktemp("litellm"), server.url) as url,
    ):
        yield url, server


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-master")
    session.configure(None)
    yield
    session.configure(None)


def judging(url: str, model: str = "judge") -> Judging:
    given = {"model": model, "prompt": "{{ outputs }}?", "base_url": url, "price": (1.0, 1.0)}
    return Judging("helpful", JudgeSettings(**given))


def test_a_verdict_comes_through(proxied: Any) -> None:
    score = judging(proxied[0]).score({"outputs": "an answer"})
    assert score.score is True
    assert score.metadata["judge"]["input_tokens"] == 100


def test_a_limit_is_waited_for_as_long_as_the_provider_says(proxied: Any) -> None:
    began = time.monotonic()
    assert judging(proxied[0]).score({"outputs": "wait a second"}).score is True
    assert 1.0 <= time.monotonic() - began < 30


def test_a_flagged_input_is_one_runs_error(proxied: Any) -> None:
    judged = judging(proxied[0])
    with pytest.raises(SourceUnavailable, match="content management policy"):
        judged.score({"outputs": "a forbidden text"})
    assert judged.score({"outputs": "the next one"}).score is True
    assert session.current().ledger.totals().uncertain == 0


def test_a_model_without_schemas_is_asked_without(proxied: Any) -> None:
    url, server = proxied
    judged = judging(url)
    assert judged.score({"outputs": "plain model 1"}).score is True
    before = len(server.asked)
    assert judged.score({"outputs": "plain model 2"}).score is True
    assert len(server.asked) == before + 1


@pytest.mark.parametrize("key", ["sk-wrong", "wrong"])
def test_a_wrong_key_ends_it(proxied: Any, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    url, server = proxied
    monkeypatch.setenv("OPENAI_API_KEY", key)
    judged, before = judging(url), len(server.asked)
    for _ in range(2):
        with pytest.raises(AuthenticationFailed, match="Check the key"):
            judged.score({"outputs": "an answer"})
    assert len(server.asked) == before


def test_the_proxys_own_key_at_the_provider_is_wrong(proxied: Any) -> None:
    with pytest.raises(AuthenticationFailed, match="Incorrect API key"):
        judging(proxied[0]).score({"outputs": "upstream key"})


def test_a_spent_budget_of_the_proxy_ends_it_at_once(proxied: Any) -> None:
    judged = judging(proxied[0], "costly")
    assert judged.score({"outputs": "the first"}).score is True
    time.sleep(1)  # the proxy counts beside the answer
    began = time.monotonic()
    with pytest.raises(JudgeStopped, match="udget"):
        judged.score({"outputs": "the second"})
    assert time.monotonic() - began < 20
