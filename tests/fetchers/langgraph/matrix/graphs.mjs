// The graphs of the matrix in JavaScript: each does what its namesake in `graphs.py` does.
import { AIMessage, ToolMessage } from "@langchain/core/messages";
import {
  Annotation, Command, END, MessagesAnnotation, START, Send, StateGraph, entrypoint, interrupt, task,
} from "@langchain/langgraph";

const Log = Annotation.Root({
  log: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }),
  n: Annotation(),
});

function line(state, nodes) {
  let builder = new StateGraph(state);
  const names = Object.keys(nodes);
  for (const name of names) builder = builder.addNode(name, nodes[name]);
  [START, ...names].forEach((name, i) => builder.addEdge(name, [...names, END][i]));
  return builder;
}
const note = (name) => () => ({ log: [name] });
const said = (content, read, wrote, more = {}) =>
  new AIMessage({
    content,
    usage_metadata: { input_tokens: read, output_tokens: wrote, total_tokens: read + wrote },
    ...more,
  });

export const answer = line(MessagesAnnotation, {
  model: () => ({ messages: [said("hello", 5, 2)] }),
}).compile();

const last = (state) => state.messages[state.messages.length - 1];
export const tools = new StateGraph(MessagesAnnotation)
  .addNode("agent", (state) => {
    if (last(state).getType() !== "human") return { messages: [said("cold", 30, 8)] };
    const calls = ["Oslo", "Nowhere"].map((city) => ({ name: "weather", args: { city }, id: `call-${city}` }));
    return { messages: [said("", 11, 4, { tool_calls: calls })] };
  })
  .addNode("tools", (state) => ({
    messages: last(state).tool_calls.map((call) => new ToolMessage({
      content: call.args.city === "Oslo" ? "3 degrees" : "no such city",
      status: call.args.city === "Oslo" ? "success" : "error",
      tool_call_id: call.id,
      name: call.name,
    })),
  }))
  .addEdge(START, "agent")
  .addConditionalEdges("agent", (s) => (last(s).tool_calls?.length ? "tools" : END), ["tools", END])
  .addEdge("tools", "agent")
  .compile();

export const fan = new StateGraph(Log)
  .addNode("plan", note("plan"))
  .addNode("work", (given) => ({ log: [`w${given.i}`] }))
  .addNode("total", (state) => ({ n: state.log.length }))
  .addEdge(START, "plan")
  .addConditionalEdges("plan", () => [0, 1, 2].map((i) => new Send("work", { i })), ["work"])
  .addEdge("work", "total")
  .addEdge("total", END)
  .compile();

export const loop = new StateGraph(Log)
  .addNode("tick", (state) => {
    const n = state.n + 1;
    return new Command({ update: { n, log: [`tick${n}`] }, goto: n < 3 ? "tock" : END });
  }, { ends: ["tock", END] })
  .addNode("tock", note("tock"))
  .addEdge(START, "tick")
  .addEdge("tock", "tick")
  .compile();

export const boom = line(Log, {
  fine: note("fine"),
  burst: () => { throw new Error("boom"); },
}).compile();

export const ask = line(Log, {
  draft: note("draft"),
  ask: () => ({ log: [`said ${interrupt({ q: "ok?" })}`] }),
  done: note("done"),
}).compile();

export const twice = line(Log, {
  both: () => {
    const first = interrupt({ q: "one" });
    return { log: [`${first}/${interrupt({ q: "two" })}`] };
  },
}).compile();

const askFor = (name) => () => ({ log: [`${name} ${interrupt({ q: name })}`] });
export const asks = line(Log, {
  inner: line(Log, { first: askFor("first"), second: askFor("second") }).compile(),
  end: note("end"),
}).compile();

const leaf = line(Log, { leaf: (state) => ({ n: state.n * 2 }) }).compile();
const middle = line(Log, { pre: (state) => ({ n: state.n + 1 }), deep: leaf }).compile();
export const nested = line(Log, { middle, last: (state) => ({ log: [`n=${state.n}`] }) }).compile();

export const caller = line(Log, {
  calls: async (state) => {
    const first = await leaf.invoke({ n: state.n, log: [] });
    return { n: (await leaf.invoke({ n: first.n, log: [] })).n };
  },
}).compile();

export const joined = new StateGraph(Log)
  .addNode("a", note("a"))
  .addNode("b", note("b"))
  .addNode("late", note("late"))
  .addEdge(START, "a")
  .addEdge(START, "b")
  .addEdge(["a", "b"], "late")
  .addEdge("late", END)
  .compile();

export const commands = line(Log, {
  multi: () => [new Command({ update: { log: ["m1"] } }), new Command({ update: { log: ["m2"] } })],
}).compile();

const below = new StateGraph(Log)
  .addNode("up", () => new Command({ graph: Command.PARENT, update: { log: ["up"] }, goto: "after" }),
    { ends: [END] })
  .addEdge(START, "up")
  .compile();
export const parent = new StateGraph(Log)
  .addNode("below", below, { ends: ["after"] })
  .addNode("after", note("after"))
  .addEdge(START, "below")
  .addEdge("after", END)
  .compile();

const upper = task("upper", async (word) => word.toUpperCase());
export const functional = entrypoint("functional", async (given) => {
  const made = [];
  for (const word of given.words) made.push(await upper(word));
  return made;
});

export const GRAPHS = {
  answer, tools, fan, loop, boom, ask, twice, asks, nested, caller, joined, commands, parent, functional,
};
