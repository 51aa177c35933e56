/* Example: all runs of one example, in every experiment and repetition. */
function showExample(query, id) {
  const e = findExample(id);
  if (e < 0) {
    fill(
      VIEWS.example,
      h("h1", { id: "h-example", tabindex: -1 }, "No such example"),
      show(`There is no example “${id}” in this report.`, h("p.note")),
      h("a", { href: "#/runs" }, "Go to the runs"),
    );
    return;
  }
  const evaluators = D.evaluators.slice(0, 12);
  const heads = [
    ...(D.several ? [["Experiment"]] : []),
    ["Repetition", "r"],
    ["Outcome"],
    ...evaluators.map((v) => [plainName(v.key), "r"]),
    ["Latency", "r"],
    ["Output"],
  ];
  const groups = D.head.experiments.map((_, x) => [...D.by(x, e)]);
  const rows = groups.flat();
  const lines = rows.map((r) => {
    const outcome = h("td");
    fillOutcome(outcome, r);
    const scores = evaluators.map((v) => {
      const { text, bad } = scoreText(v, r);
      return h("td.r.num" + (bad ? ".bad" : ""), oneLine(text));
    });
    const rep = numbers("repetition")[r];
    const name = h(
      "a",
      { href: runLink(r) },
      D.several ? oneLine(experimentName(r)) : known(rep) ? `run ${rep}` : "run",
    );
    return h(
      "tr",
      h("th", { scope: "row" }, name),
      D.several ? h("td.r.num", known(rep) ? rep : DASH) : null,
      outcome,
      scores,
      h("td.r.num", duration(numbers("latency")[r])),
      h("td.wrap", oneLine(texts("out").get(r))),
    );
  });
  const question = h("div", block(texts("ex.input").get(e)));
  const whole = (run) => fill(question, wholeQuestion(texts("ex.input").get(e), run));
  if (texts("ex.input").get(e).endsWith("…")) trace(rows[0]).then(whole, () => {});
  fill(
    VIEWS.example,
    h("div.crumb", h("a", { href: list.back }, `‹ ${list.name}`), h("span.sp"), copyLink()),
    h(
      "div.vh",
      h("h1", { id: "h-example", tabindex: -1 }, "Example ", show(exampleId(e), h("span"))),
      h("span.sum", `${int(rows.length)} runs`),
    ),
    question,
    h("div.panel", scroller("Runs of this example", table("cards pairs small", heads, lines))),
  );
}
