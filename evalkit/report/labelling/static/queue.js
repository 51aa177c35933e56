// One run at a time.
const seen = new Map();

async function content(place) {
  if (!seen.has(place)) seen.set(place, await ask("item", { place }));
  return seen.get(place);
}

async function begin() {
  seen.clear();
  desk.state = await ask("state");
  byId("raters").replaceChildren(
    ...[...new Set([...facts.raters, ...(desk.state.raters || [])])].map((name) => {
      const option = document.createElement("option");
      option.value = name;
      return option;
    }),
  );
  byId("who").value = desk.rater;
  const first = nextOpen(0);
  desk.at = Math.max(0, first);
  desk.queue = first < 0 ? "differ" : "todo";
  await show();
}

async function show() {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.queue === desk.queue) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  counts();
  const single = desk.queue === "todo";
  await (single ? one() : many()); // filled before it is seen: never another run's or person's
  byId("single").hidden = !single;
  byId("many").hidden = single;
  document.body.classList.toggle("single", single);
  byId(single ? "question" : "heading").focus({ preventScroll: true });
  if (single) scrollTo(0, 0);
}

function counts() {
  const { total, labels, differ, undo } = desk.state;
  const done = Object.keys(labels).length;
  document.querySelector("[data-count=todo]").textContent = total - done;
  document.querySelector("[data-count=done]").textContent = done;
  document.querySelector("[data-count=differ]").textContent = differ ?? "·";
  const bar = byId("prog");
  bar.setAttribute("aria-valuemax", total);
  bar.setAttribute("aria-valuenow", done);
  bar.setAttribute("aria-valuetext", `${done} of ${total} labelled`);
  bar.firstElementChild.style.width = `${(100 * done) / Math.max(1, total)}%`;
  byId("undo").disabled = !undo;
}

async function one() {
  const place = desk.at;
  const run = await content(place);
  const given = labelAt(place);
  byId("where").textContent = `${place + 1} of ${desk.state.total}`;
  fill(byId("question"), run.question || "(nothing was asked)");
  fill(byId("answer"), run.answer || "(no answer)");
  byId("ended").hidden = !run.ended;
  byId("ended").textContent = run.ended ? shown(`The run ended as ${run.ended}.`) : "";
  byId("expected-box").hidden = run.expected === undefined;
  fill(byId("expected"), run.expected || "");
  byId("calls").replaceChildren(...run.calls.map(callLine));
  byId("calls").hidden = !run.calls.length;
  byId("turns").replaceChildren(...run.turns.map(turnLine));
  byId("turns-box").hidden = !run.turns.length;
  byId("note").value = given?.note || "";
  for (const button of document.querySelectorAll("[data-label]"))
    button.setAttribute("aria-pressed", String(given?.label === button.dataset.label));
  const after = nextOpen(place + 1);
  if (after >= 0 && after !== place) content(after).catch(() => {});
}

function callLine(each) {
  const line = make("li", "", each.call);
  if (each.gave) line.append(make("span", "gave", ` gave ${each.gave}`));
  return line;
}

function turnLine(each) {
  const line = make("li", `turn ${each.role === "user" ? "asked" : ""}`);
  line.append(make("b", "small", each.role), make("div", "text", each.text));
  return line;
}

function give(value) {
  if (desk.queue !== "todo") return;
  inTurn(async () => {
    if (desk.queue !== "todo") return;
    const note = byId("note").value;
    desk.state = await tell("label", { place: desk.at, label: value, note });
    status(`Labelled “${words[value].text}”, saved. u takes it back.`);
    const after = nextOpen(desk.at + 1);
    if (after < 0) desk.queue = "differ";
    else desk.at = after;
    await show();
  });
}

function takeBack() {
  inTurn(async () => {
    if (!desk.state.undo) return;
    desk.state = await tell("undo", {});
    desk.queue = "todo";
    if (desk.state.place !== null) desk.at = desk.state.place;
    const now = labelAt(desk.at);
    status(now ? `Taken back: this run is “${words[now.label].text}” again.` : "Taken back.");
    await show();
  });
}

function move(by) {
  inTurn(async () => {
    const { total } = desk.state;
    if (desk.queue === "todo") desk.at = Math.min(total - 1, Math.max(0, desk.at + by));
    desk.queue = "todo";
    await show();
  });
}

function status(text) {
  byId("status").textContent = shown(text);
}
