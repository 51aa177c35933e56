// What is done, and where people or the evaluator do not agree.
async function many() {
  const differ = desk.queue === "differ";
  const { total, labels } = desk.state;
  const left = total - Object.keys(labels).length;
  const rows = await ask(desk.queue, {});
  byId("heading").textContent = differ
    ? "Where people or the evaluator disagree"
    : isDone()
      ? "This queue is done"
      : "Done so far";
  byId("told").textContent = toldOf(differ, left, rows.length);
  byId("rows").replaceChildren(...rows.map((row) => rowOf(row, differ)));
}

function toldOf(differ, left, count) {
  if (!differ) return count ? "Open one to change it; the earlier label is kept in the file." : "";
  if (left) return `Opens when all are labelled: ${left} to go.`;
  if (!count) return "Nowhere: this queue is done, and all say the same.";
  return "Decide each together: the final label counts before the first ones, which stay in the file.";
}

function rowOf(row, differ) {
  const line = make("li");
  const link = make("a", "", row.question || "(nothing was asked)");
  link.href = "#todo";
  link.addEventListener("click", (event) => {
    event.preventDefault();
    inTurn(async () => {
      desk.at = row.place;
      desk.queue = "todo";
      await show();
    });
  });
  const said = make("span", "words");
  said.append(
    pill("you", row.label),
    ...(row.words || []).map((each) => pill(each.who, each.label)),
  );
  line.append(link, make("p", "small", row.answer || "(no answer)"), said);
  if (row.note) line.append(make("p", "small note", `Note: ${row.note}`));
  if (differ) line.append(finals(row));
  return line;
}

function finals(row) {
  const group = make("span", "finals");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Final label");
  group.append(make("span", "small", "Final:"));
  for (const each of facts.choices) {
    const button = make("button", "btn", each.text);
    button.type = "button";
    button.setAttribute("aria-label", `Final label: ${each.text}`);
    button.addEventListener("click", () =>
      inTurn(async () => {
        desk.state = await tell("final", { place: row.place, label: each.value, note: "" });
        status(`Final label “${each.text}”, saved.`);
        await show();
      }),
    );
    group.append(button);
  }
  return group;
}

function pill(who, label) {
  const tone = facts.choices.find((c) => c.text === label)?.tone || "note";
  return make("span", `pill ${tone}`, `${who}: ${label}`);
}
