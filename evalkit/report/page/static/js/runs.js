/* Runs: every run as a row, filtered, sorted, drawn and saved. */
let runsView = null;

function showRuns(query) {
  runsView ||= new RunsView();
  runsView.read(query);
}

const UNIT_TEXT = { s: duration, cost: number };

/* A column of the table from a field of the header's table. */
function fieldColumn(field) {
  const value = fieldValue(field);
  const right = field.kind === "number";
  const text = right ? UNIT_TEXT[field.unit] || count : (v) => oneLine(v ?? "");
  const width = field.wide ? undefined : right ? 92 : field.key === "outcome" ? 98 : 140;
  const fillText = (cell, r) => {
    setText(cell, text(value(r)));
    if (field.wide) cell.title = cell.textContent;
  };
  return {
    key: field.key,
    label: field.label,
    title: field.doc,
    width,
    right,
    optional: field.shown !== null,
    extra: field.shown === false,
    fixed: !field.sortable,
    value: sortValue(field),
    fill: field.key === "outcome" ? fillOutcome : fillText,
  };
}

class RunsView {
  constructor() {
    this.state = { sort: "", descending: false };
    this.axis = latencyAxis();
    this.all = this.columns();
    this.optional = this.all.filter((c) => c.optional);
    this.defaults = this.optional.filter((c) => !c.extra).map((c) => c.key);
    this.shown = new Set(this.defaults);
    this.build();
    redraws.add(() => this.draw());
    (window.requestIdleCallback || setTimeout)(() => {
      for (const name of ["ex.input", "out"]) texts(name).index();
    });
  }
  columns() {
    const facets = D.head.facets.map((f, i) => ({
      key: f.name,
      label: oneLine(f.name),
      width: 116,
      cls: "dim",
      optional: true,
      extra: i > 0,
      value: (r) => codes("f" + i)[r],
      fill: (c, r) => setText(c, oneLine(f.values[codes("f" + i)[r]] ?? "")),
    }));
    const scores = D.evaluators.map((e, i) => ({
      key: e.key,
      label: plainName(e.key),
      title: `${e.key}: ${e.doc || "no description"}`,
      width: 118,
      right: true,
      cls: "sc",
      optional: true,
      extra: i > 7,
      value: (r) => numbers("s" + e.i)[r],
      fill: fillScore(e),
    }));
    const start = D.head.fields.filter((f) => f.start).map(fieldColumn);
    return [
      // by the question people know a run
      ...start.sort((a, b) => (b.key === "input") - (a.key === "input")),
      ...facets,
      ...scores,
      ...D.head.fields.filter((f) => !f.start).map(fieldColumn),
    ];
  }
  build() {
    const again = () => this.apply(true);
    this.experiment = h(
      "select",
      { "aria-label": "Experiment", onchange: again },
      D.head.experiments.map((x, i) => h("option", { value: i }, oneLine(x.name))),
      h("option", { value: "all" }, "All experiments"),
    );
    const first = D.evaluators.find((e) => e.low !== null);
    this.bar = filterBar({
      id: "q-runs",
      placeholder: `outcome:error ${first ? fieldTerm(first) + " " : ""}latency>5s "free text"`,
      help: `Fields: ${fieldNames().map(oneLine).join(", ")}. Put - before a term to exclude it.`,
      change: again,
      toTable: () => this.grid.element.focus(),
      extra: [
        D.several ? this.experiment : null,
        h(
          "div.wide",
          columnMenu(this.optional, this.shown, () => this.recolumn()),
        ),
        copyLink(),
        exportMenu("evalkit-runs", () => this.grid.rows),
      ],
    });
    this.chips = h(
      "div.chips",
      { role: "group", "aria-label": "Quick filters" },
      this.quick().map(([label, q]) =>
        h("button.chip", { type: "button", "data-q": q, onclick: () => this.ask(q) }, label),
      ),
    );
    this.sum = h("span.sum", { role: "status" });
    this.place = h("div.place");
    fill(
      VIEWS.runs,
      h("div.vh", h("h1", { id: "h-runs" }, "Runs"), this.sum),
      partly(),
      this.bar.element,
      this.bar.hint,
      this.chips,
      this.strip(),
      this.place,
    );
    this.makeGrid();
  }
  quick() {
    const scored = D.evaluators.filter((e) => e.low !== null);
    return [
      ["All", ""],
      ["Not successful", "-outcome:success"],
      ["Failing scores", "failing>0"],
      ...scored
        .slice(0, 6)
        .map((e) => [
          e.type === "bool"
            ? `${plainName(e.key)}: ${e.direction === "lower" ? "yes" : "no"}`
            : `${plainName(e.key)} ${e.direction === "lower" ? "above" : "below"} ${number(e.low)}`,
          fieldTerm(e),
        ]),
    ];
  }
  makeGrid() {
    const columns = this.all.filter((c) => !c.optional || this.shown.has(c.key));
    this.grid = new Grid({
      label: "Runs",
      columns,
      open: (r, at) => this.open(r, at),
      sort: (key) => this.sort(key),
    });
    fill(
      this.grid.empty,
      h("p", "No run matches this filter."),
      button("Clear the filter", () => this.ask("")),
    );
    fill(this.place, this.grid.element);
  }
  recolumn() {
    this.makeGrid();
    this.apply(true);
  }
  ask(query) {
    this.bar.input.value = query;
    this.apply(true);
  }
  open(r, at) {
    Object.assign(list, {
      rows: this.grid.rows,
      at,
      back: location.hash,
      name: "Runs",
      view: "runs",
      open: runLink,
    });
    location.hash = runLink(r);
  }
  sort(key) {
    const { state } = this;
    if (state.sort === key) state.descending = !state.descending;
    else
      Object.assign(state, {
        sort: key,
        descending: D.head.fields.some((f) => f.key === key && f.down),
      });
    this.apply(true);
  }
  read(query) {
    this.bar.input.value = query.get("q") || "";
    const name = query.get("exp");
    const i = D.head.experiments.findIndex((x) => x.name === name);
    this.experiment.value = name === "all" ? "all" : String(i >= 0 ? i : D.head.candidate);
    const sort = query.get("sort") || "";
    this.state = { sort: sort.replace(/^-/, ""), descending: sort.startsWith("-") };
    const wanted = query.get("cols");
    const shown = wanted === null ? this.defaults : wanted.split(",");
    if (shown.join() !== [...this.shown].join()) {
      this.shown.clear();
      for (const key of shown) this.shown.add(key);
      this.makeGrid();
    }
    this.apply(false);
  }
  write() {
    const { sort, descending } = this.state;
    const which = this.experiment.value;
    const cols = [...this.shown].sort().join();
    stay(
      link("runs", {
        q: this.bar.input.value.trim(),
        exp:
          which === "all"
            ? "all"
            : Number(which) === D.head.candidate
              ? ""
              : D.head.experiments[which].name,
        sort: sort ? (descending ? "-" : "") + sort : "",
        cols: cols === [...this.defaults].sort().join() ? "" : [...this.shown].join(),
      }),
    );
  }
  apply(keep) {
    const began = performance.now();
    const { runs, error } = compile(this.bar.input.value);
    this.bar.error(error);
    const which = this.experiment.value;
    const tests = which === "all" ? runs : [(r) => D.exp[r] === Number(which), ...runs];
    this.found = error ? new Uint32Array(0) : select(tests, D.runs);
    const column = this.all.find((c) => c.key === this.state.sort);
    this.grid.mark(this.state.sort, this.state.descending);
    this.grid.set(column ? sortRows(this.found, column.value, this.state.descending) : this.found);
    this.headline(which);
    for (const chip of this.chips.children)
      chip.setAttribute(
        "aria-pressed",
        chip.dataset.q === this.bar.input.value.trim() ? "true" : "false",
      );
    if (keep) this.write();
    this.later();
    this.took = performance.now() - began;
  }
  headline(which) {
    const rows = this.found;
    let fine = 0;
    const times = [];
    const latency = numbers("latency");
    for (const r of rows) {
      if (ended(r, "succeeded")) fine++;
      if (latency[r] >= 0) times.push([latency[r], ended(r, "cut")]);
    }
    times.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const total = which === "all" ? D.runs : D.head.experiments[which].runs;
    this.sum.textContent =
      `${int(rows.length)} of ${int(total)}${ofListed()} · success ` +
      `${rows.length ? percent(fine / rows.length) : DASH} · p50 ${quantile(times, 0.5)} ` +
      `· p95 ${quantile(times, 0.95)}`;
  }
  strip() {
    if (!this.axis) return h("p.hint", "No run has a latency, so there is no latency chart.");
    const hist = h("canvas", {
      role: "img",
      "aria-label":
        "Histogram of latency of the filtered runs. Drag to filter, or type latency:2s..5s; " +
        "the table below it has the same counts.",
    });
    const legend = h(
      "span.legend",
      SERIES.map(([name, variable]) => {
        const key = h("span.key");
        key.style.setProperty("background", `var(${variable})`);
        return [key, name];
      }),
    );
    this.hist = hist;
    const figures = [
      h(
        "figure",
        h("figcaption", h("span", "Latency, log scale"), legend),
        hist,
        this.asTable(() => histogramTable(this.axis, this.found)),
      ),
    ];
    const scored = D.evaluators.filter(
      (e) => e.range && e.type === "number" && numbers("s" + e.i).some(known),
    );
    if (scored.length) figures.push(this.density(scored));
    const strip = h("div.strip", figures);
    new ResizeObserver(() => this.later()).observe(strip);
    brush(
      hist,
      0,
      false,
      () => this.draw(),
      (x0, x1) => this.brushed(x0, x1),
    );
    return strip;
  }
  density(scored) {
    this.pick = h(
      "select",
      { "aria-label": "Score on the vertical axis", onchange: () => this.draw() },
      scored.map((e) => h("option", { value: e.i }, oneLine(e.key))),
    );
    this.cloud = h("canvas", {
      role: "img",
      "aria-label":
        "Density of score against latency of the filtered runs. Drag to filter, or type the " +
        "fields; the table below it has the same counts.",
    });
    brush(
      this.cloud,
      LEFT,
      true,
      () => this.draw(),
      (x0, x1, y0, y1) => this.brushed(x0, x1, y0, y1),
    );
    const caption = h("figcaption", h("span", "Score against latency"), this.pick);
    return h(
      "figure",
      caption,
      this.cloud,
      this.asTable(() => densityTable(this.axis, this.found, this.picked)),
    );
  }
  get picked() {
    return D.evaluators[Number(this.pick.value)];
  }
  asTable(make) {
    const box = h("div");
    const details = h(
      "details.data",
      { ontoggle: () => details.open && fill(box, make()) },
      h("summary", "As a table"),
      box,
    );
    this.tables ||= [];
    this.tables.push(() => details.open && fill(box, make()));
    return details;
  }
  brushed(x0, x1, y0, y1) {
    let query = this.bar.input.value;
    const seconds = (f) => Number(this.axis.value(f).toPrecision(3));
    query = withTerm(query, "latency", x0 === null ? "" : `latency:${seconds(x0)}..${seconds(x1)}`);
    if (y0 !== undefined) {
      const e = this.picked;
      const at = (f) => Number((e.range[0] + f * (e.range[1] - e.range[0])).toPrecision(2));
      query = withTerm(query, e.key, x0 === null ? "" : `${quoted(e.key)}:${at(y0)}..${at(y1)}`);
    }
    this.ask(query);
  }
  later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }
  draw() {
    if (VIEWS.runs.hidden || !this.axis || !this.found) return;
    drawHistogram(this.hist, this.axis, this.found);
    if (this.cloud) drawDensity(this.cloud, this.axis, this.found, this.picked);
    for (const again of this.tables) again();
  }
}
