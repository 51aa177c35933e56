import { NodeTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-node";
import * as http from "@opentelemetry/exporter-trace-otlp-http";
import * as proto from "@opentelemetry/exporter-trace-otlp-proto";
import { generateText, stepCountIs, tool, jsonSchema } from "ai";
import { MockLanguageModelV3 } from "ai/test";

const { OTLPTraceExporter } = process.argv[2] === "proto" ? proto : http;
const provider = new NodeTracerProvider({
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
const usage = {
  inputTokens: { total: 7, noCache: 7, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 3, text: 3, reasoning: 0 },
};
const call = (content, finish) => ({
  content, usage, warnings: [], finishReason: { unified: finish, raw: finish },
});
const answers = [
  call([{ type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Oslo"}' }], "tool-calls"),
  call([{ type: "text", text: "It is -3 degrees." }], "stop"),
];
const model = new MockLanguageModelV3({ doGenerate: async () => answers.shift() });
const { text } = await generateText({
  model,
  prompt: "How cold is Oslo?",
  stopWhen: stepCountIs(3),
  tools: {
    weather: tool({
      inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
      execute: async ({ city }) => ({ city, temp: -3 }),
    }),
  },
  experimental_telemetry: { isEnabled: true, functionId: "forecast", metadata: { sessionId: "s-1" } },
});
await provider.shutdown();
console.log(text);
