/* The filter: `field:value`, `<  <=  >  >=  =`, ranges, quotes, `-` to exclude, and free text. */
const TOKEN =
  /(-?)(?:("(?:[^"\\]|\\.)*"|[\p{L}_.][\p{L}\p{N}_.@/-]*)(:|<=|>=|<|>|=)("(?:[^"\\]|\\.)*"|\S+)|("(?:[^"\\]|\\.)*"|\S+))/gu;
const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600, k: 1000, "%": 0.01 };
const COMPARE = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  ":": (a, b) => a === b,
};
const CELL_WORDS = {
  missing: null,
  error: "evaluator_error",
  not_applicable: "not_applicable",
  run_failed: "run_failed",
};

function unquote(text) {
  if (text === undefined || text[0] !== '"') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text.replace(/^"|"$/g, "");
  }
}

const quoted = (text) => (/^[^\s"]+$/.test(text) ? text : JSON.stringify(text));

function amount(text) {
  const match = /^(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(ms|s|m|h|k|%)?$/i.exec(text);
  if (!match) return NaN;
  const scale = match[2] ? UNITS[match[2].toLowerCase()] : 1;
  // 500ms is 0.5 and 70% is 0.7 exactly as written, not 70 * 0.01.
  return scale < 1 ? Number(match[1]) / Math.round(1 / scale) : Number(match[1]) * scale;
}

/* The fields of a run that can be asked for, by the name they have in the filter. */
const fieldOf = (name) => D.head.fields.find((f) => f.filterable && f.key === name);

function fieldNames() {
  return [
    ...D.head.fields.filter((f) => f.filterable).map((f) => f.key),
    "has",
    "failing",
    ...D.head.facets.map((f) => f.name),
    ...D.evaluators.map((e) => e.key),
  ];
}

/* A test on numbers, from the operator and the text after it. */
function numberTest(get, operator, text) {
  if (text === "missing") return { test: (r) => Number.isNaN(get(r)) };
  const range = /^(.+?)\.\.(.+)$/.exec(text);
  if (operator === ":" && range) {
    const [from, to] = [amount(range[1]), amount(range[2])];
    if (Number.isNaN(from + to)) return { error: `“${text}” is not a range such as 2s..5s` };
    return { test: (r) => get(r) >= from && get(r) <= to };
  }
  const bound = amount(text);
  if (Number.isNaN(bound)) return { error: `“${text}” is not a number` };
  const compare = COMPARE[operator];
  return { test: (r) => compare(get(r), bound) };
}

function wordTest(name, names, values, text) {
  const i = names.indexOf(text);
  if (i < 0) return { error: `${name} is one of ${names.slice(0, 12).join(", ")}` };
  return { test: (r) => values[r] === i };
}

function evaluatorTest(e, operator, text) {
  const outcomes = codes("o" + e.i);
  const values = numbers("s" + e.i);
  if (Object.hasOwn(CELL_WORDS, text)) {
    if (text === "missing") return { test: (r) => outcomes[r] !== 0 };
    const code = D.head.cellOutcomes.indexOf(CELL_WORDS[text]);
    return { test: (r) => outcomes[r] === code };
  }
  if (e.type === "category") return wordTest(e.key, e.values, values, text);
  if (text === "yes" || text === "no") {
    const wanted = text === "yes" ? 1 : 0;
    return { test: (r) => values[r] === wanted };
  }
  return numberTest((r) => values[r], operator, text);
}

function markTest(name, text, rowOf) {
  const column = texts(name);
  const bits = new Uint8Array(column.length);
  column.mark(text.toLowerCase(), bits);
  return { test: (r) => bits[rowOf ? rowOf[r] : r] === 1 };
}

function fieldTest(name, operator, text, pair) {
  const field = fieldOf(name);
  if (name === "failing" || field?.kind === "number") {
    const values = numbers(field ? field.key : "low");
    return numberTest((r) => values[r], operator, text);
  }
  const evaluator = D.evaluators.find((e) => e.key === name);
  if (evaluator) return evaluatorTest(evaluator, operator, text);
  if (pair && name.startsWith("d.")) {
    const delta = pair(name.slice(2));
    if (delta) return { ...numberTest(delta, operator, text), byExample: true };
  }
  if (name === "outcome")
    return Object.hasOwn(D.sets, text)
      ? { test: (r) => ended(r, text) }
      : wordTest("outcome", D.head.outcomes, D.outcome, text);
  if (field?.kind === "text") return markTest("t." + name, text);
  if (name === "experiment" || name === "exp")
    return wordTest(
      "experiment",
      D.head.experiments.map((x) => x.name),
      D.exp,
      text,
    );
  if (name === "error") return errorTest(text);
  if (name === "has" && text === "trace") return { test: hasTrace };
  if (name === "id") return markTest("id", text);
  if (name === "example") return markTest("ex.id", text, D.ex);
  const f = D.head.facets.findIndex((facet) => facet.name === name);
  if (f >= 0) return wordTest(name, D.head.facets[f].values, codes("f" + f), text);
  return null;
}

const hasTrace = (r) => Boolean(D.head.live) || codes("where")[r] !== NONE;

function errorTest(text) {
  const hits = D.head.errors.map((e) => e.toLowerCase().includes(text.toLowerCase()));
  const errors = codes("err");
  return { test: (r) => hits[errors[r]] === true };
}

function freeText(text) {
  const wanted = text.toLowerCase();
  const parts = [
    markTest("ex.input", wanted, D.ex),
    markTest("ex.id", wanted, D.ex),
    markTest("out", wanted),
    markTest("id", wanted),
  ];
  return { test: (r) => parts.some((part) => part.test(r)) };
}

/* Turn a query into tests on run rows (and on examples, for `d.FIELD`), or an error for people. */
function compile(query, pair) {
  const runs = [];
  const examples = [];
  for (const match of query.matchAll(TOKEN)) {
    const [all, minusSign, field, operator, value, free] = match;
    const text = unquote(value);
    let made = field ? fieldTest(unquote(field), operator, text, pair) : null;
    if (!made && field && operator !== ":") {
      return {
        runs: [],
        examples: [],
        error: `unknown field “${unquote(field)}”. Fields: ${fieldNames().join(", ")}`,
      };
    }
    made ??= freeText(field ? all.slice(minusSign.length) : unquote(free));
    if (made.error) return { runs: [], examples: [], error: made.error };
    const test = minusSign ? (r) => !made.test(r) : made.test;
    (made.byExample ? examples : runs).push(test);
  }
  return { runs, examples, error: "" };
}

function select(tests, size) {
  const out = new Uint32Array(size);
  let k = 0;
  next: for (let r = 0; r < size; r++) {
    for (const test of tests) if (!test(r)) continue next;
    out[k++] = r;
  }
  return out.subarray(0, k);
}

/* Rows in order of `key`; missing values last either way; ties keep their order. */
function sortRows(rows, key, descending) {
  const keys = Float64Array.from(rows, (r) => key(r));
  const order = Uint32Array.from(rows, (_, i) => i);
  order.sort((i, j) => {
    const a = keys[i];
    const b = keys[j];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || i - j;
    return (descending ? b - a : a - b) || i - j;
  });
  return Uint32Array.from(order, (i) => rows[i]);
}

/* The query with the terms of one field replaced. */
function withTerm(query, name, term) {
  const kept = [...query.matchAll(TOKEN)].filter((m) => unquote(m[2]) !== name).map((m) => m[0]);
  return [...kept, term].filter(Boolean).join(" ");
}
