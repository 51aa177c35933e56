/* Pair: one example in two experiments: what was expected, both answers, where they part. */
const DOTS = 20;
const WHOLE = 24;

async function drawExample(view, i) {
  const e = view.list.rows[i];
  const { pairs, evaluator } = view;
  const sides = [pairs.base, pairs.cand].map((x) => {
    const rows = [...D.by(x, e)];
    return { x, rows, name: oneLine(D.head.experiments[x].name) };
  });
  const change = evaluator ? pairs.change(evaluator, e) : "same";
  sides.forEach((side, k) => {
    side.r = shownRun(
      side.rows,
      evaluator,
      change === "same" || change === (k ? "improved" : "regressed"),
    );
  });
  const turn = (view.turn || 0) + 1;
  view.turn = turn;
  const read = (r) => (r === undefined ? null : trace(r).catch(() => null));
  const runs = await Promise.all(sides.map((side) => read(side.r)));
  if (view.turn !== turn) return;
  sides.forEach((side, k) => {
    side.run = runs[k];
  });
  const [a, b] = sides;
  const pair = a.run && b.run ? (stepPairs(a.run, b.run) || []).find((p) => p.what) : null;
  const run = b.run || a.run;
  const [left, right] = marked(answerOf(a), answerOf(b));
  const all = h("div");
  view.show(
    crumbOf(view, e, i),
    h("h2", { id: "h-one" }, wholeQuestion(questionOfExample(e), run)),
    run && known(run.reference)
      ? h("div.box.wanted", h("h3", "Expected"), said(run.wanted, run.reference, ""))
      : null,
    h("div.both", sideCard(view, a, left, pair?.s), sideCard(view, b, right, pair?.t)),
    pair ? stepSentence(a, b, pair) : null,
    all,
    a.rows.length && b.rows.length ? view.changes(e) : null,
    h(
      "p.acts",
      sides.map((s) => s.rows.length && openLink(view, `Open this run of ${s.name}`, runLink(s.r))),
      a.rows.length && b.rows.length
        ? openLink(
            view,
            "Both runs side by side",
            runLink(b.r, { tab: "compare", with: runId(a.r) }),
          )
        : null,
    ),
  );
  await allAnswers(view, sides, all, () => view.turn === turn);
}

/* The first run with the best score of its example, or with the worst. */
function shownRun(rows, evaluator, best) {
  if (!evaluator) return rows[0];
  const sign = (evaluator.direction === "lower" ? -1 : 1) * (best ? -1 : 1);
  const rank = (r) => (known(score(evaluator, r)) ? score(evaluator, r) * sign : Infinity);
  return [...rows].sort((p, q) => rank(p) - rank(q) || p - q)[0];
}

const answerOf = ({ r, run }) =>
  run
    ? run.answered || (unanswered(run.outputs) ? "" : plainText(run.outputs))
    : r === undefined
      ? ""
      : texts("out").get(r);

/* Both texts, what differs marked in one colour; unmarked where less than half is common. */
function marked(left, right) {
  const parts = left.length + right.length > 400000 ? [] : wordDiff(left, right);
  const common = parts.reduce((sum, [kind, text]) => sum + (kind ? 0 : text.length), 0);
  if (left === right || common * 2 < Math.max(left.length, right.length) || common > SHOWN)
    return [left, right].map((text) => block(text, "div.answer-t"));
  return [-1, 1].map((side) => {
    const node = h("div.answer-t", { dir: "auto" });
    for (const [kind, text] of parts)
      if (!kind) show(text, node);
      else if (kind === side) node.append(show(text, h("mark")));
    return node;
  });
}

function crumbOf(view, e, i) {
  const r = D.by(view.pairs.cand, e)[0] ?? D.by(view.pairs.base, e)[0];
  const facets = D.head.facets.map((f, k) => f.values[codes("f" + k)[r]]).filter(Boolean);
  const step = (label, by) =>
    button(label, () => view.move(by), {
      disabled: view.list.rows[i + by] === undefined,
      "data-step": by,
    });
  return h(
    "div.crumb",
    openLink(view, oneLine(exampleId(e)), exampleLink(e), "a"),
    facets.map((text) => h("span", oneLine(text))),
    h("span.sp"),
    step("‹ Previous", -1),
    h("span.num", `${int(i + 1)} of ${int(view.list.rows.length)}`),
    step("Next ›", 1),
  );
}

const openLink = (view, text, href, tag = "a.btn") =>
  h(tag, { href, onclick: () => view.remember() }, text);

