// Plays the graphs of the matrix into a database: node save.mjs sqlite FILE | postgres URL
import { readFileSync } from "node:fs";
import { Command } from "@langchain/langgraph";
import { GRAPHS } from "./graphs.mjs";

async function saver(kind, place) {
  if (kind === "sqlite") {
    const { SqliteSaver } = await import("@langchain/langgraph-checkpoint-sqlite");
    return SqliteSaver.fromConnString(place);
  }
  const { PostgresSaver } = await import("@langchain/langgraph-checkpoint-postgres");
  const made = PostgresSaver.fromConnString(place);
  await made.setup();
  return made;
}

const { inputs, answers } = JSON.parse(readFileSync(0, "utf-8"));
const checkpointer = await saver(process.argv[2], process.argv[3]);
for (const [name, given] of Object.entries(inputs)) {
  const graph = GRAPHS[name];
  graph.checkpointer = checkpointer;
  const config = { configurable: { thread_id: name } };
  try {
    await graph.invoke(given, config);
    for (const answer of answers[name] ?? []) {
      await graph.invoke(new Command({ resume: answer }), config);
    }
  } catch (error) {
    if (error.message !== "boom") throw error;
  }
}
if (checkpointer.end) await checkpointer.end();
