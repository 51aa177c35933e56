/* Alignment: what was expected beside what happened, step by step, as an evaluator of
   trajectories left it. */
const ALIGNED = {
  match: "✓ as expected",
  replace: "✕ another step",
  insert: "✕ not expected",
  delete: "✕ did not happen",
};

/* Every entry an evaluator may leave, or null when it left none that can be drawn. */
function alignmentOf(feedback) {
  const found =
    feedback.metadata && Object.hasOwn(feedback.metadata, "alignment")
      ? feedback.metadata.alignment
      : null;
  if (!Array.isArray(found) || !found.length) return null;
  return found.filter((one) => one && typeof one === "object" && Object.hasOwn(ALIGNED, one.op));
}

function alignmentCell(value) {
  return value === null || value === undefined
    ? h("td.dim", DASH)
    : h("td", block(plainText(value), "span.mono", 300));
}

function alignmentTable(entries) {
  const lines = entries.map((one, i) =>
    h(
      "tr",
      h("td.r.num.dim", i + 1),
      h("td" + (one.op === "match" ? "" : ".bad"), ALIGNED[one.op]),
      alignmentCell(one.expected),
      alignmentCell(one.actual),
    ),
  );
  return table("align", [["#", "r"], ["Reading"], ["Expected"], ["Happened"]], lines);
}

/* Closed when all is as expected: then the score says it already. */
function alignmentDetails(feedback) {
  const entries = alignmentOf(feedback);
  if (!entries?.length) return null;
  const off = entries.filter((one) => one.op !== "match").length;
  const title = off
    ? `Trajectory: ${off} of ${entries.length} steps differ`
    : `Trajectory: all ${entries.length} steps as expected`;
  return h(
    "details.alignment",
    { open: off > 0 && entries.length <= 12 },
    h("summary", title),
    h("div.scroll", { tabindex: 0 }, alignmentTable(entries)),
  );
}
