"""A floor for ingest: LangSmith-shaped JSON lines -> the columns of the store, without objects.

    python ingest_floor.py RUNS.jsonl OUT.parquet A_STORED_PART.parquet     (the part gives the schema)

A program written for one form of file and no other: what is odd is counted and left out, there are
no examples, no copies, no journal. `ingest.py` holds `evalkit fetch` against it. Prints JSON: CPU
seconds, peak MB, runs, steps, odd.
"""

# ruff: noqa
# mypy: ignore-errors

import gc
import hashlib
import json
import re
import resource
import sys
from datetime import UTC, datetime
from itertools import accumulate, chain
from operator import attrgetter

import msgspec
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
from msgspec import Raw, Struct

NULL = Raw(b"null")
FALSY = {b"null", b'""', b"[]", b"{}", b"0", b"0.0", b"-0.0", b"false"}
DOUBT = re.compile(rb'(?<!\\)"[:,]\s|[:,\[{]\s*[\[{]\s|\\u|\\/|\d[eE]|\d{17}|\.\d*0[,\]}]')
MICROS = pa.timestamp("us", tz="UTC")
GROUP, PART = 512, 4096


class Odd(Exception):
    """This run needs the slow path."""


class Record(Struct, forbid_unknown_fields=True, gc=False):
    id: str
    name: str | None = None
    run_type: str | None = None
    trace_id: Raw = NULL
    parent_run_id: str | None = None
    parent_run_ids: Raw = NULL
    dotted_order: str = ""
    session_id: Raw = NULL
    start_time: str | None = None
    end_time: str | None = None
    first_token_time: str | None = None
    status: str | None = None
    error: str | None = None
    inputs: Raw = NULL
    outputs: Raw = NULL
    extra: Raw = NULL
    tags: list[str] | None = None
    child_runs: "list[Record] | None" = None
    reference_example_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    total_cost: float | None = None
    prompt_cost: float | None = None
    completion_cost: float | None = None


class Meta(Struct, gc=False):
    model: str | None = None
    ls_model_name: str | None = None
    model_name: str | None = None
    langgraph_node: str | None = None
    thread_id: str | None = None
    session_id: str | None = None
    conversation_id: str | None = None
    assistant_id: str | None = None


decode = msgspec.json.Decoder(Record).decode
decode_extra = msgspec.json.Decoder(dict[str, Raw]).decode
decode_meta = msgspec.json.Decoder(Meta).decode
encode = msgspec.json.Encoder().encode
NO_META, NO_EXTRA = Meta(), (b"null", Meta(), b"")
seen_extra: dict[bytes, tuple] = {}
KINDS = {"llm", "tool", "retriever", "chain"}
of_step = attrgetter(
    "id", "name", "error", "start_time", "end_time", "first_token_time", "tags", "inputs", "outputs"
)


def extra_of(raw):
    """Metadata text, its few known fields, and the text of what is left over; most records repeat it."""
    text = bytes(raw)
    found = seen_extra.get(text)
    if found is None:
        if text == b"null":
            return NO_EXTRA
        fields = decode_extra(text)
        meta = bytes(fields.pop("metadata", NULL))
        left = b",".join(
            orjson.dumps(k) + b":" + bytes(v) for k, v in fields.items() if bytes(v) not in FALSY
        )
        empty = meta in (b"null", b"{}")
        found = (b"null" if empty else meta, NO_META if empty else decode_meta(meta), left)
        if len(seen_extra) > 4096:
            seen_extra.clear()
        seen_extra[text] = found
    return found


def usage_of(r):
    if not (r.total_tokens or r.prompt_tokens or r.completion_tokens or r.total_cost):
        return None
    total, cost = r.total_tokens, r.total_cost
    if total is None and r.prompt_tokens is not None and r.completion_tokens is not None:
        total = r.prompt_tokens + r.completion_tokens
    if cost is None and r.prompt_cost is not None and r.completion_cost is not None:
        cost = r.prompt_cost + r.completion_cost
    return (r.prompt_tokens, r.completion_tokens, total, r.prompt_cost, r.completion_cost, cost)


