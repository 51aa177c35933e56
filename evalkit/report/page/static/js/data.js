/* The packed data: columns for tables and filters, traces that are inflated when a run is
   opened. */
const decoder = new TextDecoder();
const NONE = 0xffffffff;
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array };

function unbase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* A column of texts: one buffer and where each text ends; decoded only for what is on the
   screen. */
class Texts {
  constructor(ends, bytes) {
    this.ends = ends;
    this.bytes = bytes;
    this.length = ends.length;
  }
  get(i) {
    return decoder.decode(this.bytes.subarray(i ? this.ends[i - 1] : 0, this.ends[i]));
  }
  /* One lower-cased text of all rows, and where each row ends in it. */
  index() {
    if (this.lower !== undefined) return;
    const text = decoder.decode(this.bytes);
    this.stops = text.length === this.bytes.length ? this.ends : this.characterEnds();
    let lower = text.toLowerCase();
    // Some letters change length (İ); then only ASCII is lowered, so that the ends stay true.
    if (lower.length !== text.length) lower = text.replace(/[A-Z]+/g, (s) => s.toLowerCase());
    this.lower = lower;
  }
  characterEnds() {
    const stops = new Uint32Array(this.length);
    let units = 0;
    let i = 0;
    for (let row = 0; row < this.length; row++) {
      for (; i < this.ends[row]; i++) {
        const byte = this.bytes[i];
        if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
      }
      stops[row] = units;
    }
    return stops;
  }
  /* Set bits[row] for every row that contains `term` (already lower case). */
  mark(term, bits) {
    if (!term) return void bits.fill(1);
    this.index();
    const { lower, stops, length } = this;
    let at = lower.indexOf(term);
    let row = 0;
    while (at >= 0) {
      let high = length - 1;
      while (row < high) {
        const middle = (row + high) >> 1;
        if (stops[middle] > at) high = middle;
        else row = middle + 1;
      }
      const inside = at + term.length <= stops[row];
      if (inside) bits[row] = 1;
      at = lower.indexOf(term, inside ? stops[row] : at + 1);
    }
  }
}

/* Run ids that are all UUIDs are kept as 16 bytes each. */
class Uuids {
  constructor(bytes) {
    this.bytes = bytes;
    this.length = bytes.length / 16;
  }
  get(i) {
    const hex = Array.from(this.bytes.subarray(i * 16, i * 16 + 16), (b) =>
      b.toString(16).padStart(2, "0"),
    ).join("");
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join("-");
  }
  mark(term, bits) {
    if (!term) return void bits.fill(1);
    for (let i = 0; i < this.length; i++) if (this.get(i).includes(term)) bits[i] = 1;
  }
}

const D = {};

async function load() {
  const raw = await gunzip(await coreBytes());
  const size = new DataView(raw.buffer).getUint32(0, true);
  D.head = JSON.parse(decoder.decode(raw.subarray(4, 4 + size)));
  const base = 4 + size;
  D.columns = new Map(
    Object.entries(D.head.columns).map(([name, c]) => [name, column(raw, base, c)]),
  );
  D.cache = new Map();
  D.runs = D.columns.get("exp").length;
  D.examples = D.columns.get("ex.id").length;
  D.exp = codes("exp");
  D.ex = codes("ex");
  D.outcome = codes("outcome");
  D.sets = Object.fromEntries(
    Object.entries(D.head.outcomeSets).map(([name, all]) => [
      name,
      new Set(all.map((each) => D.head.outcomes.indexOf(each))),
    ]),
  );
  D.several = D.head.experiments.length > 1;
  D.evaluators = D.head.evaluators.map((e, i) => ({ ...e, i }));
  groupRuns();
}

async function coreBytes() {
  const node = $("#ek-core");
  if (node.dataset.url) return new Uint8Array(await (await fetch(node.dataset.url)).arrayBuffer());
  const bytes = unbase64(node.textContent);
  node.remove();
  return bytes;
}

function column(raw, base, c) {
  if (c.t === "uuid") return new Uuids(raw.subarray(base + c.at, base + c.at + c.n * 16));
  if (c.t === "str") {
    const ends = new Uint32Array(raw.buffer, base + c.at, c.n);
    return new Texts(ends, raw.subarray(base + c.bytes, base + c.bytes + c.size));
  }
  const values = new ARRAYS[c.t](raw.buffer, base + c.at, c.n);
  values.rule = c;
  return values;
}

const codes = (name) => D.columns.get(name);
const texts = (name) => D.columns.get(name);

/* A number column as doubles, NaN where there is no value; decoded when first asked for. */
function numbers(name) {
  let out = D.cache.get(name);
  if (out) return out;
  const values = D.columns.get(name);
  const { dict, scale, missing } = values.rule;
  out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const v = values[i];
    if (v === missing || Number.isNaN(v)) out[i] = NaN;
    else out[i] = dict ? dict[v] : scale ? v / scale : v;
  }
  D.cache.set(name, out);
  return out;
}

/* D.by(experiment, example): the rows of that example's runs, in order of repetition. */
function groupRuns() {
  const width = D.head.experiments.length;
  const start = new Uint32Array(width * D.examples + 1);
  for (let r = 0; r < D.runs; r++) start[D.exp[r] * D.examples + D.ex[r] + 1]++;
  for (let i = 1; i < start.length; i++) start[i] += start[i - 1];
  const next = start.slice();
  const order = new Uint32Array(D.runs);
  for (let r = 0; r < D.runs; r++) order[next[D.exp[r] * D.examples + D.ex[r]]++] = r;
  D.by = (x, e) => order.subarray(start[x * D.examples + e], start[x * D.examples + e + 1]);
}

