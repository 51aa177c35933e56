#!/usr/bin/env bash
# A model call that fails leaves no span at all in the trace of OpenInference for openai-node.
#
# Versions: @arizeai/openinference-instrumentation-openai 4.2.7, openai 6.9.1,
#           @opentelemetry/sdk-trace-node 2.2.0 from npm; Node 20.
# Guess:    a call answered with 429 is a span of status ERROR with an exception event, as it is with
#           the same project's instrumentation for Python.
# Seen:     the caller gets the error, and the exporter gets nothing. The call after it is recorded
#           as usual.
# Matters:  error rates over such traces are too low by exactly the failures; a run whose only call
#           failed is no run. Nothing in what is exported shows that something is missing.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund openai@6.9.1 @opentelemetry/sdk-trace-node@2.2.0 \
  @opentelemetry/api@1.9.0 @arizeai/openinference-instrumentation-openai@4.2.7
cat > look.cjs <<'JS'
const http = require("http");
const sdk = require("@opentelemetry/sdk-trace-node");
const { OpenAIInstrumentation } = require("@arizeai/openinference-instrumentation-openai");
const OpenAI = require("openai");

const memory = new sdk.InMemorySpanExporter();
const processors = { spanProcessors: [new sdk.SimpleSpanProcessor(memory)] };
const tracerProvider = new sdk.NodeTracerProvider(processors);
new OpenAIInstrumentation({ tracerProvider }).manuallyInstrument(OpenAI);
let asked = 0;
const server = http.createServer((request, response) => {
  const failed = asked++ === 0;
  response.writeHead(failed ? 429 : 200, { "content-type": "application/json" });
  const message = { role: "assistant", content: "hello" };
  const choices = [{ index: 0, message, finish_reason: "stop" }];
  response.end(JSON.stringify(
    failed
      ? { error: { message: "quota", type: "requests", code: "rate_limit" } }
      : { id: "1", object: "chat.completion", created: 1, model: "m", choices },
  ));
});
server.listen(0, "127.0.0.1", async () => {
  const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
  const client = new OpenAI({ apiKey: "none", baseURL, maxRetries: 0 });
  const messages = [{ role: "user", content: "go" }];
  const said = [];
  for (let n = 0; n < 2; n++) {
    await client.chat.completions.create({ model: "m", messages })
      .then(() => said.push("ok"), (error) => said.push(error.status));
    said.push(`${memory.getFinishedSpans().length} spans`);
  }
  console.log(said.join(", "));
  server.close();
});
JS
seen=$(node look.cjs)
echo "what the caller got, and the spans exported so far: $seen"
[ "$seen" = "429, 0 spans, ok, 1 spans" ]
