/* Building the page. No innerHTML anywhere: the policy has require-trusted-types-for 'script' and
   no trusted type, so a string can never become markup. Run content arrives only as text nodes. */
const $ = (selector) => document.querySelector(selector);
const root = document.documentElement;

/* An element: its tag with classes, then what it is given, if anything, then what it holds. */
function h(tag, props, ...kids) {
  if (props?.constructor !== Object) {
    kids.unshift(props);
    props = null;
  }
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  return add(node, kids);
}

function add(node, kids) {
  for (const kid of kids) {
    if (Array.isArray(kid)) add(node, kid);
    else if (kid !== null && kid !== undefined && kid !== false) node.append(kid);
  }
  return node;
}

function fill(node, ...kids) {
  node.replaceChildren();
  return add(node, kids);
}

function say(text) {
  $("#live").textContent = text;
}

function button(label, onclick, props) {
  return h("button.btn", { type: "button", onclick, ...props }, label);
}

/* Class names that come from content must be a plain word. */
const word = (text, fallback) => (/^[a-z]+$/.test(text) ? text : fallback);

/* Control, zero-width and bidi characters, which could hide or reorder what a reader sees. */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g;

/* Append `text` with every hidden character shown as a chip. */
function show(text, into) {
  let at = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > at) into.append(text.slice(at, match.index));
    const code = "U+" + match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    into.append(h("span.ctl", { title: "Control character" }, code));
    at = match.index + 1;
  }
  if (at < text.length) into.append(text.slice(at));
  return into;
}

const oneLine = (text) => text.replace(HIDDEN, "·").replace(/\s+/g, " ");

/* A block of text; a long one opens in pieces, so that five megabytes do not stop the page. */
const SHOWN = 6000;
function block(text, tag = "div.txt", upto = SHOWN) {
  text = String(text ?? "");
  const node = h(tag, { dir: "auto" });
  if (text.length <= upto) return show(text, node);
  show(text.slice(0, upto), node);
  let at = upto;
  const more = h("button.link", { type: "button" });
  const label = () => {
    more.textContent =
      `Show ${int(Math.min(200000, text.length - at))} of ` +
      `${int(text.length - at)} more characters`;
  };
  more.addEventListener("click", () => {
    show(text.slice(at, at + 200000), node);
    at += 200000;
    if (at >= text.length) more.remove();
    else label();
  });
  label();
  return h("div", node, more);
}

/* A table that scrolls sideways; focusable, so that the keyboard can scroll it too. */
function scroller(label, ...kids) {
  return h("div.scroll", { tabindex: 0, role: "region", "aria-label": label }, ...kids);
}

/* A table; one of class `cards` becomes a card a row where it is narrow, and keeps its roles. */
function table(cls, heads, rows) {
  const head = heads.map(([text, c]) => h("th" + (c ? "." + c : ""), { scope: "col" }, text));
  const node = h(
    "table." + cls.replaceAll(" ", "."),
    null,
    h("thead", h("tr", head)),
    h("tbody", rows),
  );
  for (const cell of node.querySelectorAll("td")) cell.dataset.head = heads[cell.cellIndex]?.[0];
  return /cards/.test(cls) ? withRoles(node) : node;
}

/* What becomes cards loses the roles of a table where they are not said. */
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
function withRoles(node) {
  for (const each of [node, ...node.querySelectorAll("thead,tbody,tr,td,th")]) {
    const wide = node.tHead.contains(each) ? "columnheader" : "rowheader";
    each.setAttribute("role", ROLES[each.tagName] || wide);
  }
  return node;
}
for (const node of document.querySelectorAll(".cards")) withRoles(node);
for (const node of document.querySelectorAll("main svg,.pill i"))
  node.setAttribute("aria-hidden", "true");
for (const node of document.querySelectorAll(".heat i")) {
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", node.className === "good" ? "better" : "worse");
}
