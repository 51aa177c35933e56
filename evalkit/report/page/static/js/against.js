/* Against: one run beside another of the same example, baseline on the left. */
async function drawAgainst(view) {
  fill(view.panel, h("div.sk"), h("div.sk"));
  let otherRun = null;
  try {
    otherRun = await trace(view.other);
  } catch {
    /* left out or in a side file that was not chosen: scores still stand side by side */
  }
  const [here, there] = [
    { r: view.r, run: view.run },
    { r: view.other, run: otherRun },
  ];
  const swap = D.exp[view.r] === D.head.baseline && D.exp[view.other] !== D.head.baseline;
  const [a, b] = swap ? [here, there] : [there, here];
  for (const side of [a, b]) side.name = sideName(side.r, view);
  const steps = stepsOfBoth(view, a, b);
  const part = (wide, title, ...kids) => h("div" + (wide ? ".full" : ""), h("h2", title), ...kids);
  fill(
    view.panel,
    h(
      "div.cmp",
      h("div.full.lead", view.others.length > 1 ? picker(view) : null, steps.first),
      part(true, "Input", said(view.run.asked, view.run.inputs, "No input was recorded.")),
      part(true, "Scores", scoresOfBoth(a, b)),
      part(true, "Output, changes marked", outputsOfBoth(a, b)),
      part(
        false,
        "Expected",
        valueBlock(view.run.reference, "This example has no expected output."),
      ),
      part(false, "Steps, aligned", steps.table),
    ),
  );
}

function sideName(r, view) {
  const both = D.exp[view.r] === D.exp[view.other];
  return both ? `repetition ${numbers("repetition")[r]}` : experimentName(r);
}

function picker(view) {
  const options = view.others.map((r) => {
    const rep = numbers("repetition")[r];
    return h(
      "option",
      { value: r, selected: r === view.other },
      oneLine(`${experimentName(r)}${known(rep) ? `, repetition ${rep}` : ""}, ${outcomeName(r)}`),
    );
  });
  const select = h(
    "select",
    {
      "aria-label": "Run to compare with",
      onchange: () => {
        view.other = Number(select.value);
        $("#tab-compare").textContent = view.against();
        view.turn("compare");
      },
    },
    options,
  );
  return h("label", "With ", select);
}

function scoresOfBoth(a, b) {
  const lines = D.evaluators.map((e) => {
    const [p, n] = [score(e, a.r), score(e, b.r)];
    const d = e.type === "category" ? NaN : n - p;
    const better = e.direction === "lower" ? d < 0 : d > 0;
    const tone = !known(d) || Math.abs(d) < 1e-12 || !e.direction ? "dim" : better ? "good" : "bad";
    const change = !known(d)
      ? DASH
      : Math.abs(d) < 1e-12
        ? "0"
        : `${d > 0 ? "▲ +" : "▼ "}${number(d)}`;
    return h(
      "tr",
      h("th", { scope: "row" }, show(e.key, h("span"))),
      h("td.r.num", oneLine(scoreText(e, a.r).text)),
      h("td.r.num", oneLine(scoreText(e, b.r).text)),
      h("td.r.num." + tone, change),
      h("td.wrap", show((b.run && reasonOf(b.run, e)) || "", h("span"))),
    );
  });
  const [p, n] = [numbers("latency")[a.r], numbers("latency")[b.r]];
  const k = n / p - 1;
  lines.push(
    h(
      "tr",
      h("th", { scope: "row" }, "latency"),
      h("td.r.num", duration(p)),
      h("td.r.num", duration(n)),
      h("td.r.num", Number.isFinite(k) ? plus(k, fixed(k * 100, 0)) + "%" : DASH),
      h("td"),
    ),
  );
  return scroller(
    "Scores of both",
    table(
      "cards pairs small",
      [
        ["Evaluator"],
        [oneLine(a.name), "r"],
        [oneLine(b.name), "r"],
        ["Change", "r"],
        [`Reason in ${oneLine(b.name)}`],
      ],
      lines,
    ),
  );
}

function outputsOfBoth(a, b) {
  if (!a.run || !b.run) return h("p.empty", "The other trace is not in this file.");
  const texts = [answerOf(a), answerOf(b)];
  const sides = marked(...texts).map((node, k) =>
    h("div", h("h3", oneLine((k ? b : a).name)), texts[k] ? node : h("p.empty", "Nothing.")),
  );
  return h(
    "div",
    texts[0] === texts[1] ? h("p.hint", "Both are the same.") : null,
    h("div.io", sides),
  );
}

