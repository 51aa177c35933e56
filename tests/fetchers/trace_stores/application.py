"""The applications that are recorded: run as a program in the environment of a trace store.

`application.py STORE ADDRESS PROJECT WHAT...` instruments as users of that store do, serves the
scripted model, and plays WHAT. Only what the environment holds is imported; evalkit is not there.
"""

import asyncio
import json
import operator
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, ClassVar, TypedDict

from scripted_model import WEATHER, scripted_model

MODEL = "gpt-4o-mini"


def langgraph_agent(base: str) -> Any:
    """Return an agent with a tool, a retriever node before it, and a tool that can fail."""
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    from langgraph.graph import END, START, StateGraph
    from langgraph.graph.message import add_messages
    from langgraph.prebuilt import ToolNode

    class Library(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [
                Document(page_content="Rome is sunny.", metadata={"source": "a.txt", "page": 1}),
                Document(page_content="Oslo is rainy.", metadata={"source": "b.txt"}),
            ]

    @tool
    def get_weather(city: str) -> str:
        """Say the weather."""
        return WEATHER[city]

    class State(TypedDict):
        messages: Annotated[list[Any], add_messages]
        seen: Annotated[list[str], operator.add]

    model = ChatOpenAI(model=MODEL, base_url=base, api_key="none", max_retries=0)
    bound = model.bind_tools([get_weather])
    library = Library()

    def look_up(state: State) -> dict[str, Any]:
        found = library.invoke(state["messages"][-1].content)
        return {"seen": [each.metadata["source"] for each in found]}

    def agent(state: State) -> dict[str, Any]:
        return {"messages": [bound.invoke(state["messages"])]}

    def after(state: State) -> str:
        return "tools" if state["messages"][-1].tool_calls else END

    graph = StateGraph(State)
    graph.add_node("look_up", look_up)
    graph.add_node("agent", agent)
    graph.add_node("tools", ToolNode([get_weather], handle_tool_errors=False))
    graph.add_edge(START, "look_up")
    graph.add_edge("look_up", "agent")
    graph.add_conditional_edges("agent", after, ["tools", END])
    graph.add_edge("tools", "agent")
    return graph.compile(name="weather")


QUESTIONS = ("Weather in Rome and Oslo?", "Weather in Rome?", "boom")


def play_langgraph(base: str, times: int = 1) -> None:
    """Ask every question as often as told, one of which fails."""
    graph = langgraph_agent(base)
    for _ in range(times):
        for number, question in enumerate(QUESTIONS):
            about = {"example_id": f"ex-{number}", "session_id": f"chat-{number}"}
            config: dict[str, Any] = {
                "metadata": about,
                "configurable": {"thread_id": f"chat-{number}"},
            }
            config["max_concurrency"] = 1  # or two tools begin in whatever order threads do
            try:
                graph.invoke({"messages": [("user", question)]}, config)
            except Exception as error:
                print(f"as planned: {type(error).__name__}")


def play_openai(base: str) -> None:
    """One plain call, one stream, one refusal."""
    from openai import OpenAI

    client = OpenAI(base_url=base, api_key="none", max_retries=0)
    asked: Any = [{"role": "user", "content": "Say hello"}]
    client.chat.completions.create(model=MODEL, messages=asked)
    stream = client.chat.completions.create(
        model=MODEL, messages=asked, stream=True, stream_options={"include_usage": True}
    )
    for _ in stream:
        pass
    try:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "boom"}])
    except Exception as error:
        print(f"as planned: {type(error).__name__}")


def play_agents(base: str) -> None:
    """OpenAI's agents: two tools at once."""
    from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool
    from openai import AsyncOpenAI

    @function_tool
    def get_weather(city: str) -> str:
        """Say the weather."""
        return WEATHER[city]

    client = AsyncOpenAI(base_url=base, api_key="none", max_retries=0)
    model = OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
    agent = Agent(name="forecaster", model=model, tools=[get_weather])
    print(asyncio.run(Runner.run(agent, "Weather in Rome and Oslo?")).final_output)


