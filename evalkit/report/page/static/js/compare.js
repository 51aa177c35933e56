/* Compare: one row an example that both experiments ran, worst change first. */
let compareView = null;

function showCompare(query) {
  if (!D.several) {
    location.hash = "#/";
    return;
  }
  compareView ||= new CompareView();
  compareView.read(query);
}

const CHANGES = [
  ["", "All"],
  ["regressed", "▼ Regressed"],
  ["improved", "▲ Improved"],
  ["same", "Same"],
  ["unknown", "No pair of scores"],
];
const LISTS = { "only-base": "onlyBase", "only-cand": "onlyCand", changed: "changed" };

class CompareView {
  constructor() {
    this.state = {};
    const again = () => this.apply(true);
    const names = D.head.experiments.map((x, i) => h("option", { value: i }, oneLine(x.name)));
    this.base = h("select", { "aria-label": "Baseline", onchange: again }, names);
    this.cand = h(
      "select",
      { "aria-label": "Candidate", onchange: again },
      names.map((n) => n.cloneNode(true)),
    );
    this.directed = D.evaluators.filter((e) => e.type !== "category");
    this.by = h(
      "select",
      { "aria-label": "Judged by", onchange: again },
      this.directed.map((e) => h("option", { value: e.key }, `by ${oneLine(e.key)}`)),
    );
    const first = this.directed[0];
    this.bar = filterBar({
      id: "q-cmp",
      placeholder: `${first ? `d.${quoted(first.key)}<0 ` : ""}d.latency>50%`,
      help:
        "All fields of the runs view, for any run of the candidate; d.FIELD is the " +
        "change of the example (d.latency relative, in percent).",
      change: again,
      toTable: () => this.grid.element.focus(),
      extra: [
        D.head.experiments.length > 2 ? [this.base, this.cand] : null,
        this.directed.length ? this.by : null,
        copyLink(),
        exportMenu("evalkit-compare", () => this.exported()),
      ],
    });
    this.chips = h("div.chips", { role: "group", "aria-label": "Change" });
    this.sum = h("span.sum", { role: "status" });
    this.title = h("h1", { id: "h-cmp" });
    this.place = h("div.place");
    fill(
      VIEWS.compare,
      h("div.vh", null, this.title, this.sum),
      this.bar.element,
      this.bar.hint,
      this.chips,
      this.place,
    );
  }
  exported() {
    return [...this.grid.rows].flatMap((e) => [
      ...D.by(this.pairs.base, e),
      ...D.by(this.pairs.cand, e),
    ]);
  }
  read(query) {
    const at = (name, other) => {
      const i = D.head.experiments.findIndex((x) => x.name === query.get(name));
      return String(i >= 0 ? i : other);
    };
    this.base.value = at("base", D.head.baseline);
    this.cand.value = at("cand", D.head.candidate);
    const by = query.get("by");
    this.by.value = this.directed.some((e) => e.key === by)
      ? by
      : (D.evaluators[D.head.primary]?.key ?? this.directed[0]?.key ?? "");
    this.bar.input.value = query.get("q") || "";
    const sort = query.get("sort") || "";
    this.state = {
      t: query.get("t") || "",
      sort: sort.replace(/^-/, "") || "change",
      descending: sort.startsWith("-"),
    };
    this.apply(false);
  }
  write() {
    const { t, sort, descending } = this.state;
    const name = (select, other) =>
      Number(select.value) === other ? "" : D.head.experiments[select.value].name;
    stay(
      link("compare", {
        q: this.bar.input.value.trim(),
        t,
        by: this.by.value === D.evaluators[D.head.primary]?.key ? "" : this.by.value,
        base: name(this.base, D.head.baseline),
        cand: name(this.cand, D.head.candidate),
        sort: sort === "change" && !descending ? "" : (descending ? "-" : "") + sort,
      }),
    );
  }
  get evaluator() {
    return D.evaluators.find((e) => e.key === this.by.value) || null;
  }
  /* The grid is made anew when another pair or another score is chosen. */
  prepare() {
    const key = `${this.base.value}/${this.cand.value}/${this.by.value}`;
    if (this.key === key) return;
    this.key = key;
    this.pairs = new Pairs(Number(this.base.value), Number(this.cand.value));
    this.columns = this.makeColumns();
    this.grid = new Grid({
      label: "Examples in both experiments",
      columns: this.columns,
      open: (e, at) => this.open(e, at),
      sort: (k) => this.sort(k),
    });
    fill(
      this.grid.empty,
      h("p", null, "No example matches this filter."),
      button("Clear the filter", () => {
        this.bar.input.value = "";
        this.state.t = "";
        this.apply(true);
      }),
    );
    fill(this.place, this.grid.element);
    const [a, b] = [this.pairs.base, this.pairs.cand].map((x) =>
      oneLine(D.head.experiments[x].name),
    );
    this.title.textContent = `${b} against ${a}`;
  }
  makeColumns() {
    const { pairs, evaluator } = this;
    const facet = D.head.facets[0];
    const facetOf = (e) => codes("f0")[D.by(pairs.cand, e)[0] ?? D.by(pairs.base, e)[0]];
    const others = D.evaluators.filter((e) => e !== evaluator && e.type !== "category").slice(0, 7);
    const columns = [
      {
        key: "input",
        label: "Input",
        value: (e) => e,
        fill: (c, e) => setText(c, oneLine(texts("ex.input").get(e))),
      },
    ];
    if (evaluator) columns.unshift(this.changeColumn(evaluator));
    if (facet)
      columns.push({
        key: facet.name,
        label: oneLine(facet.name),
        width: 116,
        cls: "dim",
        optional: true,
        value: facetOf,
        fill: (c, e) => setText(c, oneLine(facet.values[facetOf(e)] ?? "")),
      });
    for (const other of others) columns.push(this.deltaColumn(other));
    columns.push({
      key: "latency",
      label: "Δ latency",
      width: 98,
      right: true,
      optional: true,
      value: (e) => pairs.relative("latency", e),
      fill: (c, e) => {
        const k = pairs.relative("latency", e);
        setText(c, Number.isFinite(k) ? plus(k, fixed(k * 100, 0)) + "%" : DASH);
        c.className =
          "r num opt " +
          (!Number.isFinite(k) || Math.abs(k) < 0.1 ? "dim" : k > 0 ? "bad" : "good");
      },
    });
    return columns;
  }
  /* "0.8 → 0.2" with its direction; the order that puts the largest loss first. */
  changeColumn(e) {
    const sign = e.direction === "lower" ? -1 : 1;
    const side = (x, example) => this.pairs.side(e, x, example);
    return {
      key: "change",
      label: plainName(e.key),
      title: `${e.key} in the baseline and in the candidate`,
      width: 168,
      value: (x) => this.pairs.difference("s" + e.i, x) * sign,
      fill: (cell, x) => {
        const change = this.pairs.change(e, x);
        const tone = { improved: "good", regressed: "bad" }[change] || "dim";
        fill(
          cell,
          h(`span.${tone}`, null, { improved: "▲ ", regressed: "▼ " }[change] || ""),
          h("span.dim.num", null, side(this.pairs.base, x) + " → "),
          h(`span.num.strong.${tone}`, null, side(this.pairs.cand, x)),
        );
      },
    };
  }
  deltaColumn(e) {
    const sign = e.direction === "lower" ? -1 : 1;
    return {
      key: e.key,
      label: "Δ " + plainName(e.key),
      title: `Change of ${e.key}`,
      width: 118,
      right: true,
      optional: true,
      value: (x) => this.pairs.difference("s" + e.i, x),
      fill: (cell, x) => {
        const d = this.pairs.difference("s" + e.i, x);
        const none = Number.isNaN(d);
        const same = !none && Math.abs(d) < 1e-12;
        setText(cell, none ? DASH : same ? "0" : `${d > 0 ? "▲ +" : "▼ "}${number(d)}`);
        cell.className =
          "r num opt " + (none || same || !e.direction ? "dim" : d * sign > 0 ? "good" : "bad");
      },
    };
  }
  sort(key) {
    if (this.state.sort === key) this.state.descending = !this.state.descending;
    else Object.assign(this.state, { sort: key, descending: false });
    this.apply(true);
  }
  open(e, at) {
    const way = (x) => {
      const rows = D.by(this.pairs.cand, x);
      const r = this.evaluator
        ? this.pairs.witness(this.evaluator, x)
        : (rows[0] ?? D.by(this.pairs.base, x)[0]);
      return runLink(r, { tab: D.by(this.pairs.base, x).length && rows.length ? "compare" : "" });
    };
    Object.assign(list, {
      rows: this.grid.rows,
      at,
      back: location.hash,
      name: "Compare",
      view: "compare",
      open: way,
    });
    location.hash = way(e);
  }
  /* Which examples a query finds: any run of the candidate fits, and the changes fit. */
  matching(tests) {
    const { pairs } = this;
    const pool = pairs[LISTS[this.state.t]] || pairs.both;
    const fits = (e) => {
      const rows =
        pairs.cand >= 0 && D.by(pairs.cand, e).length ? D.by(pairs.cand, e) : D.by(pairs.base, e);
      if (tests.runs.length && !rows.some((r) => tests.runs.every((test) => test(r)))) return false;
      return tests.examples.every((test) => test(e));
    };
    return tests.error ? [] : pool.filter(fits);
  }
  delta(name) {
    const { pairs } = this;
    if (name === "latency") return (e) => pairs.relative("latency", e);
    const e = D.evaluators.find((one) => one.key === name);
    return e ? (x) => pairs.difference("s" + e.i, x) : null;
  }
  apply(keep) {
    const began = performance.now();
    this.prepare();
    const tests = compile(this.bar.input.value, (name) => this.delta(name));
    this.bar.error(tests.error);
    const hits = this.matching(tests);
    const rows = this.narrowed(hits);
    const column = this.columns.find((c) => c.key === this.state.sort);
    this.grid.mark(column ? column.key : "", this.state.descending);
    this.grid.set(
      column ? sortRows(rows, column.value, this.state.descending) : Uint32Array.from(rows),
    );
    this.drawChips(hits, rows);
    this.headline(rows);
    if (keep) this.write();
    this.took = performance.now() - began;
  }
  narrowed(hits) {
    const { t } = this.state;
    if (!t || Object.hasOwn(LISTS, t) || !this.evaluator) return hits;
    const moved = /^(pass|fail|none)-(pass|fail|none)$/.exec(t);
    if (moved)
      return hits.filter(
        (e) =>
          this.pairs.majority(this.evaluator, e, this.pairs.base) === moved[1] &&
          this.pairs.majority(this.evaluator, e, this.pairs.cand) === moved[2],
      );
    return hits.filter((e) => this.pairs.change(this.evaluator, e) === t);
  }
  drawChips(hits, rows) {
    const { t } = this.state;
    const counts = { "": hits.length, regressed: 0, improved: 0, same: 0, unknown: 0 };
    if (this.evaluator) for (const e of hits) counts[this.pairs.change(this.evaluator, e)]++;
    const inList = Object.hasOwn(LISTS, t);
    const entries = inList
      ? [["", "All"]]
      : CHANGES.filter(([k]) => k === "" || (this.evaluator && (k !== "unknown" || counts[k])));
    if (t && !Object.hasOwn(counts, t) && !inList) entries.push([t, t.replace("-", " → ")]);
    for (const [key, name] of [
      ["only-base", this.pairs.base],
      ["only-cand", this.pairs.cand],
    ]) {
      if (this.pairs[LISTS[key]].length)
        entries.push([key, `Only in ${oneLine(D.head.experiments[name].name)}`]);
    }
    if (this.pairs.changed.length) entries.push(["changed", "Example changed, not compared"]);
    const size = (key) =>
      Object.hasOwn(LISTS, key)
        ? this.pairs[LISTS[key]].length
        : key === "" && inList
          ? this.pairs.both.length
          : (counts[key] ?? rows.length);
    fill(
      this.chips,
      entries.map(([key, label]) =>
        h(
          "button.chip",
          {
            type: "button",
            "aria-pressed": t === key ? "true" : "false",
            onclick: () => {
              this.state.t = key;
              this.apply(true);
            },
          },
          `${label} ${int(size(key))}`,
        ),
      ),
    );
  }
  headline(rows) {
    let text = `${int(rows.length)} of ${int(this.pairs.both.length)} examples`;
    if (this.evaluator) {
      let sum = 0;
      let n = 0;
      for (const e of rows) {
        const d = this.pairs.difference("s" + this.evaluator.i, e);
        if (Number.isNaN(d)) continue;
        sum += d;
        n++;
      }
      text +=
        ` · mean Δ ${plainName(this.evaluator.key)} ` +
        `${n ? plus(sum / n, number(sum / n)) : DASH} (n ${int(n)})`;
    }
    this.sum.textContent = text;
  }
}
