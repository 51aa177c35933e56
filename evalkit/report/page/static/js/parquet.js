/* A small Parquet writer: one row group, optional columns, plain values, no compression.
   Layout after the format's own description: pages, then a footer in Thrift's compact protocol. */
class Bytes {
  constructor() {
    this.parts = [];
    this.size = 0;
  }
  push(bytes) {
    this.parts.push(bytes);
    this.size += bytes.length;
  }
  join() {
    const out = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function varint(n) {
  const out = [];
  while (n > 127) {
    out.push((n % 128) | 128);
    n = Math.floor(n / 128);
  }
  return [...out, n];
}

const zigzag = (n) => varint(n * 2);
const utf8 = new TextEncoder();

/* Thrift compact: a struct is fields [id, type, bytes]; types: 5 i32, 6 i64, 8 text, 9 list, 12
   struct. */
function struct(fields) {
  const out = [];
  let last = 0;
  for (const [id, type, bytes] of fields) {
    out.push(((id - last) << 4) | type, ...bytes);
    last = id;
  }
  return [...out, 0];
}
const i32 = (id, n) => [id, 5, zigzag(n)];
const i64 = (id, n) => [id, 6, zigzag(n)];
const binary = (text) => {
  const bytes = utf8.encode(text);
  return [...varint(bytes.length), ...bytes];
};
const listOf = (type, items) => [
  ...(items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)]),
  ...items.flat(),
];

/* Which rows have a value: bit-packed runs of eight, with their byte length in front. */
function definitionLevels(values) {
  const groups = Math.ceil(values.length / 8);
  const head = varint(groups * 2 + 1);
  const out = new Uint8Array(4 + head.length + groups);
  new DataView(out.buffer).setUint32(0, head.length + groups, true);
  out.set(head, 4);
  values.forEach((v, i) => {
    if (v !== null) out[4 + head.length + (i >> 3)] |= 1 << (i & 7);
  });
  return out;
}

function plain(values, kind) {
  const present = values.filter((v) => v !== null);
  if (kind === "number") return new Uint8Array(Float64Array.from(present).buffer);
  const out = new Bytes();
  for (const text of present) {
    const body = utf8.encode(text);
    const one = new Uint8Array(4 + body.length);
    new DataView(one.buffer).setUint32(0, body.length, true);
    one.set(body, 4);
    out.push(one);
  }
  return out.join();
}

function parquet(rows) {
  const columns = exportColumns();
  const file = new Bytes();
  file.push(utf8.encode("PAR1"));
  const chunks = columns.map(([name, kind, value]) => {
    const values = Array.from(rows, value);
    const page = new Bytes();
    page.push(definitionLevels(values));
    page.push(plain(values, kind));
    const header = struct([
      i32(1, 0),
      i32(2, page.size),
      i32(3, page.size),
      [5, 12, struct([i32(1, values.length), i32(2, 0), i32(3, 3), i32(4, 3)])],
    ]);
    const start = file.size;
    file.push(Uint8Array.from(header));
    file.push(page.join());
    const type = kind === "number" ? 5 : 6;
    const meta = struct([
      i32(1, type),
      [2, 9, listOf(5, [zigzag(0), zigzag(3)])],
      [3, 9, listOf(8, [binary(name)])],
      i32(4, 0),
      i64(5, values.length),
      i64(6, file.size - start),
      i64(7, file.size - start),
      i64(9, start),
    ]);
    return struct([i64(2, start), [3, 12, meta]]);
  });
  const leaf = ([name, kind]) =>
    struct([
      i32(1, kind === "number" ? 5 : 6),
      i32(3, 1),
      [4, 8, binary(name)],
      ...(kind === "text" ? [i32(6, 0)] : []),
    ]);
  const schema = [struct([[4, 8, binary("schema")], i32(5, columns.length)]), ...columns.map(leaf)];
  const group = struct([[1, 9, listOf(12, chunks)], i64(2, file.size - 4), i64(3, rows.length)]);
  const footer = Uint8Array.from(
    struct([
      i32(1, 1),
      [2, 9, listOf(12, schema)],
      i64(3, rows.length),
      [4, 9, listOf(12, [group])],
      [6, 8, binary("evalkit report")],
    ]),
  );
  file.push(footer);
  const tail = new Uint8Array(8);
  new DataView(tail.buffer).setUint32(0, footer.length, true);
  tail.set(utf8.encode("PAR1"), 4);
  file.push(tail);
  return file.join();
}
