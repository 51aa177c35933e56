/* The trace of a run: its steps on one time axis, and what one step got and gave. */
const STEP_ROW = 34;
const VIRTUAL = 200;
const KINDS = { llm: "llm", tool: "tool", retriever: "retrieval", guardrail: "guard" };
const kindClass = (kind) => "k-" + (KINDS[kind] || "other");

class Waterfall {
  constructor(run, apart, pick) {
    this.steps = run.steps;
    this.apart = apart;
    this.pick = pick;
    this.closed = new Set();
    this.current = 0;
    this.total =
      Math.max(...this.steps.map((s) => (s.start ?? 0) + (s.dur ?? 0)), run.latency ?? 0, 0) || 1;
    this.depth = [];
    this.parents = new Set();
    this.steps.forEach((s, i) => {
      /* Not all have their parent before them. */
      let deep = 0;
      for (let p = s.parent; p >= 0 && deep < 12; p = this.steps[p].parent) deep++;
      this.depth[i] = deep;
      if (s.parent >= 0) this.parents.add(s.parent);
    });
    this.list = h("ul", { role: "listbox", "aria-label": "Steps", tabindex: 0 });
    this.pad = [
      h("li.pad", { "aria-hidden": "true", role: "presentation" }),
      h("li.pad", { "aria-hidden": "true", role: "presentation" }),
    ];
    this.box = h("div.wf-b", this.list);
    this.box.addEventListener("scroll", () => this.virtual && this.draw(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.key(event));
    const axis = h(
      "span",
      [0, this.total / 2, this.total].map((t, i) => h("span", i ? duration(t) : "0")),
    );
    this.element = h(
      "div.wf",
      h("div.ax", { "aria-hidden": "true" }, h("span", "Step"), axis, h("span.r", "Time")),
      this.box,
    );
    this.reveal();
  }
  hidden(i) {
    for (let p = this.steps[i].parent; p >= 0; p = this.steps[p].parent)
      if (this.closed.has(p)) return true;
    return false;
  }
  /* Work out which steps are open to view, then draw. */
  reveal() {
    this.rows = this.steps.map((_, i) => i).filter((i) => !this.hidden(i));
    this.virtual = this.rows.length > VIRTUAL;
    this.box.classList.toggle("tall", this.virtual);
    this.draw();
  }
  draw() {
    let [from, to] = [0, this.rows.length];
    if (this.virtual) {
      from = Math.max(0, Math.floor(this.box.scrollTop / STEP_ROW) - 10);
      to = Math.min(
        this.rows.length,
        from + Math.ceil((this.box.clientHeight || 600) / STEP_ROW) + 20,
      );
      this.pad[0].style.setProperty("height", from * STEP_ROW + "px");
      this.pad[1].style.setProperty("height", (this.rows.length - to) * STEP_ROW + "px");
    }
    const items = this.rows.slice(from, to).map((i) => this.item(i));
    fill(this.list, this.virtual ? [this.pad[0], items, this.pad[1]] : items);
    this.list.setAttribute("aria-activedescendant", "step" + this.current);
  }
  item(i) {
    const s = this.steps[i];
    const bar = h("i");
    if (s.start !== null) {
      bar.style.setProperty("left", `${(s.start / this.total) * 100}%`);
      bar.style.setProperty("width", `${Math.max(0.4, ((s.dur ?? 0) / this.total) * 100)}%`);
    } else bar.hidden = true;
    const name = h(
      "span.nm",
      { title: oneLine(s.name) },
      this.parents.has(i)
        ? h("span.fold", { "aria-hidden": "true" }, this.closed.has(i) ? "▸" : "▾")
        : null,
      s.error ? "! " : this.apart.has(i) ? "≠ " : "",
      oneLine(s.name),
      h("small", s.kind),
    );
    name.style.setProperty("padding-left", this.depth[i] * 12 + "px");
    const li = h(
      "li." + kindClass(s.kind) + (s.error ? ".bad" : ""),
      {
        role: "option",
        id: "step" + i,
        "aria-selected": i === this.current ? "true" : "false",
        "aria-setsize": this.rows.length,
        "aria-posinset": this.rows.indexOf(i) + 1,
        onclick: (event) => (event.target.className === "fold" ? this.fold(i) : this.choose(i)),
      },
      name,
      h("span.ln", { "aria-hidden": "true" }, bar),
      h("span.tm", duration(s.dur)),
    );
    return li;
  }
  fold(i) {
    if (this.closed.has(i)) this.closed.delete(i);
    else this.closed.add(i);
    if (this.hidden(this.current)) this.current = i;
    this.reveal();
  }
  choose(i) {
    for (let p = this.steps[i].parent; p >= 0; p = this.steps[p].parent) this.closed.delete(p);
    this.current = i;
    this.rows = this.steps.map((_, k) => k).filter((k) => !this.hidden(k));
    if (this.virtual) {
      const y = this.rows.indexOf(i) * STEP_ROW;
      if (y < this.box.scrollTop || y + STEP_ROW > this.box.scrollTop + this.box.clientHeight)
        this.box.scrollTop = y - this.box.clientHeight / 2;
    }
    this.draw();
    this.pick(i);
  }
  key(event) {
    const at = this.rows.indexOf(this.current);
    const jump = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      Home: -Infinity,
      End: Infinity,
      PageDown: 10,
      PageUp: -10,
    }[event.key];
    const failed = this.rows.filter((i) => this.steps[i].error);
    let to = null;
    if (jump !== undefined) to = this.rows[Math.max(0, Math.min(this.rows.length - 1, at + jump))];
    else if (event.key === "e") to = failed.find((i) => i > this.current) ?? failed[0];
    else if (event.key === "E")
      to = [...failed].reverse().find((i) => i < this.current) ?? failed[failed.length - 1];
    else if (
      (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === " ") &&
      this.parents.has(this.current)
    ) {
      const close = event.key === " " ? !this.closed.has(this.current) : event.key === "ArrowLeft";
      if (close !== this.closed.has(this.current)) this.fold(this.current);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (to !== null && to !== undefined) this.choose(to);
  }
}

function messageBlock(message, output) {
  const role = word(message.role, "user");
  const calls = (message.calls || []).map((call) =>
    h(
      "div.call",
      h("span.mono", oneLine(call.name)),
      call.arguments && typeof call.arguments === "object"
        ? jsonBlock(call.arguments)
        : block(call.arguments, "pre"),
    ),
  );
  const body = message.text ? block(message.text) : calls.length ? null : h("p.empty", "No text.");
  const label = show(
    message.role +
      (message.name ? ` ${message.name}` : "") +
      (output ? ", output" : calls.length ? ", calls" : ""),
    h("b"),
  );
  const thought = message.thought
    ? h("details", h("summary", "Reasoning"), block(message.thought))
    : null;
  return h("div.msg." + role, label, thought, body, calls);
}

function documentList(docs) {
  const items = docs.map((doc, i) => {
    const id = show(doc.id ?? "(no id)", h("span.id"));
    const head = h(
      "div.dh",
      h("span.dim", i + 1),
      id,
      known(doc.score) ? h("span.num", number(doc.score)) : null,
    );
    return h("li", head, block(doc.text, "p", 280));
  });
  return h("ol.docs", items);
}

function stepUsage(usage) {
  if (!usage) return "";
  const parts = [];
  if (known(usage.input_tokens) && known(usage.output_tokens))
    parts.push(`${int(usage.input_tokens)} + ${int(usage.output_tokens)} tokens`);
  else if (known(usage.total_tokens)) parts.push(`${int(usage.total_tokens)} tokens`);
  if (known(usage.total_cost)) parts.push(`cost ${number(usage.total_cost)}`);
  return parts.map((p) => " · " + p).join("");
}

function stepDetail(run, i, apart) {
  const s = run.steps[i];
  const facts =
    `${s.kind}${s.model ? " " + oneLine(s.model) : ""} · step ${i + 1} of ` +
    `${run.steps.length}${known(s.start) ? ` · starts at ${duration(s.start)}` : ""} · ` +
    (known(s.dur) ? "takes " + duration(s.dur) : "time not recorded") +
    (known(s.ttft) ? ` · first token after ${duration(s.ttft)}` : "") +
    stepUsage(s.usage);
  const out = [
    h(
      "h2",
      h(
        "span",
        h("span.kdot." + kindClass(s.kind), { "aria-hidden": "true" }),
        show(s.name, h("span")),
      ),
      h("small", facts),
    ),
  ];
  if (s.error) out.push(show(s.error, h("div.errbox")));
  if (apart) out.push(stepApart(apart));
  out.push(stepScores(run, i));
  out.push(...stepBody(s));
  const rest = {
    ...(s.metadata && Object.keys(s.metadata).length ? { metadata: s.metadata } : {}),
    ...(s.tags?.length ? { tags: s.tags } : {}),
  };
  if (Object.keys(rest).length) out.push(h("details", h("summary", "Metadata"), jsonBlock(rest)));
  return out;
}

/* What the baseline's run did in this place. */
const stepApart = ({ s, what, name }) =>
  s
    ? h("div.apart", `≠ Not as in ${name} (${what}):`, stepLine(s))
    : h("p.apart", `≠ ${name} took no such step.`);

function stepScores(run, i) {
  const rows = run.feedback.filter((f) => f.step === i && f.outcome !== "not_applicable");
  if (!rows.length) return null;
  return [h("h3", "Scores of this step"), scroller("Scores of this step", feedbackTable(rows))];
}

function stepBody(s) {
  if (s.msgs) {
    const parts = [h("h3", "Messages"), s.msgs.map((m) => messageBlock(m, false))];
    if (s.answer) parts.push(s.answer.map((m) => messageBlock(m, true)));
    else if (s.out !== null) parts.push(h("h3", "Output"), valueBlock(s.out, "No output."));
    return parts;
  }
  if (s.docs) {
    return [
      h("h3", "Query"),
      valueBlock(s.in, "No query was recorded."),
      h("h3", `Documents (${s.docs.length})`),
      s.docs.length ? documentList(s.docs) : h("p.empty", "Nothing was retrieved."),
    ];
  }
  const tool = s.kind === "tool";
  return [
    h("h3", tool ? "Arguments" : "Input"),
    tool && s.in && typeof s.in === "object"
      ? jsonBlock(s.in)
      : valueBlock(s.in, "Nothing was recorded."),
    h("h3", tool ? "Result" : "Output"),
    valueBlock(s.out, s.error ? "The step failed without an output." : "Nothing was recorded."),
  ];
}