NO_USAGE = (None,) * 6


def in_order(root):
    """Descendants in pre-order, by dotted order, each with its parent; anything else is `Odd`."""
    records, waiting = [], list(root.child_runs or ())
    while waiting:
        r = waiting.pop()
        if r.child_runs:
            waiting += r.child_runs
        records.append(r)
    records.sort(key=attrgetter("dotted_order"))
    ids, paths, parents = [root.id], [root.dotted_order + "."], []
    for r in records:
        dotted = r.dotted_order
        while not dotted.startswith(paths[-1]):
            ids.pop(), paths.pop()
            if not paths:
                raise Odd("tree")
        if r.parent_run_id != ids[-1]:
            raise Odd("tree")
        parents.append(ids[-1])
        ids.append(r.id)
        paths.append(dotted + ".")
    if len({r.id for r in records}) != len(records):
        raise Odd("duplicate step")
    return records, parents


def usages(records, parents):
    found, covered = {}, set()
    up = dict(zip([r.id for r in records], parents))
    for r in reversed(records):
        if r.id in covered:
            continue
        usage = usage_of(r)
        if usage is None:
            if r.run_type == "llm" and (
                b"usage_metadata" in bytes(r.outputs) or b"usage_metadata" in bytes(r.extra)
            ):
                raise Odd("usage inside a payload")
            continue
        found[r.id] = usage
        parent = up[r.id]
        while parent in up and parent not in covered:
            covered.add(parent)
            parent = up[parent]
    return found


class Columns:
    """Rows of one row group as plain lists, one call a run, one conversion a column."""

    def __init__(self, digest):
        self.digest = digest
        self.clear()

    def clear(self):
        self.runs, self.steps, self.counts = [], [], []

    def add(self, root, repetition):
        records, parents = in_order(root)
        if b"__interrupt__" in bytes(root.outputs):
            raise Odd("interrupt")
        used = usages(records, parents) if records else {}
        root_usage = usage_of(root)
        if root_usage is None and used:
            columns = list(zip(*used.values()))
            root_usage = tuple(
                sum(v for v in c if v is not None) if any(v is not None for v in c) else None
                for c in columns
            )
        rows, left, top = [], [], root.id
        for r, parent in zip(records, parents):
            meta, known, rest = extra_of(r.extra)
            kind = r.run_type if r.run_type in KINDS else None
            if kind is None:
                kind, said = (
                    "other",
                    b'"ls_run_type":' + orjson.dumps((r.run_type or "").lower()) + b"}",
                )
                if b'"ls_run_type":' in meta:
                    raise Odd("metadata that says `ls_run_type` itself")
                meta = b"{" + said if meta == b"null" else meta[:-1] + b"," + said
            elif (
                kind == "chain"
                and known.langgraph_node is not None
                and known.langgraph_node == r.name
            ):
                kind = "node"
            if rest:
                left.append(b'"' + r.id.encode() + b'":{"extra":{' + rest + b"}}")
            rows.append(
                (
                    *of_step(r),
                    None if parent == top else parent,
                    kind,
                    known.model or known.ls_model_name or known.model_name,
                    Raw(meta),
                    used.get(r.id, NO_USAGE),
                )
            )
        meta, known, rest = extra_of(root.extra)
        extra = []
        if rest:
            extra.append(b'"extra":{' + rest + b"}")
        if left:
            extra.append(b'"steps":{' + b",".join(left) + b"}")
        extra = b"{" + b",".join(extra) + b"}" if extra else b"null"
        row = (
            *of_step(root),
            known.assistant_id,
            known.thread_id or known.session_id or known.conversation_id,
            (root.status or "").lower() or "success",
            root.reference_example_id,
            repetition,
            len(rows),
            Raw(meta),
            Raw(extra),
            root_usage or NO_USAGE,
        )
        self.runs.append((*row, self.digest(encode((row, rows)))))
        self.steps += rows
        self.counts.append(len(rows))