def play_pydantic(base: str) -> None:
    """pydantic-ai: the same question twice, as repetitions."""
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=base, api_key="none"))
    agent = Agent(model, name="forecaster")

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Say the weather."""
        return WEATHER[city]

    for _ in range(2):
        print(agent.run_sync("Weather in Oslo?").output)


def play_many(number: int) -> None:
    """Make many small traces without a model: a root, a tool and a model call each."""
    from opentelemetry import trace

    tracer = trace.get_tracer("many")
    for at in range(number):
        if at % 100 == 99:  # the exporter's queue holds 2,048 spans and drops what comes after
            trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined]
        with tracer.start_as_current_span("answer") as root:
            root.set_attribute("openinference.span.kind", "CHAIN")
            root.set_attribute("input.value", json.dumps({"question": f"q{at}"}))
            root.set_attribute("input.mime_type", "application/json")
            root.set_attribute("output.value", json.dumps({"answer": f"a{at}"}))
            root.set_attribute("output.mime_type", "application/json")
            with tracer.start_as_current_span("search") as tool:
                tool.set_attribute("openinference.span.kind", "TOOL")
                tool.set_attribute("input.value", json.dumps({"q": at}))
                tool.set_attribute("input.mime_type", "application/json")
                tool.set_attribute("output.value", f"found {at}")
            with tracer.start_as_current_span("model") as call:
                call.set_attribute("openinference.span.kind", "LLM")
                call.set_attribute("llm.model_name", MODEL)
                call.set_attribute("llm.token_count.prompt", 12)
                call.set_attribute("llm.token_count.completion", 3)
                call.set_attribute("llm.token_count.total", 15)
                call.set_attribute("input.value", "x" * 1000)


def play_late() -> None:
    """A child that is sent after its root, by some seconds: `late` is a file to wait for."""
    from opentelemetry import context, trace
    from opentelemetry.trace import set_span_in_context

    tracer = trace.get_tracer("late")
    root = tracer.start_span("slow answer")
    root.set_attribute("openinference.span.kind", "CHAIN")
    root.set_attribute("input.value", "late?")
    root.set_attribute("output.value", "late.")
    child = tracer.start_span("afterthought", context=set_span_in_context(root))
    child.set_attribute("openinference.span.kind", "TOOL")
    root.end()
    trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined]
    print("root sent", flush=True)
    until = time.monotonic() + 120
    while not os.path.exists(os.environ["LATE"]) and time.monotonic() < until:
        time.sleep(0.05)
    child.end()
    context.get_current()


def play_phoenix_experiment(base: str, url: str, name: str) -> None:
    """Run an experiment of Phoenix: repetitions, a task that fails, evaluators of all kinds."""
    import httpx
    from phoenix.client import Client

    graph = langgraph_agent(base)
    client = Client(base_url=url)
    rows = [("Weather in Rome?", "sunny", "it"), ("Weather in Oslo?", "rainy", "no")]
    dataset = client.datasets.create_dataset(
        name=f"{name} questions",
        inputs=[{"question": each} for each, _, _ in rows] + [{"question": "boom"}],
        outputs=[{"answer": each} for _, each, _ in rows] + [{"answer": "never"}],
        metadata=[{"lang": each} for _, _, each in rows] + [{"lang": "de"}],
    )

    def task(input: Any) -> dict[str, str]:
        found = graph.invoke({"messages": [("user", input["question"])]})
        return {"answer": found["messages"][-1].content}

    def right(output: Any, expected: Any) -> bool:
        return expected["answer"] in (output or {}).get("answer", "")

    def tone(output: Any) -> str:
        return "calm"

    made = client.experiments.run_experiment(
        dataset=dataset,
        task=task,
        evaluators=[right, tone],
        experiment_name=name,
        repetitions=2,
        retries=0,
        print_summary=False,
    )
    run = made["task_runs"][0]
    now = "2026-01-01T00:00:00+00:00"
    crashed = {
        "experiment_run_id": run["id"],
        "name": "crash",
        "annotator_kind": "CODE",
        "start_time": now,
        "end_time": now,
        "error": "ValueError('evaluator broke')",
    }
    httpx.post(f"{url}/v1/experiment_evaluations", json=crashed).raise_for_status()


PLAYS = {
    "langgraph": play_langgraph,
    "openai": play_openai,
    "agents": play_agents,
    "pydantic": play_pydantic,
}


def open_provider(url: str, headers: dict[str, str], attributes: Any = None) -> Any:
    """Send spans as protobuf; return the provider."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource(attributes or {}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", headers=headers))
    )
    trace.set_tracer_provider(provider)
    return provider


