// Starts the JavaScript server in memory: node serve.mjs PORT; writes below the working folder only.
import { startServer } from "@langchain/langgraph-api/server";
import { GRAPHS } from "./graphs.mjs";

const { host } = await startServer({
  port: Number(process.argv[2]),
  nWorkers: 10,
  host: "127.0.0.1",
  cwd: process.cwd(),
  graphs: Object.fromEntries(Object.keys(GRAPHS).map((name) => [name, `./graphs.mjs:${name}`])),
});
console.log(host);
