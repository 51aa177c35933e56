#!/usr/bin/env bash
# In the AI SDK 5 the root span of generateText carries the tokens of its last step, not of the run.
#
# Versions: ai 5.0.277, @opentelemetry/sdk-trace-node 2.2.0 from npm; Node 20.
# Guess:    `ai.usage.promptTokens` on `ai.generateText` is the sum over the steps, as `totalUsage` of
#           the result is and as the root of `streamText` has it.
# Seen:     two model calls of 7 and 9 prompt tokens: the root says 9; `totalUsage` says 16.
# Matters:  who takes tokens from root spans loses all steps but one, and costs look like those of a
#           single call; who adds root and steps counts the last one twice. Sum the steps alone.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund ai@5.0.277 @opentelemetry/sdk-trace-node@2.2.0 \
  @opentelemetry/api@1.9.0 zod@4
cat > look.mjs <<'JS'
import sdk from "@opentelemetry/sdk-trace-node";
import { generateText, jsonSchema, stepCountIs, tool } from "ai";
import { MockLanguageModelV2 } from "ai/test";

const memory = new sdk.InMemorySpanExporter();
const processors = { spanProcessors: [new sdk.SimpleSpanProcessor(memory)] };
new sdk.NodeTracerProvider(processors).register();
const answer = (content, finishReason, inputTokens) => ({
  content, finishReason, warnings: [],
  usage: { inputTokens, outputTokens: 1, totalTokens: inputTokens + 1 },
});
const call = { type: "tool-call", toolCallId: "c1", toolName: "weather", input: "{}" };
const answers = [
  answer([call], "tool-calls", 7),
  answer([{ type: "text", text: "cold" }], "stop", 9),
];
const { totalUsage } = await generateText({
  model: new MockLanguageModelV2({ doGenerate: async () => answers.shift() }),
  prompt: "How cold is it?",
  stopWhen: stepCountIs(3),
  tools: { weather: tool({ inputSchema: jsonSchema({ type: "object" }), execute: async () => -3 }) },
  experimental_telemetry: { isEnabled: true },
});
const tokens = (name) =>
  memory.getFinishedSpans().filter((span) => span.name === name)
    .map((span) => span.attributes["ai.usage.promptTokens"]);
console.log(tokens("ai.generateText.doGenerate").join("+"), tokens("ai.generateText").join(),
  totalUsage.inputTokens);
JS
seen=$(node look.mjs)
echo "the steps, the root, totalUsage of the result: $seen"
[ "$seen" = "7+9 9 16" ]