@contextmanager
def openinference(what: str, provider: Any) -> Iterator[None]:
    """Instrument one library while it is played: several at once would record calls twice."""
    if what == "pydantic":
        from pydantic_ai import Agent

        Agent.instrument_all()
        yield
        Agent.instrument_all(False)
        return
    instrumentor: Any = None
    if what in ("langgraph", "experiment"):
        from openinference.instrumentation.langchain import LangChainInstrumentor

        instrumentor = LangChainInstrumentor()
    elif what == "openai":
        from openinference.instrumentation.openai import OpenAIInstrumentor

        instrumentor = OpenAIInstrumentor()
    elif what == "agents":
        from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

        instrumentor = OpenAIAgentsInstrumentor()
    if instrumentor is not None:
        instrumentor.instrument(tracer_provider=provider)
    yield
    if instrumentor is not None:
        instrumentor.uninstrument()


@contextmanager
def autolog(url: str, experiment: str, what: str) -> Iterator[None]:
    """Turn on MLflow's own recording of one library while it is played."""
    import mlflow

    mlflow.set_tracking_uri(url)
    mlflow.set_experiment(experiment)
    flavor = {"langgraph": mlflow.langchain, "pydantic": mlflow.pydantic_ai}.get(
        what, mlflow.openai
    )
    flavor.autolog()
    yield
    flavor.autolog(disable=True)


class Collector(BaseHTTPRequestHandler):
    """Takes what LangSmith's client sends of runs, one at a time, as its server does."""

    runs: ClassVar[dict[str, dict[str, Any]]] = {}

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        run_id = sent.get("id") or self.path.rpartition("/")[2]
        known = self.runs.setdefault(run_id, {"id": run_id})
        known.update({key: value for key, value in sent.items() if value is not None})
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_PATCH = do_POST  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


def record_langsmith(path: str, base: str) -> None:
    """Record the agent as LangSmith's client does, and write the runs as its API lists them."""
    from langchain_core.tracers.context import tracing_v2_enabled
    from langsmith import Client

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    client = Client(api_url=url, api_key="none", auto_batch_tracing=False)
    with tracing_v2_enabled(project_name="app", client=client):
        play_langgraph(base)
    server.shutdown()
    with open(path, "w") as file:
        file.writelines(json.dumps(run) + "\n" for run in Collector.runs.values())


def main(store: str, address: str, project: str, *plays: str) -> None:
    """Record applications in one store; LangSmith's is a file."""
    if store == "langsmith":
        with scripted_model() as base:
            record_langsmith(address, base)
        return
    by_wire = store in ("phoenix", "otlp") or plays[0].startswith(("many", "late"))
    provider = None
    if store == "mlflow" and by_wire:
        provider = open_provider(address, {"x-mlflow-experiment-id": project})
    elif by_wire:
        headers = json.loads(os.environ.get("STORE_HEADERS", "{}"))
        provider = open_provider(address, headers, {"openinference.project.name": project})
    with scripted_model() as base:
        for what in plays:
            kind = what.partition(":")[0]
            on = openinference(kind, provider) if provider else autolog(address, project, kind)
            with on:
                play(what, base, address, project)
    if provider is not None:
        provider.shutdown()
    else:
        import mlflow

        mlflow.flush_trace_async_logging()


def play(what: str, base: str, address: str, project: str) -> None:
    """Play one application; a number after a colon says how often."""
    kind, _, number = what.partition(":")
    if kind == "experiment":
        play_phoenix_experiment(base, address, project)
    elif kind == "many":
        play_many(int(number))
    elif kind == "late":
        play_late()
    elif number:
        play_langgraph(base, int(number))
    else:
        PLAYS[kind](base)


if __name__ == "__main__":
    main(*sys.argv[1:])
