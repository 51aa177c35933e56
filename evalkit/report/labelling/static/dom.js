// Elements are made and filled with text; nothing is ever read as markup.
const byId = (id) => document.getElementById(id);

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = shown(text);
  return node;
}

// Characters that could hide or turn text around are shown by their number.
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
function shown(text) {
  return String(text).replace(
    HIDDEN,
    (c) => "⟦U+" + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟧",
  );
}

// Long text opens on demand, with its length said.
const LONG = 6000;
function fill(node, text) {
  node.replaceChildren();
  if (text.length <= LONG) {
    node.textContent = shown(text);
    return;
  }
  node.textContent = shown(text.slice(0, LONG));
  const rest = (text.length - LONG).toLocaleString("en");
  const more = make("button", "btn more-text", `Show ${rest} more characters`);
  more.type = "button";
  more.addEventListener("click", () => {
    node.textContent = shown(text);
  });
  node.append(more);
}

function plural(n, one) {
  return n + " " + one + (n === 1 ? "" : "s");
}
