"""Real SDKs send to a receiver that listens, and the README's lines do what they say."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import SCRIPT

README = Path(__file__).parents[3] / "README.md"
SENDER = """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("app")
for n in range(600):
    with tracer.start_as_current_span("agent", attributes={"input.value": f"q{n}"}) as root:
        with tracer.start_as_current_span("search") as inner:
            if n == 3:
                inner.record_exception(ValueError("backend is down"))
        root.set_attribute("output.value", f"a{n}")
provider.shutdown()
"""


@pytest.mark.parametrize("packing", ["none", "gzip"])
def test_the_sdk_of_opentelemetry_sends(receive, read, tmp_path, packing):
    env = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receive().url,
        "OTEL_EXPORTER_OTLP_COMPRESSION": packing,
    }
    subprocess.run([sys.executable, "-c", SENDER], env=env, check=True, timeout=60)
    runs = read().runs.values()
    assert sorted(run.outputs for run in runs) == sorted(f"a{n}" for n in range(600))
    assert {len(run.steps) for run in runs} == {1}


PACKAGES = (
    "ai@6.0.326",
    "@opentelemetry/sdk-trace-node@2",
    "@opentelemetry/exporter-trace-otlp-http@0.223.1",
    "@opentelemetry/exporter-trace-otlp-proto@0.223.1",
)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agent of the AI SDK on a scripted model, as npm installs it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("agent")
    shutil.copy(Path(__file__).with_name("agent.mjs"), folder)
    (folder / "package.json").write_text("{}")
    line = [npm, "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
    try:
        ended = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install the packages in a minute")
    if ended.returncode:
        pytest.skip(f"npm does not install the packages: {ended.stderr[:200]}")
    return folder


@pytest.mark.services
@pytest.mark.parametrize("form", ["json", "proto"])
def test_an_agent_in_javascript_sends(agent, receive, read, form):
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receive().url}
    subprocess.run(["node", "agent.mjs", form], cwd=agent, env=env, check=True, timeout=60)
    (run,) = read().runs.values()
    assert (run.name, run.thread_id, run.outputs) == ("forecast", "s-1", "It is -3 degrees.")
    assert run.inputs == {"prompt": "How cold is Oslo?"}
    assert [(step.kind, step.name) for step in run.steps if step.kind == "tool"] == [
        ("tool", "weather")
    ]
    (call,) = run.tool_calls
    assert (call.name, call.arguments, call.result) == (
        "weather",
        {"city": "Oslo"},
        {"city": "Oslo", "temp": -3},
    )
    assert (run.usage.input_tokens, run.usage.output_tokens) == (14, 6)


def test_the_lines_of_the_readme(tmp_path):
    """The first terminal receives, the second has the application send, and runs."""
    section = README.read_text("utf-8").partition("**Any application with OpenTelemetry")[2]
    section = section.partition("\n## ")[0]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    one, two, three = (
        body.replace("4318", str(port))
        for body in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    )
    one = one.replace("evalkit receive", f"evalkit receive --port {port}")
    (tmp_path / "evalkit.toml").write_text(re.findall(r"```toml\n(.*?)```", section, re.DOTALL)[0])
    (tmp_path / "app.py").write_text(SENDER)
    places = f"{SCRIPT.parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": places, "COLUMNS": "120"}
    with subprocess.Popen(
        ["bash", "-c", f"exec {one}"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    ) as receiver:
        assert receiver.stdout.readline().strip() in two
        ended = subprocess.run(
            ["bash", "-ec", two], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100
        )
        receiver.terminate()
    assert ended.returncode == 0, ended.stderr
    assert "600 runs" in ended.stdout
    polled = subprocess.run(
        ["bash", "-ec", f"{three.strip()} --polls 1"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert polled.returncode == 0, polled.stderr
    assert "600 runs, rules hold: 1" in polled.stderr
