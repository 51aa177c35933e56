// What the page knows, and how it talks to its server: one request after the other.
const facts = JSON.parse(byId("facts").textContent);
const desk = { rater: facts.raters[0], state: null, at: 0, queue: "todo", busy: false };
const words = Object.fromEntries(facts.choices.map((c) => [c.value, c]));

async function ask(what, query) {
  const search = new URLSearchParams({ rater: desk.rater, ...query });
  return answered(await fetch(facts.base + what + "?" + search));
}

async function tell(what, given) {
  const body = JSON.stringify({ rater: desk.rater, ...given });
  const headers = { "Content-Type": "application/json" };
  return answered(await fetch(facts.base + what, { method: "POST", headers, body }));
}

async function answered(response) {
  const kind = response.headers.get("Content-Type") || "";
  const found = kind.startsWith("application/json") ? await response.json() : null;
  if (!response.ok) throw new Refused(found?.problem || "the server does not know this page");
  return found;
}

class Refused extends Error {}

// Keys pressed while a label is on its way wait for it: none is lost, none hits the next run unseen.
let turn = Promise.resolve();
function inTurn(work) {
  turn = turn.then(async () => {
    desk.busy = true;
    byId("note").readOnly = true; // what the next run's note would be cleared of
    try {
      await work();
      byId("problem").hidden = true;
    } catch (error) {
      problem(error);
    }
    desk.busy = false;
    byId("note").readOnly = false;
  });
  return turn;
}

function problem(error) {
  const gone = !(error instanceof Refused);
  const text = gone
    ? "Not saved: the server does not answer. Everything before is kept. Start the same evalkit label again and open its new address."
    : `Not saved: ${error.message}.`;
  byId("problem").textContent = shown(text);
  byId("problem").hidden = false;
}

const isDone = () => desk.state.done;
const labelAt = (place) => desk.state.labels[place];

function nextOpen(from) {
  const total = desk.state.total;
  for (let i = 0; i < total; i++) {
    const place = (from + i) % total;
    if (!labelAt(place)) return place;
  }
  return -1;
}
