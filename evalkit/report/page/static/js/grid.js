/* A table that draws only the rows on the screen: fixed row height, arrow keys, any number of
   rows. */
class Grid {
  constructor({ label, columns, open, sort }) {
    Object.assign(this, { columns, open, rows: new Uint32Array(0), current: 0, pool: [] });
    this.measure();
    this.head = h(
      "tr",
      { "aria-rowindex": 1, role: "row" },
      columns.map((c) => this.heading(c, sort)),
    );
    this.top = h("tr.sp", { "aria-hidden": "true" }, h("td"));
    this.bottom = h("tr.sp", { "aria-hidden": "true" }, h("td"));
    this.body = h("tbody", { role: "rowgroup" }, this.top, this.bottom);
    const widths = h(
      "colgroup",
      columns.map((c) => this.width(c)),
    );
    this.table = h(
      "table",
      { role: "grid", "aria-label": label, "aria-colcount": columns.length },
      widths,
      h("thead", { role: "rowgroup" }, this.head),
      this.body,
    );
    this.table.style.setProperty(
      "--minw",
      columns.reduce((sum, c) => sum + (c.width || 340), 0) + "px",
    );
    this.empty = h("div.void", { hidden: true });
    this.element = h(
      "div.tw",
      { tabindex: 0, role: "group", "aria-label": `${label}: arrow keys move, Enter opens` },
      this.table,
      this.empty,
    );
    this.listen();
  }
  heading(c, sort) {
    const press = c.fixed
      ? h("span", { title: c.title || null }, c.label)
      : h(
          "button",
          { type: "button", title: c.title || null, onclick: () => sort(c.key) },
          c.label,
        );
    c.th = h(
      "th" + (c.right ? ".r" : "") + (c.optional ? ".opt" : ""),
      { scope: "col", role: "columnheader" },
      press,
    );
    return c.th;
  }
  width(c) {
    const col = h("col" + (c.optional ? ".opt" : ""));
    if (c.width) col.style.setProperty("width", c.width + "px");
    return col;
  }
  listen() {
    let frame = 0;
    const later = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        this.draw();
      });
    };
    this.element.addEventListener("scroll", later, { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr.row");
      if (!row) return;
      this.current = Number(row.dataset.i);
      this.open(this.rows[this.current], this.current);
    });
    new ResizeObserver(() => {
      this.measure();
      this.draw();
    }).observe(this.element);
  }
  /* Rows are as high as the style says, which differs with the width of the screen. */
  measure() {
    this.height = parseInt(getComputedStyle(root).getPropertyValue("--row"), 10) || 36;
  }
  get visible() {
    return Math.ceil(this.element.clientHeight / this.height) + 1;
  }
  set(rows) {
    this.rows = rows;
    this.version = (this.version || 0) + 1;
    this.table.setAttribute("aria-rowcount", rows.length + 1);
    this.current = 0;
    this.element.scrollTop = 0;
    this.draw();
  }
  mark(key, descending) {
    for (const c of this.columns) {
      const on = c.key === key;
      if (on) c.th.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else c.th.removeAttribute("aria-sort");
      c.th.firstChild.textContent = c.label + (on ? (descending ? " ↓" : " ↑") : "");
    }
  }
  /* Browsers clamp an element's height (Firefox at 17.9 M px): past 12 M px the position is
     scaled. */
  get total() {
    return Math.min(this.rows.length * this.height, 12e6);
  }
  get scaled() {
    return this.total !== this.rows.length * this.height;
  }
  get first() {
    const { scrollTop, clientHeight } = this.element;
    if (!this.scaled) return Math.floor(scrollTop / this.height);
    return Math.round(
      (scrollTop / (this.total - clientHeight)) * Math.max(0, this.rows.length - this.visible + 2),
    );
  }
  draw() {
    const n = this.rows.length;
    const want = Math.min(n, this.visible + 8);
    while (this.pool.length < want) this.pool.push(this.newRow());
    while (this.pool.length > want) this.pool.pop().remove();
    const from = Math.max(0, Math.min(this.first - 4, n - want));
    let y = from * this.height;
    if (this.scaled)
      y = Math.max(
        0,
        Math.min(
          this.element.scrollTop - (this.first - from) * this.height,
          this.total - want * this.height,
        ),
      );
    this.top.firstChild.style.setProperty("height", y + "px");
    this.bottom.firstChild.style.setProperty(
      "height",
      Math.max(0, this.total - y - want * this.height) + "px",
    );
    for (let i = 0; i < want; i++) this.drawRow(this.pool[i], from + i);
    if (n) this.element.setAttribute("aria-activedescendant", `row${this.current}`);
    else this.element.removeAttribute("aria-activedescendant");
    this.empty.hidden = n > 0;
  }
  newRow() {
    const cells = this.columns.map((c) =>
      h(
        "td" + (c.right ? ".r.num" : "") + (c.cls ? "." + c.cls : "") + (c.optional ? ".opt" : ""),
        { role: "gridcell", "data-head": c.cls === "sc" && c.label },
      ),
    );
    const row = h("tr.row", { role: "row" }, cells);
    this.bottom.before(row);
    return row;
  }
  drawRow(row, at) {
    const what = `${this.version}:${this.rows[at]}`;
    if (row.what !== what) {
      for (const [i, c] of this.columns.entries()) c.fill(row.cells[i], this.rows[at]);
      row.what = what;
    }
    row.dataset.i = at;
    row.id = `row${at}`;
    row.setAttribute("aria-rowindex", at + 2);
    row.setAttribute("aria-selected", at === this.current ? "true" : "false");
  }
  move(to) {
    this.current = Math.max(0, Math.min(this.rows.length - 1, to));
    const box = this.element;
    if (this.scaled) {
      box.scrollTop =
        (this.current / Math.max(1, this.rows.length - this.visible + 2)) *
        (this.total - box.clientHeight);
    } else {
      const y = this.current * this.height;
      const view = box.clientHeight - this.height;
      if (y < box.scrollTop) box.scrollTop = y;
      else if (y + this.height > box.scrollTop + view) box.scrollTop = y + this.height - view;
    }
    this.draw();
  }
  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = this.visible - 3;
    const steps = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (Object.hasOwn(steps, event.key)) {
      event.preventDefault();
      this.move(this.current + steps[event.key]);
    } else if (event.key === "Enter" && this.rows.length) {
      event.preventDefault();
      this.open(this.rows[this.current], this.current);
    }
  }
}