function sideCard(view, side, answer, step) {
  const { evaluator } = view;
  const { r, rows, name } = side;
  if (r === undefined) return h("div.box", h("h3", name), h("p.empty", "No run of this example."));
  const value = evaluator ? score(evaluator, r) : NaN;
  const judged = evaluator && evaluator.low !== null && known(value);
  const bad = judged && low(evaluator, value);
  const mark = evaluator
    ? `${judged ? (bad ? "✕ " : "✓ ") : ""}${oneLine(evaluator.key)}: ${oneLine(scoreText(evaluator, r).text)}`
    : outcomeName(r);
  const tokens = numbers("tokens")[r];
  return h(
    "div.box" + (judged ? (bad ? ".no" : ".ok") : ""),
    null,
    h("h3", `${name} · run ${int(rows.indexOf(r) + 1)} of ${int(rows.length)}`),
    evaluator && evaluator.low !== null ? dots(rows, evaluator) : null,
    answer.textContent ? answer : said("", side.run?.outputs, NO_OUTPUT),
    h(
      "p.small-t",
      [mark, duration(numbers("latency")[r]), known(tokens) && `${int(tokens)} tokens`]
        .filter(Boolean)
        .join(" · "),
    ),
    step ? stepLine(step) : null,
  );
}

/* A dot a repetition, in their order, and the count in words. */
function dots(rows, evaluator) {
  const values = rows.map((r) => score(evaluator, r));
  const right = values.filter((v) => known(v) && !low(evaluator, v)).length;
  const dot = (v) => (known(v) ? (low(evaluator, v) ? "○" : "●") : "·");
  return h(
    "p.dots",
    rows.length <= DOTS ? h("span", { "aria-hidden": "true" }, values.map(dot).join("")) : null,
    ` ${evaluator.type === "bool" ? "right" : "passes"} in ${int(right)} of ${int(rows.length)}`,
  );
}

/* What a step was called with and what it gave. */
function stepLine(s) {
  const calls = s.kind === "tool" || s.kind === "retriever";
  const docs =
    s.docs && `documents: ${s.docs.map((doc) => doc.id ?? doc.text).join(", ") || "none"}`;
  const gave = s.error || docs || plainText(s.answer?.at(-1)?.text || s.out) || "nothing";
  return h(
    "div.step",
    block(calls ? callText(s) : s.name, "span.mono", 400),
    s.error ? " failed: " : " gave ",
    block(gave, "span.mono", 400),
  );
}

function stepSentence(a, b, pair) {
  const [run, at] = pair.t ? [b.r, pair.j] : [a.r, pair.i];
  const name = show((pair.t || pair.s).name, h("span"));
  const what = { "only left": `only in ${a.name}`, "only right": `only in ${b.name}` }[pair.what];
  return h(
    "p.first",
    h("b", "First step that differs: "),
    h("a", { href: runLink(run, { step: at + 1 }) }, `step ${at + 1}, `, name),
    ` (${what || pair.what})`,
  );
}

/* Equal answers stand once, with how many runs gave them. */
async function allAnswers(view, sides, into, still) {
  const total = sides.reduce((sum, side) => sum + side.rows.length, 0);
  if (total < 3) return;
  const read = async (r) => (total > WHOLE ? null : await trace(r).catch(() => null));
  const lines = [];
  for (const side of sides) {
    const groups = new Map();
    for (const r of side.rows) {
      const text = answerOf({ r, run: await read(r) });
      groups.set(text, [...(groups.get(text) || []), r]);
    }
    for (const [text, rows] of [...groups].sort((p, q) => q[1].length - p[1].length))
      lines.push(answerLine(view.evaluator, side, text, rows));
  }
  if (!still()) return;
  fill(
    into,
    h("h3", `All ${int(total)} answers`),
    table("cards pairs small answers", [["Experiment"], ["Runs"], ["Answer"]], lines),
  );
}

function answerLine(evaluator, side, text, rows) {
  const values = rows.map((r) => (evaluator && evaluator.low !== null ? score(evaluator, r) : NaN));
  const good = values.filter((v) => known(v) && !low(evaluator, v)).length;
  const bad = values.filter((v) => known(v) && low(evaluator, v)).length;
  const sign = (n, glyph, both) => (n ? ` ${both ? int(n) + " " : ""}${glyph}` : "");
  return h(
    "tr",
    h("th", { scope: "row" }, side.name),
    h(
      "td.num",
      `${int(rows.length)} of ${int(side.rows.length)}`,
      sign(good, "✓", bad),
      sign(bad, "✕", good),
    ),
    h("td.wrap", text ? block(text, "span", 280) : h("span.dim", "no answer")),
  );
}
