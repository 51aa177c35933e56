/* Keys, and the start. */
const HELP = [
  ["/", "go to the filter"],
  ["1 2 3 4", "summary, runs, compare, history"],
  ["↑ ↓ or j k", "move in a list or in the steps of a run"],
  ["Enter", "open the row"],
  ["n p", "next and previous of the list"],
  ["e E", "next and previous failed step, in the steps"],
  ["← →", "close and open a step that has steps inside"],
  ["u", "back to the list"],
  ["t", "colour theme"],
  ["?", "this help"],
];
const help = $("#keys");
fill(
  help,
  h("h2", { id: "h-keys" }, "Keyboard"),
  h(
    "dl",
    HELP.map(([keys, what]) => [
      h(
        "dt",
        keys.split(" ").map((k) => (k === "or" ? " or " : [h("kbd", k), " "])),
      ),
      h("dd", what),
    ]),
  ),
  button("Close", () => help.close()),
);
$("#help").addEventListener("click", () => help.showModal());

function toFilter() {
  const box = () => $(currentView === "compare" ? "#q-cmp" : "#q-runs")?.focus();
  if (currentView === "runs" || currentView === "compare") return box();
  location.hash = "#/runs";
  const wait = () => ($("#q-runs") && !VIEWS.runs.hidden ? box() : requestAnimationFrame(wait));
  wait();
}

function go(name) {
  if (name === "summary" || $(`[data-nav=${name}]`))
    location.hash = name === "summary" ? "#/" : `#/${name}`;
}

const turn = (by) => $(`.view:not([hidden]) [data-step='${by}']`)?.click();
const KEYS = {
  "/": toFilter,
  "?": () => help.showModal(),
  1: () => go("summary"),
  2: () => go("runs"),
  3: () => go("compare"),
  4: () => go("history"),
  t: nextTheme,
  u: () => {
    if (currentView === "run" || currentView === "example") location.hash = list.back;
  },
  n: () => turn(1),
  p: () => turn(-1),
  j: () => currentView === "compare" && compareView?.move(1),
  k: () => currentView === "compare" && compareView?.move(-1),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || !Object.hasOwn(KEYS, event.key))
    return;
  event.preventDefault();
  KEYS[event.key]();
});

$(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("#main").focus();
});

addEventListener("hashchange", route);
performance.mark("ek-js");
route().then(() => performance.mark("ek-route"));
if ("requestIdleCallback" in window) {
  requestIdleCallback(
    () => {
      loading ||= load();
      loading.then(
        () => performance.mark("ek-data"),
        () => {},
      );
    },
    { timeout: 1500 },
  );
}
window.evalkitReport = Object.freeze({
  data: () => (loading ||= load()),
  stats: () => ({
    rows: D.runs,
    runs: runsView?.took,
    compare: compareView?.took,
    open: RunView.took,
  }),
  trace: async (r) => rawOf(await trace(r)),
  texts: { number, duration, percent, count, wordDiff },
});
