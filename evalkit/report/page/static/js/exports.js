/* Saving the filtered runs: CSV that no spreadsheet takes for a formula, JSON, Parquet; Markdown
   to paste. */
function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { download: name, href: url }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/* The columns of an exported table: name, kind ("text" or "number"), value of a row. */
function exportColumns() {
  const nothing = (v) => (Number.isNaN(v) ? null : v);
  const own = (start) =>
    D.head.fields
      .filter((f) => f.start === start)
      .map((f) => {
        const value = fieldValue(f);
        return f.kind === "number"
          ? [f.column, "number", (r) => nothing(value(r))]
          : [f.column, "text", value];
      });
  return [
    ...own(true),
    ...D.head.facets.map((f, i) => [f.name, "text", (r) => f.values[codes("f" + i)[r]] ?? null]),
    ...D.evaluators.flatMap((e) => [
      e.type === "category"
        ? [e.key, "text", (r) => e.values[score(e, r)] ?? null]
        : [e.key, "number", (r) => nothing(score(e, r))],
      [`${e.key}.outcome`, "text", (r) => cellOutcome(e, r)],
    ]),
    ...own(false),
  ];
}

function csvCell(value) {
  let text = value === null ? "" : String(value);
  if (typeof value === "string" && /^[\s]*[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(rows) {
  const columns = exportColumns();
  const lines = [columns.map(([name]) => csvCell(name)).join(",")];
  for (const r of rows) lines.push(columns.map(([, , value]) => csvCell(value(r))).join(","));
  return lines.join("\r\n") + "\r\n";
}

function jsonRows(rows) {
  const columns = exportColumns();
  return (
    "[" +
    Array.from(rows, (r) =>
      JSON.stringify(Object.fromEntries(columns.map(([name, , value]) => [name, value(r)]))),
    ).join(",\n") +
    "]\n"
  );
}

const escapeMarkdown = (text) =>
  text
    .replace(/\s+/g, " ")
    .replace(/([\\`*_{}[\]<>|#~])/g, "\\$1")
    .replaceAll("@", "@\u200b");
const fence = (text) =>
  "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((m) => m[0].length + 1)));

/* One run as Markdown, for an issue or a chat. */
function runMarkdown(r, run) {
  const lines = [
    `### ${escapeMarkdown(runId(r))}: ${outcomeName(r)}`,
    "",
    `Experiment ${escapeMarkdown(experimentName(r))}, example ` +
      `${escapeMarkdown(exampleId(D.ex[r]))}, ${duration(numbers("latency")[r])}`,
    "",
    "| Evaluator | Score | Reason |",
    "|---|--:|---|",
  ];
  for (const e of D.evaluators)
    lines.push(
      `| ${escapeMarkdown(e.key)} | ${escapeMarkdown(scoreText(e, r).text)} | ` +
        `${escapeMarkdown((run && reasonOf(run, e)) || "")} |`,
    );
  if (run) {
    if (run.error) lines.push("", `Error: ${escapeMarkdown(run.error)}`);
    for (const [name, value] of [
      ["Input", run.inputs],
      ["Output", run.outputs],
      ["Expected", run.reference],
    ]) {
      if (value === null || value === undefined) continue;
      const text = typeof value === "string" ? value : prettyJson(value);
      lines.push("", `**${name}**`, "", fence(text), text, fence(text));
    }
  }
  return lines.join("\n") + "\n";
}
