#!/usr/bin/env bash
# OpenTelemetry's HTTP exporter for Node sends a body it holds whole in chunks, without a length.
#
# Versions: @opentelemetry/exporter-trace-otlp-http 0.223.1, @opentelemetry/sdk-trace-node 2.2.0 from
#           npm; Node 20.
# Guess:    the request says Content-Length, as it does from the exporter for Python.
# Seen:     Transfer-Encoding: chunked and no Content-Length, for a batch of one span that was
#           serialised before the request began.
# Matters:  a receiver that reads as many bytes as Content-Length says (Python's http.server leaves
#           that to its user) sees an empty body, answers 200, and every span is lost in silence.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @opentelemetry/exporter-trace-otlp-http@0.223.1 \
  @opentelemetry/sdk-trace-node@2.2.0 @opentelemetry/api@1.9.0
cat > look.cjs <<'JS'
const http = require("http");
const sdk = require("@opentelemetry/sdk-trace-node");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");

const server = http.createServer((request, response) => {
  let size = 0;
  request.on("data", (piece) => (size += piece.length));
  request.on("end", () => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    console.log(`length ${length}, coding ${coding}, ${size > 100 ? "a body" : "nothing"}`);
    response.end("{}");
  });
});
server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url });
  const processors = { spanProcessors: [new sdk.BatchSpanProcessor(exporter)] };
  const provider = new sdk.NodeTracerProvider(processors);
  provider.getTracer("x").startSpan("one").end();
  await provider.shutdown();
  server.close();
});
JS
seen=$(timeout 60 node look.cjs)
echo "$seen"
[ "$seen" = "length undefined, coding chunked, a body" ]