const score = (e, r) => numbers("s" + e.i)[r];
const cellOutcome = (e, r) => D.head.cellOutcomes[codes("o" + e.i)[r]];
const runId = (r) => texts("id").get(r);
const exampleId = (e) => texts("ex.id").get(e);
const experimentName = (r) => D.head.experiments[D.exp[r]].name;
const outcomeName = (r) => D.head.outcomes[D.outcome[r]];
/* Whether a run is in one of the sets of outcomes: succeeded, failed, unfinished, unknown, cut. */
const ended = (r, set) => D.sets[set].has(D.outcome[r]);

/* What a run has under a field of the header's table; fields that are packed in a form of their
   own. */
const OWN = {
  id: runId,
  experiment: experimentName,
  example: (r) => exampleId(D.ex[r]),
  outcome: outcomeName,
  error: (r) => D.head.errors[codes("err")[r]] ?? null,
  input: (r) => texts("ex.input").get(D.ex[r]),
  output: (r) => texts("out").get(r),
};
function fieldValue(field) {
  if (field.kind === "own") return OWN[field.key];
  if (field.kind === "text") return (r) => texts("t." + field.key).get(r) || null;
  return (r) => numbers(field.key)[r];
}
/* What rows are sorted by: numbers, and the place of words. */
function sortValue(field) {
  if (field.key === "outcome") return (r) => -D.outcome[r];
  if (field.key === "experiment") return (r) => D.exp[r];
  if (field.key === "example" || field.key === "input") return (r) => D.ex[r];
  if (field.kind !== "text") return fieldValue(field);
  let places = null;
  return (r) => {
    const value = fieldValue(field);
    places ||= new Map(
      [...new Set(Array.from({ length: D.runs }, (_, i) => value(i)))]
        .sort()
        .map((word, i) => [word, i]),
    );
    return places.get(value(r));
  };
}

/* Whether a value is on the bad side of its evaluator's middle; null when there is no good side. */
function low(e, value) {
  if (!known(value) || e.low === null) return false;
  return e.direction === "lower" ? value > e.low : value < e.low;
}

function finder(name) {
  let map = null;
  return (id) => {
    if (!map) {
      map = new Map();
      const column = texts(name);
      for (let i = column.length - 1; i >= 0; i--) map.set(column.get(i), i);
    }
    return map.get(id) ?? -1;
  };
}
const findRun = finder("id");
const findExample = finder("ex.id");

/* Traces: members of many runs, read and inflated when one of their runs is opened. */
const members = new Map();
let sideFile = null;

class NeedsSideFile extends Error {}

async function memberBytes(kind, i) {
  if (D.head.index) {
    if (!sideFile) throw new NeedsSideFile();
    const [at, size] = D.head.index[kind + i];
    return new Uint8Array(await sideFile.slice(at, at + size).arrayBuffer());
  }
  const find = () => document.getElementById(`ek-${kind}${i}`);
  if (!find() && document.readyState === "loading") {
    await new Promise((done) =>
      document.addEventListener("DOMContentLoaded", done, { once: true }),
    );
  }
  return unbase64(find().textContent);
}

async function member(kind, i) {
  const key = kind + i;
  let value = members.get(key);
  members.delete(key);
  if (value === undefined)
    value = JSON.parse(decoder.decode(await gunzip(await memberBytes(kind, i))));
  members.set(key, value);
  if (members.size > 24) members.delete(members.keys().next().value);
  return value;
}

/* Numbers that a double cannot hold are kept as the digits they were written with. */
class Digits {
  constructor(text) {
    this.text = text;
  }
}

/* Copy a value with every text passed through `change`. */
function walk(value, change) {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, change));
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, change)]));
}

/* What is not in this page; nothing where all of it is. */
const partly = () => (D.head.partly ? h("p.small-t", D.head.partly) : null);

/* What a count says behind it where not all runs are listed: its figures are not those of all. */
const ofListed = () =>
  D.head.chosen && D.head.chosen.listed < D.head.chosen.total ? " listed" : "";

/* The trace of a run: null when it is not in this report. */
async function trace(r) {
  if (D.head.live) {
    const answer = await fetch(`${D.head.live}run/${r}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return expand(await answer.json());
  }
  const where = codes("where")[r];
  if (where === NONE) return null;
  const size = D.head.memberRuns;
  return expand((await member("m", Math.floor(where / size)))[where % size]);
}

/* Put back the strings that were taken out because they recur. */
async function expand([own, run]) {
  const per = D.head.memberTexts;
  const wanted = new Set();
  const note = (s) => {
    if (s.startsWith("\0b")) wanted.add(Math.floor(Number(s.slice(2)) / per));
    return s;
  };
  walk(own, note);
  walk(run, note);
  const got = new Map();
  for (const i of wanted) got.set(i, await member("b", i));
  const shared = (s) => got.get(Math.floor(Number(s.slice(2)) / per))[Number(s.slice(2)) % per];
  const put = (s) => {
    if (s[0] !== "\0") return s;
    if (s[1] === "b") return put(shared(s));
    if (s[1] === "r") return put(own[Number(s.slice(2))]);
    return s[1] === "i" ? new Digits(s.slice(2)) : s.slice(2);
  };
  return walk(run, put);
}
