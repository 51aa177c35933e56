/* Addresses: every view, filter and tab has one, so that a link shows what its sender saw. */
const VIEWS = {
  summary: $("#v-summary"),
  history: $("#v-history"),
  runs: $("#v-runs"),
  compare: $("#v-compare"),
  run: $("#v-run"),
  example: $("#v-example"),
};
const pageTitle = document.title;
let currentView = "";
let loading = null;
/* The list a run was opened from, for Previous, Next and the way back. */
const list = { rows: null, at: 0, back: "#/runs", name: "Runs", view: "runs", open: null };

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { view: parts[0], id: parts.slice(1).join("/"), query: new URLSearchParams(query || "") };
}

function link(path, query) {
  const kept = Object.entries(query || {}).filter(
    ([, v]) => v !== "" && v !== null && v !== undefined && v !== false,
  );
  const text = new URLSearchParams(kept).toString();
  return `#/${path}${text ? "?" + text : ""}`;
}

const runLink = (r, query) => link(`run/${encodeURIComponent(runId(r))}`, query);
const exampleLink = (e) => link(`example/${encodeURIComponent(exampleId(e))}`);
const stay = (url) => history.replaceState(null, "", url);

function showView(name) {
  for (const [key, node] of Object.entries(VIEWS)) if (node) node.hidden = key !== name;
  const tab = name === "run" || name === "example" ? list.view : name;
  for (const a of document.querySelectorAll("[data-nav]")) {
    if (a.dataset.nav === tab) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
}

async function route() {
  const { view, id, query } = address();
  const name = Object.hasOwn(VIEWS, view) && VIEWS[view] ? view : "summary";
  const moved = currentView !== "" && (currentView !== name || name === "run");
  const changed = currentView !== name;
  currentView = name;
  showView(name);
  document.title =
    {
      summary: "",
      history: "History · ",
      runs: "Runs · ",
      compare: "Compare · ",
      run: `Run ${id} · `,
      example: `Example ${id} · `,
    }[name] + pageTitle;
  if (name !== "summary" && name !== "history") {
    if (!(await ready(VIEWS[name], name))) return;
    if (currentView !== name) return;
    await { runs: showRuns, compare: showCompare, run: showRun, example: showExample }[name](
      query,
      id,
    );
  }
  if (!moved) return;
  if (changed || name === "run") scrollTo(0, 0);
  const target = VIEWS[name].querySelector(
    name === "run" || name === "example" ? "h1" : ".tw,.list",
  );
  (target || $("#main")).focus({ preventScroll: true });
}

/* Load the data once; say on the page when that does not work. */
async function ready(node, name) {
  if (!loading) {
    fill(
      node,
      h("p.note", "Reading the data of this report…"),
      [1, 2, 3, 4, 5, 6].map(() => h("div.sk")),
    );
  }
  loading ||= load();
  try {
    await loading;
    return true;
  } catch (problem) {
    const old = typeof DecompressionStream === "undefined";
    fill(
      node,
      h("h1", { id: `h-${name}` }, "The data of this report cannot be read"),
      h(
        "p.note",
        old
          ? "This browser has no DecompressionStream. Chrome 80, Firefox 113 and Safari " +
              "16.4 or newer have it."
          : `The file may be cut short or changed. ${problem}`,
      ),
    );
    return false;
  }
}
