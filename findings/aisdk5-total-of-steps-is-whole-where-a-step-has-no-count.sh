#!/usr/bin/env bash
# In the AI SDK 5 the total of a run is a plain number where one of its steps has no count at all.
#
# Versions: ai 5.0.277, zod 3.25.76 from npm; Node 20.
# Guess:    `totalUsage` is undefined, or marked, where a step's usage is not known: undefined is how the SDK
#           writes "not known", and adding it to a number gives none.
# Seen:     steps of 7, unknown and 9 input tokens: `totalUsage.inputTokens` is 16, as it is for a step of
#           0 in the middle. `steps[1].usage.inputTokens` is undefined.
# Matters:  a provider that leaves usage out of some answers (tool calls, cached or aborted streams) makes runs
#           look cheap, the longer the run the more; whether a total is whole only the steps can tell.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund ai@5.0.277 zod@3.25.76
cat > look.mjs <<'JS'
import { generateText, stepCountIs, tool } from "ai";
import { MockLanguageModelV2 } from "ai/test";
import { z } from "zod";

const look = tool({ inputSchema: z.object({}), execute: async () => "found" });

async function total(...counts) {
  let at = 0;
  const call = { type: "tool-call", toolCallId: "c", toolName: "look", input: "{}" };
  const model = new MockLanguageModelV2({
    doGenerate: async () => {
      const inputTokens = counts[at++];
      const last = at === counts.length;
      return {
        content: last ? [{ type: "text", text: "done" }] : [call],
        finishReason: last ? "stop" : "tool-calls",
        usage: { inputTokens, outputTokens: inputTokens, totalTokens: undefined },
        warnings: [],
      };
    },
  });
  const result = await generateText({ model, prompt: "?", tools: { look }, stopWhen: stepCountIs(5) });
  const steps = result.steps.map((step) => step.usage.inputTokens);
  return `${steps.map(String).join("+")}=${result.totalUsage.inputTokens}`;
}

console.log(await total(7, undefined, 9), await total(7, 0, 9), await total(undefined, undefined));
JS
seen=$(node look.mjs)
echo "$seen"
[ "$seen" = "7+undefined+9=16 7+0+9=16 undefined+undefined=undefined" ]
