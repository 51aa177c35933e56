"""A real litellm proxy in front of a scripted upstream, in an environment of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
CONFIG = """
model_list:
  - model_name: judge
    litellm_params: {{model: openai/judge, api_base: "{url}", api_key: up}}
  - model_name: limited
    litellm_params: {{model: openai/limited, api_base: "{url}", api_key: up, rpm: 1}}
  - model_name: costly
    litellm_params: {{model: openai/costly, api_base: "{url}", api_key: up, max_budget: 0.01,
                     budget_duration: 1d, input_cost_per_token: 1.0, output_cost_per_token: 1.0}}
router_settings:
  num_retries: 0
  disable_cooldowns: true
  optional_pre_call_checks: ["enforce_model_rate_limits"]
litellm_settings: {{num_retries: 0}}
general_settings: {{master_key: sk-master}}
"""
LONGEST_START_S = 240.0


def litellm_program() -> str | None:
    """Return the proxy's program: named by LITELLM, in `.litellm`, or on the path."""
    own = ROOT / ".litellm" / "bin" / "litellm"
    named = os.environ.get("LITELLM")
    return named or (str(own) if own.exists() else shutil.which("litellm"))


@contextmanager
def litellm_proxy(program: str, folder: Path, upstream: str) -> Iterator[str]:
    """Serve `upstream` through litellm; the address ends in /v1."""
    (folder / "config.yaml").write_text(CONFIG.format(url=upstream))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "proxy.log").open("wb")
    process = subprocess.Popen(
        [program, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)],
        cwd=folder,
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        stdout=log,
        stderr=log,
    )
    try:
        _await_start(process, f"http://127.0.0.1:{port}/health/liveliness", folder)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _await_start(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    until = time.monotonic() + LONGEST_START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError((folder / "proxy.log").read_text()[-2000:])
