#!/usr/bin/env bash
# OpenInference for LangChain writes {"answer": "yes"} as yes, and {"answer": 1} as it is.
#
# Versions: openinference-instrumentation-langchain 0.1.80, langchain-core 1.8.3; Python 3.11.
# Guess:    a dict that a chain was given or returned is JSON in `input.value` and `output.value`, one key
#          or many.
# Seen:     {"answer": "yes"} is the plain text yes, without a mime type; {"answer": 1} and
#          {"answer": "yes", "why": null} are JSON objects, of type application/json.
# Matters:  within one experiment outputs["answer"] is there or not by the type of the value and by how
#          many keys there were; two applications, one answering {"answer": "x"} and one {"error": "x"},
#          leave the same trace.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from langchain_core.runnables import RunnableLambda
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
LangChainInstrumentor().instrument(tracer_provider=provider)
for answer in ({"answer": "yes"}, {"error": "yes"}, {"answer": 1}, {"answer": "yes", "why": None}):
    RunnableLambda(lambda given: answer).invoke({"question": "may I?"})
for span in kept.get_finished_spans():
    print(span.attributes["input.value"], span.attributes["output.value"], span.attributes.get("output.mime_type"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "openinference-instrumentation-langchain==0.1.80" "langchain-core==1.8.3" \
  "opentelemetry-sdk==1.45.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "may I? yes None
may I? yes None
may I? {\"answer\": 1} application/json
may I? {\"answer\": \"yes\", \"why\": null} application/json"
