/* The filter box with its hint, and the small buttons that Runs and Compare share. */
function filterBar({ id, placeholder, help, change, toTable, extra }) {
  const input = h("input", {
    type: "search",
    id,
    "aria-label": "Filter",
    placeholder,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": id + "-hint",
  });
  const hint = h("p.hint", { id: id + "-hint" });
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(change, 60);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      clearTimeout(timer);
      change();
    } else if (event.key === "Escape" || event.key === "ArrowDown") {
      event.preventDefault();
      toTable();
    }
  });
  const error = (message) => {
    hint.textContent = message || help;
    hint.classList.toggle("bad", Boolean(message));
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return { input, hint, error, element: h("div.bar-f", h("div.qwrap", input), extra) };
}

function copyButton(label, text) {
  const press = button(label, async () => {
    try {
      await navigator.clipboard.writeText(await text());
      press.textContent = "Copied";
      say("Copied");
    } catch {
      press.textContent = "Copy failed";
    }
    setTimeout(() => (press.textContent = label), 1500);
  });
  return press;
}

const copyLink = () => copyButton("Copy link", () => location.href);

/* A menu of small choices behind one button; Escape and a click elsewhere close it. */
function menu(label, items) {
  const box = h("div.menu", { hidden: true }, items);
  const press = button(label, () => open(box.hidden), { "aria-expanded": "false" });
  const open = (yes) => {
    box.hidden = !yes;
    press.setAttribute("aria-expanded", yes ? "true" : "false");
    if (yes) box.querySelector("button,input")?.focus();
  };
  const wrap = h("div.menu-w", press, box);
  wrap.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || box.hidden) return;
    event.stopPropagation();
    open(false);
    press.focus();
  });
  document.addEventListener("click", (event) => {
    if (!box.hidden && !wrap.contains(event.target)) open(false);
  });
  return { element: wrap, close: () => open(false) };
}

function exportMenu(name, rows) {
  const save = {
    CSV: () => csv(rows()),
    JSON: () => jsonRows(rows()),
    Parquet: () => parquet(rows()),
  };
  const types = {
    CSV: "text/csv",
    JSON: "application/json",
    Parquet: "application/vnd.apache.parquet",
  };
  const one = menu(
    "Export",
    Object.keys(save).map((kind) =>
      h(
        "button.item",
        {
          type: "button",
          onclick: () => {
            download(`${name}.${kind.toLowerCase()}`, save[kind](), types[kind]);
            one.close();
            say(`${kind} of ${int(rows().length)} rows saved`);
          },
        },
        kind,
      ),
    ),
  );
  return one.element;
}

/* Which columns the table shows; kept in the address as `cols`. */
function columnMenu(all, chosen, change) {
  const boxes = all.map((c) => {
    const box = h("input", {
      type: "checkbox",
      checked: chosen.has(c.key),
      onchange: () => {
        if (box.checked) chosen.add(c.key);
        else chosen.delete(c.key);
        change();
      },
    });
    return h("label.item", box, " ", oneLine(c.label));
  });
  return menu("Columns", boxes).element;
}

const plainName = (name) => oneLine(name.replaceAll("_", " "));
const lowWord = (e) =>
  e.type === "bool"
    ? `${e.key}:${e.direction === "lower" ? "yes" : "no"}`
    : `${e.key}${e.direction === "lower" ? ">" : "<"}${e.low}`;
const fieldTerm = (e) =>
  lowWord({
    ...e,
    key: /^[\p{L}_.][\p{L}\p{N}_.@/-]*$/u.test(e.key) ? e.key : JSON.stringify(e.key),
  });