/* Counts are written without decimals. */
const plainScore = (e, value) =>
  e?.whole && Number.isInteger(value) ? count(value) : number(value);

/* How one score looks in a cell: text, and whether it is on the bad side. */
function scoreText(e, r) {
  const value = score(e, r);
  if (cellOutcome(e, r) !== "scored")
    return {
      text: {
        not_applicable: "n/a",
        evaluator_error: "error",
        run_failed: "no run",
        missing: DASH,
      }[cellOutcome(e, r)],
      bad: false,
      none: true,
    };
  if (e.type === "category") return { text: e.values[value] ?? DASH, bad: false };
  if (!known(value)) return { text: DASH, bad: false, none: true };
  if (e.type === "bool" && (value === 0 || value === 1))
    return { text: value ? "yes" : "no", bad: low(e, value) };
  return { text: plainScore(e, value), bad: low(e, value) };
}

function setText(cell, text) {
  if (cell.firstChild && cell.firstChild.nodeType === 3) cell.firstChild.data = text;
  else cell.textContent = text;
}

const OUTCOME_GLYPHS = {
  success: "✓",
  error: "!",
  timeout: "!",
  cancelled: "×",
  paused: "‖",
  running: "…",
  unknown: "?",
};
function outcomeTone(name) {
  const { succeeded, failed } = D.head.outcomeSets;
  return succeeded.includes(name) ? "pass" : failed.includes(name) ? "fail" : "warn";
}

function fillOutcome(cell, r) {
  const name = outcomeName(r);
  if (!cell.firstChild) cell.append(h("span"), h("span.fell"));
  cell.firstChild.className = `st ${outcomeTone(name)}`;
  cell.firstChild.textContent = `${OUTCOME_GLYPHS[name] || "·"} ${name}`;
  // on a card, which has room for a few of the scores that fail
  const fell = numbers("low")[r];
  cell.lastChild.textContent = fell > 2 ? ` ${int(fell)} failing` : "";
}

/* A score with a thin bar under it where the evaluator has a range. */
function fillScore(e) {
  const bar = e.range && e.type !== "bool" && e.type !== "category";
  return (cell, r) => {
    if (!cell.firstChild) cell.append("", h("i"));
    const { text, bad, none } = scoreText(e, r);
    cell.firstChild.data = oneLine(text);
    const optional = cell.classList.contains("opt") ? " opt" : "";
    cell.className = "sc" + (bar ? "" : " bool") + (none ? " na" : bad ? " low" : "") + optional;
    if (bar && !none)
      cell.lastChild.style.setProperty(
        "--v",
        (score(e, r) - e.range[0]) / (e.range[1] - e.range[0]),
      );
  };
}
