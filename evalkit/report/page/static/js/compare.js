/* Compare: what changed, example by example: a list, worst first, and the example chosen in it. */
let compareView = null;

function showCompare(query, id) {
  if (!D.several) {
    location.hash = "#/";
    return;
  }
  compareView ||= new CompareView();
  compareView.read(query, id);
}

const CHANGES = [
  ["", "All"],
  ["regressed", "▼ Regressed"],
  ["improved", "▲ Improved"],
  ["same", "Same"],
  ["unknown", "No pair of scores"],
];
const GROUPS = { regressed: "Got worse", improved: "Got better", same: "The same" };
const LISTS = { "only-base": "onlyBase", "only-cand": "onlyCand", changed: "changed" };
const CHUNK = 100;
/* Further changes that stand under the question of an example. */
const MOVED = 3;

/* Examples under headings; drawn in pieces as they are scrolled to, every line as high as its
   text. */
class ExampleList {
  constructor(pick, lineOf) {
    Object.assign(this, { pick, lineOf, rows: [], current: -1 });
    this.element = h("div.list", { role: "listbox", tabindex: 0, "aria-label": "Examples" });
    const { element } = this;
    element.addEventListener("click", (event) => {
      const line = event.target.closest("[data-i]");
      if (line) pick(Number(line.dataset.i));
    });
    element.addEventListener("keydown", (event) => {
      const last = this.rows.length - 1;
      const to = { ArrowDown: this.current + 1, ArrowUp: this.current - 1, Home: 0, End: last }[
        event.key
      ];
      if (to === undefined || last < 0) return;
      event.preventDefault();
      pick(Math.max(0, Math.min(last, to)));
    });
    const near = () => {
      if (element.scrollTop + element.clientHeight > element.scrollHeight - 400) this.draw();
    };
    element.addEventListener("scroll", near, { passive: true });
  }
  set(groups) {
    this.groups = groups.filter(([, rows]) => rows.length);
    this.rows = this.groups.flatMap(([, rows]) => rows);
    this.drawn = 0;
    this.current = -1;
    fill(this.element);
    this.element.scrollTop = 0;
    this.draw();
  }
  draw(upto = this.drawn + CHUNK) {
    let start = 0;
    for (const [i, [name, rows]] of this.groups.entries()) {
      const end = Math.min(start + rows.length, upto);
      if (this.drawn < end && end > start) {
        const id = `ex-g${i}`;
        let box = document.getElementById(id)?.parentNode;
        if (!box) {
          box = h("div", { role: "group", "aria-labelledby": id });
          box.append(h("div.gh", { id }, `${name} · ${int(rows.length)}`));
          this.element.append(box);
        }
        for (; this.drawn < end; this.drawn++) box.append(this.line(this.drawn));
      }
      start += rows.length;
    }
  }
  line(i) {
    const e = this.rows[i];
    const props = { role: "option", id: `ex${i}`, "data-i": i, "aria-selected": "false" };
    const question = show(questionOfExample(e), h("span.q"));
    const { levels, moved } = this.lineOf(e);
    return h("div.li", props, h("div", question, moved && h("small", moved)), levels);
  }
  choose(i) {
    $(`#ex${this.current}`)?.setAttribute("aria-selected", "false");
    this.current = i;
    if (i >= this.drawn) this.draw(i + CHUNK);
    const line = $(`#ex${i}`);
    line.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", line.id);
    const [box, at] = [this.element, line.offsetTop];
    if (at < box.scrollTop + 34) box.scrollTop = at - 34;
    else if (at + line.offsetHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = at + line.offsetHeight - box.clientHeight;
  }
}

const questionOfExample = (e) => texts("ex.input").get(e) || exampleId(e);

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
    const orders = [...this.directed.map((e) => e.key), "latency"].flatMap((key) => [
      [key, `Δ ${oneLine(key)}, lowest first`],
      ["-" + key, `Δ ${oneLine(key)}, highest first`],
    ]);
    this.order = h(
      "select",
      { "aria-label": "Order", onchange: again },
      [["", "worst first"], ...orders].map(([value, text]) => h("option", { value }, text)),
    );
    this.bar = filterBar({
      id: "q-cmp",
      placeholder: `${first ? `d.${quoted(first.key)}<0 ` : ""}d.latency>50%`,
      help:
        "All fields of the runs view, for any run of the candidate; d.FIELD is the " +
        "change of the example (d.latency relative, in percent).",
      change: again,
      toTable: () => this.list.element.focus(),
      extra: [
        D.head.experiments.length > 2 ? [this.base, this.cand] : null,
        this.directed.length ? this.by : null,
        this.order,
        copyLink(),
        exportMenu("evalkit-compare", () => this.exported()),
      ],
    });
    this.chips = h("div.chips", { role: "group", "aria-label": "Change" });
    this.sum = h("span.sum", { role: "status" });
    this.title = h("h1", { id: "h-cmp" });
    this.how = h("p.small-t");
    this.list = new ExampleList(
      (i) => this.pick(i, true),
      (e) => ({ levels: this.fromTo(e), moved: this.moved(e) }),
    );
    this.detail = h("section.one");
    fill(
      VIEWS.compare,
      h("div.vh", this.title, this.sum),
      partly(),
      this.how,
      this.bar.element,
      this.bar.hint,
      this.chips,
      h("div.duo", this.list.element, this.detail),
    );
  }
  exported() {
    return this.list.rows.flatMap((e) => [
      ...D.by(this.pairs.base, e),
      ...D.by(this.pairs.cand, e),
    ]);
  }
  read(query, id) {
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
    this.order.value = query.get("sort") || "";
    if (this.order.selectedIndex < 0) this.order.value = "";
    this.state = { t: query.get("t") || "" };
    this.asked = findExample(id);
    this.apply(false);
  }
  write() {
    const { t } = this.state;
    const name = (select, other) =>
      Number(select.value) === other ? "" : D.head.experiments[select.value].name;
    stay(
      link(this.asked < 0 ? "compare" : `compare/${encodeURIComponent(exampleId(this.asked))}`, {
        q: this.bar.input.value.trim(),
        t,
        sort: this.order.value,
        by: this.by.value === D.evaluators[D.head.primary]?.key ? "" : this.by.value,
        base: name(this.base, D.head.baseline),
        cand: name(this.cand, D.head.candidate),
      }),
    );
  }
  get evaluator() {
    return D.evaluators.find((e) => e.key === this.by.value) || null;
  }
  prepare() {
    const key = `${this.base.value}/${this.cand.value}`;
    if (this.key !== key) this.pairs = new Pairs(Number(this.base.value), Number(this.cand.value));
    this.key = key;
    const [a, b] = this.names();
    this.title.textContent = `${b} against ${a}`;
    fill(
      this.how,
      "Example by example",
      this.evaluator ? `, by ${oneLine(this.evaluator.key)}. ` : ". ",
      this.evaluator && !this.order.value ? "What got worse comes first. " : null,
      h("kbd", "j"),
      " ",
      h("kbd", "k"),
      " next and previous.",
    );
  }
  names() {
    return [this.pairs.base, this.pairs.cand].map((x) => oneLine(D.head.experiments[x].name));
  }
  /* "5/5 → 0/5" with its direction. */
  fromTo(x) {
    const { pairs, evaluator } = this;
    if (!evaluator) return null;
    const change = pairs.change(evaluator, x);
    const tone = { improved: "good", regressed: "bad" }[change] || "dim";
    return h(
      "span.num",
      h("span.dim", pairs.side(evaluator, pairs.base, x) + " → "),
      h(`b.${tone}`, pairs.side(evaluator, pairs.cand, x)),
    );
  }
  /* What else changed in an example; first what the list is in the order of. */
  moved(x) {
    const front = this.sorted?.key;
    const names = this.directed.map((e) => e.key).filter((key) => key !== this.by.value);
    if (front) names.unshift(...names.splice(names.indexOf(front), names.includes(front)));
    const parts = names.map((key) => [key, this.changeText(key, x)]).filter(([, text]) => text);
    if (front === "latency") parts.unshift([front, this.changeText(front, x) || DASH]);
    const more = parts.length > MOVED ? `, and ${parts.length - MOVED} more` : "";
    const said = parts.slice(0, MOVED).map(([key, text]) => `${plainName(key)} ${text}`);
    return said.join(", ") + more;
  }
  /* A change as text; empty where there is none. */
  changeText(key, x) {
    const d = this.delta(key)(x);
    if (!(Math.abs(d) >= 1e-12)) return "";
    return plus(d, key === "latency" ? fixed(d * 100, 0) + "%" : number(d));
  }
  get sorted() {
    const [, down, key] = /^(-?)(.*)$/.exec(this.order.value);
    return key ? { key, down: down === "-" } : null;
  }
  /* Every metric of an example in both. */
  changes(x) {
    const { pairs } = this;
    const line = (key, a, b) =>
      a === DASH && b === DASH
        ? null
        : h(
            "tr",
            h("th", { scope: "row" }, oneLine(key)),
            [a, b, this.changeText(key, x) || (known(this.delta(key)(x)) ? "0" : DASH)].map((t) =>
              h("td.r.num", t),
            ),
          );
    const times = [pairs.base, pairs.cand].map((side) => duration(pairs.means("latency", side)[x]));
    const lines = this.directed.map((e) =>
      line(e.key, ...[pairs.base, pairs.cand].map((side) => pairs.side(e, side, x))),
    );
    const heads = this.names().map((name) => [name, "r"]);
    return [
      h("h3", "What changed in this example"),
      table(
        "cards pairs small",
        [["Metric"], ...heads, ["Change", "r"]],
        [lines, line("latency", ...times)].flat().filter(Boolean),
      ),
    ];
  }
  pick(i, keep) {
    this.list.choose(i);
    if (keep) {
      this.asked = this.list.rows[i];
      this.write();
    }
    drawExample(this, i);
  }
  move(by) {
    const to = this.list.current + by;
    if (to >= 0 && to < this.list.rows.length) this.pick(to, true);
  }
  /* The run of an example that shows its change best, and where it is opened. */
  way(x) {
    const { pairs, evaluator } = this;
    const [a, b] = [D.by(pairs.base, x), D.by(pairs.cand, x)];
    const r = evaluator ? pairs.witness(evaluator, x) : (b[0] ?? a[0]);
    return runLink(r, { tab: a.length && b.length ? "compare" : "" });
  }
  /* What a run opened from here goes back to. */
  remember() {
    const open = (x) => this.way(x);
    const { rows, current } = this.list;
    const back = location.hash;
    Object.assign(list, { rows, at: current, back, name: "Compare", view: "compare", open });
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
    this.list.set(this.grouped(rows));
    this.drawChips(hits, rows);
    this.headline(rows);
    if (keep) this.asked = -1;
    const at = this.list.rows.indexOf(this.asked);
    if (this.list.rows.length) this.pick(Math.max(0, at), false);
    else this.nothing();
    if (keep) this.write();
    this.took = performance.now() - began;
  }
  /* An empty section has no name to point at: it becomes a region when it is filled. */
  show(...kids) {
    this.detail.setAttribute("aria-labelledby", "h-one");
    fill(this.detail, ...kids);
  }
  nothing() {
    this.show(
      h("h2", { id: "h-one" }, "No example matches this filter."),
      button("Clear the filter", () => {
        this.bar.input.value = "";
        this.state.t = "";
        this.apply(true);
      }),
    );
  }
  /* What got worse, most first, then what got better, the same, and what only one has. */
  grouped(rows) {
    const { pairs, evaluator } = this;
    const { t } = this.state;
    const only = [
      ["only-base", `Only in ${this.names()[0]}`],
      ["only-cand", `Only in ${this.names()[1]}`],
      ["changed", "Example changed, not compared"],
    ];
    if (Object.hasOwn(LISTS, t)) return [[only.find(([key]) => key === t)[1], rows]];
    const rest = t || this.bar.input.value.trim() ? [] : only.map(([k, n]) => [n, pairs[LISTS[k]]]);
    const { sorted } = this;
    if (sorted) {
      const name = this.order.selectedOptions[0].textContent;
      return [[name, [...sortRows(rows, this.delta(sorted.key), sorted.down)]], ...rest];
    }
    if (!evaluator) return [["Examples", rows], ...rest];
    const size = (x) => Math.abs(pairs.difference("s" + evaluator.i, x));
    const found = { regressed: [], improved: [], same: [], unknown: [] };
    for (const x of rows) found[pairs.change(evaluator, x)].push(x);
    for (const key of ["regressed", "improved"]) found[key] = sortRows(found[key], size, true);
    return [
      ...Object.entries(GROUPS).map(([key, name]) => [name, [...found[key]]]),
      ["No pair of scores", found.unknown],
      ...rest,
    ];
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
    let text = `${int(rows.length)} of ${int(this.pairs.both.length)} examples${ofListed()}`;
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
