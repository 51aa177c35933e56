/* Run: its scores with their reasons, its trace, its input and output, and the same example
   elsewhere. */
async function showRun(query, id) {
  const r = findRun(id);
  if (r < 0) {
    fill(
      VIEWS.run,
      h("h1", { id: "h-run", tabindex: -1 }, "No such run"),
      show(`There is no run “${id}” in this report.`, h("p.note")),
      h("a", { href: "#/runs" }, "Go to the runs"),
    );
    return;
  }
  const view = new RunView(r, query);
  await view.open();
}

const CELL_TEXT = {
  not_applicable: "does not apply",
  evaluator_error: "the evaluator failed",
  run_failed: "the run failed, so there was nothing to score",
  missing: "not scored",
};

function feedbackValue(f) {
  if (f.outcome !== "scored")
    return h(
      "td.r.dim.num",
      { not_applicable: "n/a", evaluator_error: "! error", run_failed: "no run", missing: DASH }[
        f.outcome
      ],
    );
  const e = D.evaluators.find((one) => one.key === f.name);
  if (typeof f.score === "number" || typeof f.score === "boolean") {
    const bad = e ? low(e, Number(f.score)) : false;
    const mark = e && e.low !== null ? (bad ? "✕ " : "✓ ") : "";
    const truth = e?.type === "bool" && (Number(f.score) === 0 || Number(f.score) === 1);
    return h(
      "td.r.num" + (bad ? ".bad" : ""),
      mark + (truth ? (Number(f.score) ? "yes" : "no") : plainScore(e, Number(f.score))),
    );
  }
  return h("td.r", show(f.value === null ? DASH : plainText(f.value), h("span")));
}

function feedbackReason(f) {
  if (f.outcome === "evaluator_error") {
    const line = h(
      "span",
      f.timed_out ? "ran out of time: " : "",
      show(`${f.error_type || "error"}: ${f.error_message || ""}`, h("span")),
    );
    return f.traceback
      ? h("div", line, h("details", h("summary", "Traceback"), block(f.traceback, "pre")))
      : line;
  }
  const text = f.comment || CELL_TEXT[f.outcome] || "";
  return f.comment || f.outcome === "scored" ? block(text, "span", 600) : h("span.dim", text);
}

function feedbackTable(rows) {
  const lines = rows.map((f) => {
    const e = D.evaluators.find((one) => one.key === f.name);
    return h(
      "tr",
      h(
        "th",
        { scope: "row", title: e?.doc || null },
        show(f.name, h("span")),
        e?.uncalibrated
          ? h("span.tag", "uncalibrated judge")
          : f.source === "recorded"
            ? h("span.tag", "recorded")
            : null,
      ),
      feedbackValue(f),
      h(
        "td.r.num.dim.opt",
        e && e.low !== null && e.type !== "bool"
          ? `${e.direction === "lower" ? "≤" : "≥"} ${number(e.low)}`
          : "",
      ),
      h("td", feedbackReason(f), alignmentDetails(f)),
    );
  });
  return table("evs", [["Evaluator"], ["Score", "r"], ["Passes at", "r.opt"], ["Reason"]], lines);
}

const reasonOf = (run, e) =>
  run.feedback.find((f) => f.name === e.key && f.step === null)?.comment || "";

/* What was asked, by which people know a run; its id where nothing was. */
const questionOf = (r) => texts("ex.input").get(D.ex[r]) || runId(r);

const NO_OUTPUT = "The run ended without an output.";
/* A conversation in which nothing was answered: what was recorded of it is no answer. */
const unanswered = (value) => Array.isArray(value?.messages);

/* The question, and where its list holds only the start of it, all that the trace has. */
function wholeQuestion(start, run) {
  const all = start.endsWith("…") && run && (run.asked || plainText(run.inputs));
  return all ? block(all, "span", 1200) : show(start, h("span"));
}

/* Scores that fail first, then by value; what has none last. */
function lowestFirst(rows) {
  const rank = (f) => {
    if (f.outcome !== "scored") return f.outcome === "not_applicable" ? 4 : 3;
    const e = D.evaluators.find((one) => one.key === f.name);
    const value = typeof f.score === "boolean" || typeof f.score === "number" ? Number(f.score) : 2;
    return e && low(e, value) ? value - 1000 : Math.min(value, 2);
  };
  return [...rows].sort((a, b) => rank(a) - rank(b));
}