def body(raws):
    """JSON texts as one string array: joined once, nothing parsed; `null` becomes missing."""
    data = b"".join(raws)
    ends = pa.py_buffer(np.fromiter(accumulate(map(len, raws), initial=0), np.int32, len(raws) + 1))
    made = pa.Array.from_buffers(pa.string(), len(raws), [None, ends, pa.py_buffer(data)])
    return pc.if_else(pc.equal(made, "null"), pa.scalar(None, pa.string()), made)


def python_time(text):
    if text is None:
        return None
    made = datetime.fromisoformat(text)
    return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)


def times(texts, how):
    """Read in one cast what all have a zone or all have none; else one by one."""
    if how == "arrow":
        made = pa.array(texts, pa.string())
        try:
            return made.cast(MICROS)
        except pa.ArrowInvalid:
            try:
                return made.cast(pa.timestamp("us")).view(pa.int64()).view(MICROS)
            except pa.ArrowInvalid:
                pass
    return pa.array(list(map(python_time, texts)), MICROS)


def seconds(start, end):
    return pc.divide(pc.subtract(end, start).view(pa.int64()).cast(pa.float64()), 1e6)


def usage_columns(values):
    given = zip(*values) if values else [()] * 6
    names = (
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "input_cost",
        "output_cost",
        "total_cost",
    )
    return {
        n: pa.array(c, pa.int64() if n.endswith("tokens") else pa.float64())
        for n, c in zip(names, given)
    }


def named_in(error):
    """The class an error text names (only as far as this data needs it)."""
    line = error.rstrip().rpartition("\n")[2] if "Traceback (most" in error else error
    return re.match(r"[\w.]*", line)[0].rpartition(".")[2] or None


def arrays(fields, made, n):
    return [made[f.name] if f.name in made else pa.nulls(n, f.type) for f in fields]


def table(columns, schema, how):
    n = len(columns.counts)
    item = schema.field("steps").type.value_type
    (
        ids,
        names,
        errors,
        starts,
        ends,
        firsts,
        tags,
        inputs,
        outputs,
        parents,
        kinds,
        models,
        metas,
        used,
    ) = zip(*columns.steps) if columns.steps else [()] * 14
    a, b, first = times(starts, how), times(ends, how), times(firsts, how)
    made = {
        "step_id": pa.array(ids, pa.string()),
        "parent_id": pa.array(parents, pa.string()),
        "kind": pa.array(kinds, pa.string()),
        "name": pa.array([x or "" for x in names], pa.string()),
        "model": pa.array(models, pa.string()),
        "error": pa.array(errors, pa.string()),
        "started_at": a,
        "ended_at": b,
        "first_token_at": first,
        "latency_s": seconds(a, b),
        "ttft_s": seconds(a, first),
        "tags": pa.array([x or () for x in tags], pa.list_(pa.string())),
        "inputs": body(inputs),
        "outputs": body(outputs),
        "metadata": body(metas),
        **usage_columns(used),
    }
    fields = list(item)
    struct = pa.StructArray.from_arrays(arrays(fields, made, len(ids)), fields=fields)
    offsets = np.fromiter(accumulate(columns.counts, initial=0), np.int32, n + 1)
    steps = pa.ListArray.from_arrays(pa.array(offsets), struct)

    (
        ids,
        names,
        errors,
        starts,
        ends,
        firsts,
        tags,
        inputs,
        outputs,
        assistants,
        threads,
        statuses,
        examples,
        repetitions,
        n_steps,
        metas,
        extras,
        used,
        hashes,
    ) = zip(*columns.runs)
    a, b, first = times(starts, how), times(ends, how), times(firsts, how)
    late = np.iinfo(np.int64).max
    below = np.append(pc.fill_null(made["first_token_at"].view(pa.int64()), late).to_numpy(), late)
    least = np.where(np.diff(offsets) > 0, np.minimum.reduceat(below, offsets[:-1]), late)
    least = np.minimum(least, pc.fill_null(first.view(pa.int64()), late).to_numpy())
    first = pa.array(least, pa.int64(), mask=least == late).view(MICROS)
    made = {
        "run_id": pa.array(ids, pa.string()),
        "thread_id": pa.array(threads, pa.string()),
        "assistant_id": pa.array(assistants, pa.string()),
        "name": pa.array(names, pa.string()),
        "status": pa.array(statuses, pa.string()),
        "outcome": pa.array(statuses, pa.string()),
        "example_id": pa.array(examples, pa.string()),
        "repetition": pa.array(repetitions, pa.int64()),
        "updated_at": b,
        "started_at": a,
        "ended_at": b,
        "first_token_at": first,
        "latency_s": seconds(a, b),
        "ttft_s": seconds(a, first),
        "error": pa.array(errors, pa.string()),
        "error_type": pa.array([e and named_in(e) for e in errors], pa.string()),
        "tags": pa.array([x or () for x in tags], pa.list_(pa.string())),
        "steps_recorded": pa.array([True] * n),
        "n_steps": pa.array(n_steps, pa.int64()),
        "content_hash": pa.array(hashes, pa.string()),
        "inputs": body(inputs),
        "outputs": body(outputs),
        "metadata": body(metas),
        "extra": body(extras),
        "steps": steps,
        **usage_columns(used),
    }
    return pa.Table.from_arrays(arrays(schema, made, n), schema=schema)


