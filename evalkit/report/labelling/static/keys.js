// Every key is a button as well.
const KEYS = {
  u: takeBack,
  j: () => move(1),
  k: () => move(-1),
  n: note,
  t: theme,
  d: () => open("done"),
  g: () => open("differ"),
};

function open(queue) {
  inTurn(async () => {
    desk.queue = queue;
    if (queue === "todo") {
      const first = nextOpen(desk.at);
      if (first >= 0) desk.at = first;
    }
    await show();
  });
}

// What is typed after `n` belongs to the note of the run that comes: until it is there, it is held.
let held = null;
function note() {
  const mine = { text: "", open: true };
  held = mine;
  inTurn(() => {
    if (held === mine) held = null;
    const field = byId("note");
    field.value += mine.text;
    if (mine.open) field.focus();
  });
}

function hold(event) {
  if (event.key === "Escape") held.open = false;
  else if (event.key === "Backspace") held.text = held.text.slice(0, -1);
  else if (event.key === "Enter") held.text += "\n";
  else if (event.key.length === 1) held.text += event.key;
  event.preventDefault();
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.tagName === "TEXTAREA" || target.tagName === "INPUT") {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (held?.open) {
    hold(event);
    return;
  }
  const choice = facts.choices[Number(event.key) - 1];
  const does = choice ? () => give(choice.value) : KEYS[event.key];
  if (!does || event.repeat) return;
  event.preventDefault();
  does();
});

for (const button of document.querySelectorAll("[data-label]"))
  button.addEventListener("click", () => give(button.dataset.label));
for (const link of document.querySelectorAll("nav a"))
  link.addEventListener("click", (event) => {
    event.preventDefault();
    open(link.dataset.queue);
  });
byId("undo").addEventListener("click", takeBack);
byId("back").addEventListener("click", () => move(-1));
byId("next").addEventListener("click", () => move(1));
byId("theme").addEventListener("click", theme);

function changeRater() {
  const name = byId("who").value.trim();
  if (!name || name === desk.rater) {
    byId("who").value = desk.rater;
    return;
  }
  inTurn(async () => {
    const before = desk.rater;
    desk.rater = name;
    try {
      await begin();
    } catch (error) {
      desk.rater = before;
      byId("who").value = before;
      throw error;
    }
  });
}
byId("whois").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("who").blur();
});
byId("who").addEventListener("change", changeRater);
addEventListener("beforeunload", (event) => {
  if (desk.busy) event.preventDefault();
});
inTurn(begin);