class RunView {
  constructor(r, query) {
    this.r = r;
    this.query = query;
    this.tab = query.get("tab") || "trace";
    this.step = Math.max(0, (Number(query.get("step")) || 0) - 1);
    this.asked = query.has("step");
    this.others = this.counterparts();
    const wanted = findRun(query.get("with") || "");
    this.other = this.others.includes(wanted) ? wanted : (this.others[0] ?? -1);
    this.body = h("div");
  }
  /* The same example elsewhere: the other experiments first (baseline first), then its
     repetitions. */
  counterparts() {
    const { r } = this;
    const [x, e] = [D.exp[r], D.ex[r]];
    const order = D.head.experiments.map((_, i) => i).filter((i) => i !== x);
    const front = x === D.head.baseline ? D.head.candidate : D.head.baseline;
    order.sort((a, b) => (b === front) - (a === front) || a - b);
    const rep = numbers("repetition")[r];
    const near = (rows) =>
      [...rows].sort(
        (a, b) => (numbers("repetition")[b] === rep) - (numbers("repetition")[a] === rep) || a - b,
      );
    return [
      ...order.flatMap((i) => near(D.by(i, e))),
      ...[...D.by(x, e)].filter((row) => row !== r),
    ];
  }
  async open() {
    const { r } = this;
    fill(VIEWS.run, this.head(), this.body);
    const began = performance.now();
    try {
      this.run = await trace(r);
    } catch (problem) {
      if (!(problem instanceof NeedsSideFile)) {
        fill(this.body, h("p.note", `The trace of this run cannot be read: ${problem}`));
        return;
      }
      this.sideWanted = true;
    }
    RunView.took = performance.now() - began;
    if (!this.run) {
      this.withoutTrace();
      return;
    }
    fill($("#h-run"), wholeQuestion(questionOf(r), this.run));
    this.errorBox();
    this.body.append(this.answerCards());
    this.scores = this.scoreTable();
    this.body.append(this.scores);
    await this.tabs();
  }
  head() {
    const { r } = this;
    const outcome = outcomeName(r);
    const failing = numbers("low")[r];
    const at = this.position();
    const back = h(
      "a",
      { href: at >= 0 ? list.back : "#/runs" },
      `‹ ${at >= 0 ? list.name : "Runs"}`,
    );
    const where = at >= 0 ? h("span.num", `${int(at + 1)} of ${int(list.rows.length)}`) : null;
    this.copyMd = copyButton("Copy as Markdown", () => runMarkdown(r, this.run));
    const crumb = h(
      "div.crumb",
      back,
      where,
      h("span.sp"),
      this.step2(at, -1),
      this.step2(at, 1),
      this.copyMd,
      copyLink(),
    );
    const title = h(
      "div.rh",
      h("h1", { id: "h-run", tabindex: -1 }, show(questionOf(r), h("span"))),
      h("span.pill." + outcomeTone(outcome), null, `${OUTCOME_GLYPHS[outcome] || "·"} ${outcome}`),
      failing
        ? h("span.pill.fail", `✕ ${failing} failing ${failing === 1 ? "score" : "scores"}`)
        : null,
    );
    return h("div", crumb, title, h("div.rmeta", this.facts()));
  }
  position() {
    if (!list.rows || !list.open) return -1;
    const here = runLink(this.r);
    if (list.rows[list.at] !== undefined && list.open(list.rows[list.at]).startsWith(here))
      return list.at;
    const row = list.view === "compare" ? D.ex[this.r] : this.r;
    const at = list.rows.indexOf(row);
    if (at >= 0) list.at = at;
    return at;
  }
  step2(at, d) {
    const target = at >= 0 ? list.rows[at + d] : undefined;
    return button(
      d < 0 ? "‹ Previous" : "Next ›",
      () => {
        list.at = at + d;
        const address = list.open(target).split("?")[0];
        location.hash = address + (this.tab === "trace" ? "" : `?tab=${this.tab}`);
      },
      { disabled: target === undefined, "data-step": d },
    );
  }
  facts() {
    const { r } = this;
    const e = D.ex[r];
    const rep = numbers("repetition")[r];
    const facts = [
      D.several ? oneLine(experimentName(r)) : null,
      duration(numbers("latency")[r]),
      known(numbers("ttft")[r]) ? `first token ${duration(numbers("ttft")[r])}` : null,
      known(numbers("tokens")[r]) ? `${int(numbers("tokens")[r])} tokens` : null,
      known(numbers("cost")[r]) ? `cost ${number(numbers("cost")[r])}` : null,
      `${int(numbers("steps")[r] || 0)} steps`,
      known(rep) ? `repetition ${rep}` : null,
      oneLine(runId(r)),
    ];
    const facets = D.head.facets.map((f, i) =>
      f.values[codes("f" + i)[r]] === undefined
        ? null
        : oneLine(`${f.name}: ${f.values[codes("f" + i)[r]]}`),
    );
    const out = [...facts, ...facets].filter(Boolean).map((text) => h("span", text));
    const total = D.head.experiments.reduce((n, _, x) => n + D.by(x, e).length, 0);
    if (total > 1)
      out.push(h("a", { href: exampleLink(e) }, `All ${int(total)} runs of this example`));
    return out;
  }
  /* The answer beside what was expected; alone and wide where nothing was. */
  answerCards() {
    const { run } = this;
    const card = (cls, name, value) => h(`div.box.${cls}`, h("h2", name), value);
    const answer = said(run.answered, run.outputs, NO_OUTPUT);
    const some = known(run.reference);
    const expected = some ? said(run.wanted, run.reference, "") : null;
    return h(
      "div.qa",
      card("said", `Answer of ${oneLine(experimentName(this.r))}`, answer),
      some ? card("wanted", "Expected", expected) : null,
    );
  }
  errorBox() {
    const { run } = this;
    const failed = run.steps.findIndex((s) => s.error);
    const text =
      run.error || (failed >= 0 && !ended(this.r, "succeeded") ? run.steps[failed].error : "");
    if (!text && !run.stopped) return;
    const box = block(text || `The run stopped: ${run.stopped}`, "div.errbox", 1200);
    if (failed >= 0)
      box.append(
        h("span.dim", ` in step ${failed + 1}, `),
        show(run.steps[failed].name, h("span")),
      );
    this.body.append(box);
  }
  scoreTable() {
    const rows = lowestFirst(this.run.feedback.filter((f) => f.step === null));
    const perStep = this.run.feedback.filter(
      (f) => f.step !== null && f.outcome !== "not_applicable",
    ).length;
    if (!rows.length && !perStep) return h("p.note", "No evaluator has scored this run.");
    const note = perStep
      ? h(
          "p.hint",
          `${int(perStep)} more ` +
            (perStep === 1
              ? "score belongs to a single step and is"
              : "scores belong to single steps and are") +
            " shown with the step.",
        )
      : null;
    return h("div.evs-w", rows.length ? scroller("Scores", feedbackTable(rows)) : null, note);
  }
  withoutTrace() {
    const { r } = this;
    const parts = this.sideWanted ? this.askForSideFile() : this.sayLeftOut();
    const scores = D.evaluators.map((e) => {
      const { text, bad } = scoreText(e, r);
      return h(
        "tr",
        h("th", { scope: "row", title: e.doc || null }, show(e.key, h("span"))),
        h("td.r.num" + (bad ? ".bad" : ""), oneLine(text)),
      );
    });
    fill(
      this.body,
      scroller("Scores", table("evs", [["Evaluator"], ["Score", "r"]], scores)),
      parts,
      h("h2.sub", "Input, first characters"),
      block(texts("ex.input").get(D.ex[r])),
      h("h2.sub", "Output, first characters"),
      block(texts("out").get(r)),
    );
  }
  askForSideFile() {
    const pick = h("input", {
      type: "file",
      accept: ".ekdata",
      id: "side",
      "aria-label": "Trace file",
      onchange: () => {
        sideFile = pick.files[0] || null;
        showRun(this.query, runId(r));
      },
    });
    const { r } = this;
    return [
      h("h2", { "data-missing": true }, "The traces are in a second file"),
      h(
        "p.note",
        `Choose ${D.head.side}, which lies beside this report. It is read piece by piece on ` +
          `this computer and sent nowhere.`,
      ),
      pick,
    ];
  }
  sayLeftOut() {
    const why = D.head.traces === "none" ? "This report was made without traces." : D.head.partly;
    return [
      h("h2", { "data-missing": true }, "The trace of this run is not in this file"),
      show(
        `${why} See it with: evalkit show ${experimentName(this.r)} ${runId(this.r)}`,
        h("p.note"),
      ),
    ];
  }
  async tabs() {
    const names = [
      ["trace", "Trace"],
      ["io", "Input and output"],
      ...(this.others.length ? [["compare", this.against()]] : []),
      ["raw", "Raw"],
    ];
    if (!names.some(([key]) => key === this.tab)) this.tab = "trace";
    this.panel = h("div.panel", { role: "tabpanel", id: "panel", tabindex: 0 });
    this.bar = h(
      "div.tabs",
      { role: "tablist", "aria-label": "Run" },
      names.map(([key, label]) =>
        h(
          "button",
          {
            role: "tab",
            type: "button",
            id: "tab-" + key,
            "aria-controls": "panel",
            "data-key": key,
            onclick: () => this.turn(key),
          },
          label,
        ),
      ),
    );
    this.bar.addEventListener("keydown", async (event) => {
      const d = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!d) return;
      event.preventDefault();
      const at = names.findIndex(([key]) => key === this.tab);
      const key = names[(at + d + names.length) % names.length][0];
      await this.turn(key);
      $("#tab-" + key).focus();
    });
    this.body.append(this.bar, this.panel);
    await this.turn(this.tab);
  }
  against() {
    const same = D.exp[this.other] === D.exp[this.r];
    return same ? "Against another repetition" : `Against ${oneLine(experimentName(this.other))}`;
  }
  async turn(key) {
    this.tab = key;
    for (const b of this.bar.children) {
      const on = b.dataset.key === key;
      b.setAttribute("aria-selected", on ? "true" : "false");
      b.tabIndex = on ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", "tab-" + key);
    this.scores.hidden = key === "compare";
    this.write();
    if (key === "trace") await this.drawTrace();
    else if (key === "io") this.drawIo();
    else if (key === "raw") fill(this.panel, jsonBlock(rawOf(this.run)));
    else await drawAgainst(this);
  }
  write() {
    const { tab } = this;
    stay(
      runLink(this.r, {
        tab: tab === "trace" ? "" : tab,
        step: tab === "trace" && this.asked ? this.step + 1 : "",
        with: tab === "compare" && this.other !== this.others[0] ? runId(this.other) : "",
      }),
    );
  }
  /* Which steps differ from the baseline's run of the same example: step to its pair. */
  async differing() {
    const base = D.head.baseline;
    const other = D.exp[this.r] === base ? -1 : this.others.find((r) => D.exp[r] === base);
    if (!(other >= 0)) return new Map();
    try {
      const run = await trace(other);
      const pairs = (run && stepPairs(run, this.run)) || [];
      const name = oneLine(experimentName(other));
      return new Map(pairs.filter((p) => p.what && p.t).map((p) => [p.j, { ...p, name }]));
    } catch {
      return new Map();
    }
  }
  async drawTrace() {
    const { run } = this;
    if (!run.steps.length) {
      fill(
        this.panel,
        h(
          "p.empty",
          run.steps_recorded
            ? "This run has no steps."
            : "The source of this run recorded no steps, which is not the same as no steps.",
        ),
      );
      return;
    }
    this.apart ||= await this.differing();
    const { apart } = this;
    const broken = run.steps.findIndex((s) => s.error);
    const [differs = firstFailing(run)] = apart.keys();
    if (!this.asked) this.step = Math.max(0, broken >= 0 ? broken : differs);
    this.step = Math.min(this.step, run.steps.length - 1);
    const detail = h("div.det");
    let first = true;
    const fall = new Waterfall(run, apart, (i) => {
      this.step = i;
      if (!first) this.asked = true;
      first = false;
      fill(detail, stepDetail(run, i, apart.get(i)));
      this.write();
    });
    fill(this.panel, h("div.trace", fall.element, detail));
    fall.choose(this.step);
  }
  ioParts() {
    const { run } = this;
    const part = (name, value, wide) => h("div" + (wide ? ".full" : ""), h("h2", name), value);
    return [
      part("Input", said(run.asked, run.inputs, "No input was recorded."), true),
      part("Output", said(run.answered, run.outputs, "The run ended without an output.")),
      part("Expected", valueBlock(run.reference, "This example has no expected output.")),
    ];
  }
  drawIo() {
    const { run } = this;
    const parts = this.ioParts();
    if (run.interrupts?.length)
      parts.push(h("div.full", h("h2", "Interrupts"), jsonBlock(run.interrupts)));
    if (run.url) parts.push(h("div.full", h("h2", "Address at the source"), block(run.url, "pre")));
    if (run.metadata && Object.keys(run.metadata).length)
      parts.push(h("div.full", h("h2", "Metadata"), jsonBlock(run.metadata)));
    fill(this.panel, h("div.io", parts));
  }
}

/* The first step with a score that does not pass, or -1. */
function firstFailing(run) {
  const failing = run.feedback.filter((f) => {
    const e = D.evaluators.find((one) => one.key === f.name);
    const on = f.step !== null && f.step >= 0 && f.outcome === "scored";
    return on && e && typeof f.score !== "object" && low(e, Number(f.score));
  });
  return failing.length ? Math.min(...failing.map((f) => f.step)) : -1;
}

/* A text that stands among other things comes first; the rest is one click away. */
function said(text, value, nothing) {
  if (!text && !unanswered(value)) return valueBlock(value, nothing);
  return h(
    "div",
    text ? block(text) : h("p.empty", "The run ended without an answer."),
    h("details.data", h("summary", "Everything that was recorded"), jsonBlock(value)),
  );
}

/* The run as stored: without what this report derived for reading. */
function rawOf(run) {
  const steps = run.steps.map(({ msgs, answer, docs, ...rest }) => rest);
  const { asked, answered, wanted, ...rest } = run;
  return { ...rest, steps };
}
