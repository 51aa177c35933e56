#!/usr/bin/env bash
# OpenInference for LangChain records what was retrieved without the ids of the documents.
#
# Versions: openinference-instrumentation-langchain 0.1.80, langchain-core 1.8.3; Python 3.11.
# Guess:    a retriever's span says `retrieval.documents.0.document.id`, the convention's own attribute,
#          for a document that has an id.
# Seen:     content and metadata of each document, and no id; one that stands in the metadata as well is
#          inside a JSON text. The id is in `output.value` alone, the text of the whole answer.
# Matters:  recall and rank of known documents have nothing to compare in the attributes made for it, and
#          read as if nothing known had been found; one has to parse the answer beside them.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from openinference.instrumentation.langchain import LangChainInstrumentor
from openinference.semconv.trace import DocumentAttributes
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
LangChainInstrumentor().instrument(tracer_provider=provider)


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query, *, run_manager):
        return [Document("text", id="d1", metadata={"page": 3})]


Shelf().invoke("?")
(span,) = kept.get_finished_spans()
print(DocumentAttributes.DOCUMENT_ID, sorted(key for key in span.attributes if key.startswith("retrieval.")))
print([document["id"] for document in json.loads(span.attributes["output.value"])["documents"]])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "openinference-instrumentation-langchain==0.1.80" "langchain-core==1.8.3" \
  "opentelemetry-sdk==1.45.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "document.id ['retrieval.documents.0.document.content', 'retrieval.documents.0.document.metadata']
['d1']"
