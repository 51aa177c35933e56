/* JSON as text and as a tree of text nodes; digits that a double cannot hold stay as written. */
function prettyJson(value, indent = "") {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) {
    if (!value.length) return "[]";
    const inner = value.map((item) => indent + "  " + prettyJson(item, indent + "  "));
    return `[\n${inner.join(",\n")}\n${indent}]`;
  }
  if (value && typeof value === "object") {
    const keys = Object.keys(value);
    if (!keys.length) return "{}";
    const inner = keys.map(
      (key) => `${indent}  ${JSON.stringify(key)}: ${prettyJson(value[key], indent + "  ")}`,
    );
    return `{\n${inner.join(",\n")}\n${indent}}`;
  }
  return JSON.stringify(value ?? null);
}

const PIECE =
  /("(?:[^"\\]|\\.)*")(\s*:)?|-?\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b|\b(?:true|false|null)\b/gi;
const COLOURED = 60000;

function jsonBlock(value) {
  const text = prettyJson(value);
  if (text.length > COLOURED) return block(text, "pre");
  const node = h("pre", { dir: "auto" });
  let at = 0;
  for (const match of text.matchAll(PIECE)) {
    if (match.index > at) node.append(text.slice(at, match.index));
    const piece = match[1] ?? match[0];
    node.append(show(piece, h("span." + (match[2] ? "j-k" : match[1] ? "j-s" : "j-n"))));
    at = match.index + piece.length;
  }
  node.append(text.slice(at));
  return node;
}

/* What a person reads first in inputs or outputs: a lone text as text, anything else as JSON. */
function textIn(value) {
  if (typeof value === "string") return value;
  if (!value || typeof value !== "object" || Array.isArray(value) || value instanceof Digits)
    return null;
  const entries = Object.values(value);
  return entries.length === 1 && typeof entries[0] === "string" ? entries[0] : null;
}

function valueBlock(value, nothing) {
  if (value === null || value === undefined || value === "") return h("p.empty", nothing);
  const text = textIn(value);
  return text === null ? jsonBlock(value) : block(text);
}

const plainText = (value) =>
  value === null || value === undefined ? "" : (textIn(value) ?? prettyJson(value));
