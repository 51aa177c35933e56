#!/usr/bin/env bash
# Two tool calls of one stream become one call in the trace of OpenInference for openai-node.
#
# Versions: @arizeai/openinference-instrumentation-openai 4.2.7, openai 6.9.1,
#           @opentelemetry/sdk-trace-node 2.2.0 from npm; Node 20.
# Guess:    a stream with calls of index 0 and 1 is recorded as two calls, as the client gives them.
# Seen:     the span has one call: id "c1c2", name "weatheradd", arguments of both objects one behind
#           the other. The pieces are appended whatever their index says.
# Matters:  a tool that does not exist is called once instead of two that do. Name and arguments can
#           be taken apart where the offered tools leave one way only; ids of unequal length cannot.
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
const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({
    id: "1", object: "chat.completion.chunk", created: 1, model: "m",
    choices: [{ index: 0, delta, finish_reason }],
  })}\n\n`;
const call = (index, id, name, text) => ({
  tool_calls: [{ index, id, type: "function", function: { name, arguments: text } }],
});
const server = http.createServer((request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk({ role: "assistant", content: null }));
  response.write(chunk(call(0, "c1", "weather", '{"city":"Oslo"}')));
  response.write(chunk(call(1, "c2", "add", '{"a":1}')));
  response.end(`${chunk({}, "tool_calls")}data: [DONE]\n\n`);
});
server.listen(0, "127.0.0.1", async () => {
  const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
  const client = new OpenAI({ apiKey: "none", baseURL });
  const messages = [{ role: "user", content: "go" }];
  const names = [];
  const stream = await client.chat.completions.create({ model: "m", stream: true, messages });
  for await (const part of stream)
    for (const each of part.choices[0].delta.tool_calls ?? []) names.push(each.function.name);
  await new Promise((done) => setTimeout(done, 300));
  const [span] = memory.getFinishedSpans();
  const told = Object.entries(span.attributes)
    .filter(([key]) => /tool_calls.*(name|arguments|id)$/.test(key))
    .map(([key, value]) => `${key.split(".").at(-1)}=${value}`);
  console.log(names.join(" "), "/", told.join(" "));
  server.close();
});
JS
seen=$(node look.cjs)
echo "the client's calls / the span's: $seen"
[ "$seen" = 'weather add / id=c1c2 name=weatheradd arguments={"city":"Oslo"}{"a":1}' ]