DICTIONARIES = [
    "thread_id",
    "assistant_id",
    "name",
    "status",
    "outcome",
    "stopped",
    "multitask_strategy",
    "example_id",
    "error_type",
    "error",
    "url",
    "metadata",
    "extra",
    "tags.list.element",
] + [
    f"steps.list.element.{n}"
    for n in ("kind", "name", "model", "error", "metadata", "tags.list.element")
]
DIGESTS = {
    "blake2b": lambda b: hashlib.blake2b(b, digest_size=16).hexdigest(),
    "sha256": lambda b: hashlib.sha256(b).hexdigest()[:32],
    "xxh3": xxhash.xxh3_128_hexdigest,
}
CODECS = {"zstd1": ("zstd", 1), "zstd3": ("zstd", 3), "lz4": ("lz4", None), "none": ("none", None)}


def canonical(line, how):
    if how == "trust" or (how == "check" and line.isascii() and not DOUBT.search(line)):
        return line
    return orjson.dumps(orjson.loads(line))


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(source, target, like, *given):
    options = {
        "canon": "loads",
        "hash": "sha256",
        "codec": "zstd1",
        "times": "arrow",
        "stop": "all",
        "dict": "own",
    }
    options |= dict(each.split("=") for each in given)
    schema = pq.read_schema(like).remove_metadata()
    began, stop, how = cpu(), options["stop"], options["canon"]
    gc.disable()
    codec, level = CODECS[options["codec"]]
    dictionary = {"own": DICTIONARIES, "all": True, "none": False}[options["dict"]]
    columns, seen, writer, runs, odd, steps = Columns(DIGESTS[options["hash"]]), {}, None, 0, 0, 0

    def flush():
        nonlocal writer
        if stop != "rows" and columns.counts:
            made = table(columns, schema, options["times"])
            if stop == "all":
                if writer is None:
                    writer = pq.ParquetWriter(
                        target,
                        schema,
                        compression=codec,
                        compression_level=level,
                        version="2.6",
                        use_dictionary=dictionary,
                        write_statistics=False,
                        write_page_checksum=True,
                    )
                writer.write_table(made, row_group_size=GROUP)
        columns.clear()

    with open(source, "rb") as file:
        for line in file:
            try:
                root = decode(canonical(line, how))
                if stop == "parse":
                    continue
                if stop == "tree":
                    in_order(root)
                    continue
                example = root.reference_example_id
                repetition = seen.get(example, 0)
                columns.add(root, repetition)
                seen[example] = repetition + 1
            except (msgspec.DecodeError, ValueError, Odd):
                odd += 1  # here stands the slow path
                continue
            runs, steps = runs + 1, steps + columns.counts[-1]
            if len(columns.counts) == GROUP:
                flush()
    flush()
    if writer:
        writer.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                **options,
                "work": round(cpu() - began, 3),
                "process": round(cpu(), 3),
                "MB": round(peak),
                "runs": runs,
                "steps": steps,
                "odd": odd,
            }
        )
    )


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main(*sys.argv[1:])