/* Steps that differ and are named above the table. */
const NAMED = 4;

/* Steps of two runs as pairs, aligned by kind and name; null where there is too much to align. */
function stepPairs(left, right) {
  const name = (s) => `${s.kind} ${s.name}`;
  const script = edits(left.steps.map(name), right.steps.map(name));
  if (!script) return null;
  let [i, j] = [0, 0];
  return script.map(([kind]) => {
    const s = kind <= 0 ? left.steps[i++] : null;
    const t = kind >= 0 ? right.steps[j++] : null;
    return { s, t, i: i - 1, j: j - 1, what: stepDifference(s, t) };
  });
}

/* A call as it would be written, every argument with its name. */
function callText(s) {
  const given = s.in;
  const named = given && typeof given === "object" && !Array.isArray(given);
  const plain = (v) => (v instanceof Digits ? v.text : JSON.stringify(v));
  const inside = named
    ? Object.entries(given).map(([k, v]) => `${k}=${plain(v)}`)
    : known(given)
      ? [plain(given)]
      : [];
  return `${s.name}(${inside.join(", ")})`;
}

/* Steps of both in one order: aligned by name, so that a step that is gone or new stands alone. */
function stepsOfBoth(view, a, b) {
  if (!a.run || !b.run)
    return { first: null, table: h("p.empty", "The other trace is not in this file.") };
  const here = a.r === view.r ? a : b;
  const found = stepPairs(a.run, b.run);
  if (!found)
    return {
      first: null,
      table: h("p.empty", "The two traces are too long and too different to align."),
    };
  const pairs = found.map((p) => ({ ...p, at: here === b ? p.j : p.i }));
  const own = pairs.filter((p) => p.what && (here === b ? p.t : p.s));
  const named = own
    .slice(0, NAMED)
    .map((p, n) => [n ? ", " : "", stepLink(view, p, here === b), ` (${p.what})`]);
  const more = own.length > NAMED ? ` and ${int(own.length - NAMED)} more.` : ".";
  const word = own.length
    ? ["Steps that differ: ", named, more]
    : pairs.some((p) => p.what)
      ? "The other run took more steps."
      : "Both took the same steps, with the same arguments and results.";
  const lines = pairs.map((p) => stepPair(view, p, here === b));
  const lead = h("p.first", word);
  return {
    first: lead,
    table: scroller(
      "Steps of both",
      table(
        "cards pairs small",
        [["Step"], [oneLine(a.name), "r"], [oneLine(b.name), "r"], ["Change", "r"], ["Differs in"]],
        lines,
      ),
    ),
  };
}

/* What differs between two steps of the same name: what tools were asked, what anything gave. */
function stepDifference(s, t) {
  if (!s || !t) return s ? "only left" : "only right";
  if (Boolean(s.error) !== Boolean(t.error)) return "error";
  const same = (p, q) => prettyJson(p) === prettyJson(q);
  if ((s.kind === "tool" || s.kind === "retriever") && !same(s.in, t.in)) return "arguments";
  if (s.docs && t.docs) return same(s.docs, t.docs) ? "" : "documents";
  if (s.answer && t.answer) return same(s.answer, t.answer) ? "" : "answer";
  if (s.kind === "tool" && !same(s.out, t.out)) return "result";
  return "";
}

function stepLink(view, pair, right) {
  const step = right ? pair.t : pair.s;
  const label = show((step || pair.s || pair.t).name, h("span"));
  if (!step) return label;
  const open = (event) => {
    event.preventDefault();
    view.step = pair.at;
    view.asked = true;
    view.turn("trace");
  };
  return h("a", { href: runLink(view.r, { step: pair.at + 1 }), onclick: open }, label);
}

function stepPair(view, pair, right) {
  const { s, t, what } = pair;
  const time = (x) => (x ? duration(x.dur) + (x.error ? " !" : "") : DASH);
  const d = s && t && known(s.dur) && known(t.dur) ? t.dur - s.dur : NaN;
  const label = h(
    "th",
    { scope: "row" },
    h("span.kdot." + kindClass((t || s).kind), { "aria-hidden": "true" }),
    stepLink(view, pair, right),
  );
  return h(
    "tr",
    label,
    h("td.r.num", time(s)),
    h("td.r.num", time(t)),
    h("td.r.num.dim", known(d) ? (d >= 0 ? "+" : "") + duration(d) : DASH),
    h("td" + (what ? ".few" : ""), what),
  );
}
