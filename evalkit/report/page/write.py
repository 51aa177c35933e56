"""Write: one report into one file: whole, or not at all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import IO, Literal

from evalkit.errors import ConfigError
from evalkit.model.kept.replacing import replacing
from evalkit.model.kept.seal import Sign
from evalkit.report.charts import numbers
from evalkit.report.page import html
from evalkit.report.page.embed import Previews, core_of, header, pack_traces, partly
from evalkit.report.page.trailer import Whole, trailer
from evalkit.report.runs.traces import Kept, TraceWriter
from evalkit.report.sections.source import Source
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner, ShareOptions
from evalkit.report.sharing.manifest import shown
from evalkit.report.values.parts import ReportView

MAX_SIZE = 25_000_000
ORDER = (
    "Chosen first: those the page names, then what went wrong or regressed, failing scores, "
    "the slowest 1%, a random share of the rest. Figures are of all."
)
Traces = Literal["embed", "side", "none"]


@dataclass(frozen=True, slots=True)
class Written:
    """A written report: where it is, how large, and what it does not hold."""

    path: Path
    bytes: int
    left_out: list[str]
    side: Path | None = None
    """The file with the traces that lies beside it."""
    removed: tuple[str, ...] = ()
    """What `share` took out, a sentence each."""


def write_report(
    content: Content | ReportView,
    path: Path,
    *,
    max_size: int = MAX_SIZE,
    traces: Traces = "embed",
    share: ShareOptions | None = None,
    made_of: str = "",
    stamp: str = "",
    sign: Sign | None = None,
) -> Written:
    """Write the HTML report to `path`, replacing it only when all of it is there.

    `traces="embed"` holds the file below `max_size` by leaving traces out: those of runs that
    went wrong stay longest. `"side"` puts them into a second file, which the page reads when it is
    chosen; `"none"` leaves them out. With `share`, secrets and personal data are removed. `made_of`
    is a digest of all it is made from, for `lacking`. `stamp` tells this evalkit from any other, so
    that what it wrote of a run for an earlier page can be used again; empty: nothing is. `sign`
    signs the page's hash.
    """
    if traces not in ("embed", "side", "none"):
        raise ConfigError(f"report: traces={traces!r} is unknown. Use embed, side or none.")
    if isinstance(content, ReportView):
        return _write_plain(content, path, share, sign)
    clean = Cleaner() if share is None else _redactor(content, share)
    with TraceWriter() as writer:
        view = shown(content.view, clean)
        budget = _budget(view, content, max_size) if traces == "embed" else None
        previews = pack_traces(content, writer, clean, budget, traces != "none", stamp)
        kept = writer.keep(budget)
        side = path.with_suffix(".ekdata") if traces == "side" else None
        left = left_out_of(content, kept, traces, side)
        core = _core(content, previews, kept, clean, writer, side, traces)
        view = replace(view, left_out=tuple(left + _said(clean)))
        if side is not None:
            view = _beside(view, side, _write_side(side, writer, kept))
        embedded = kept if traces == "embed" else Kept([], {}, {}, 0)
        size = replacing(
            path, lambda file: _stream(file, view, core, writer, embedded, made_of, left, sign)
        )
    return Written(path, size, left, side, tuple(clean.removed()))


def _redactor(content: Content, share: ShareOptions) -> Cleaner:
    from evalkit.report.sharing.share import redactor  # reports that stay do without its patterns

    return redactor(content, share)


def _write_plain(
    view: ReportView, path: Path, share: ShareOptions | None, sign: Sign | None
) -> Written:
    """Write a view without runs."""
    content = _without_runs(view)
    return write_report(content, path, traces="none", share=share, sign=sign)


def _without_runs(view: ReportView) -> Content:
    return Content(view, Source((), None, (), None), ())


def _budget(view: ReportView, content: Content, max_size: int) -> int:
    """Return the bytes left for compressed traces: the page and its columns come first."""
    page = sum(len(piece.encode()) for piece in html.page(view))
    columns = 110 * (len(content.source.rows) if content.source.rows else 0)
    return max(0, (max_size - page - columns) * 3 // 4 - 2000)


def _core(
    content: Content,
    previews: Previews,
    kept: Kept,
    clean: Cleaner,
    writer: TraceWriter,
    side: Path | None,
    traces: Traces,
) -> bytes:
    head = header(content, kept, clean, traces)
    if side is not None:
        index, at = {}, 0
        for name, data in writer.read_all(kept):
            index[name] = [at, len(data)]
            at += len(data)
        head |= {"side": side.name, "index": index}
    return core_of(content, previews, kept, clean).pack(head)


def left_out_of(content: Content, kept: Kept, traces: Traces, side: Path | None) -> list[str]:
    """Say what a page does not hold."""
    total = len(content.source.rows) if content.source.rows else 0
    if not total:
        return ["This report holds figures only, no runs."]
    n = len(kept.where)
    rest = partly(content, n, traces)
    if traces == "none":
        said = f"Traces were left out on request; scores of {numbers.times(total, 'run')} are here."
        return [f"{said} {rest}".rstrip()]
    if side is not None:
        said = f"The traces of {numbers.times(n, 'run')} are in {side.name}, beside this file."
        return [f"{said} {rest}".rstrip()]
    chosen = content.source.chosen
    if not rest or chosen is None:
        return []
    size = " To hold its size, it has fewer than were chosen." if n < chosen.n else ""
    return [f"{rest}{size} {ORDER}"]


def _write_side(side: Path, writer: TraceWriter, kept: Kept) -> str:
    """Write the traces into a file of their own; return its hash."""
    whole = blake2b(digest_size=32)

    def fill(file: IO[bytes]) -> None:
        for _, data in writer.read_all(kept):
            file.write(data)
            whole.update(data)

    replacing(side, fill)
    return whole.hexdigest()


def _beside(view: ReportView, side: Path, digest: str) -> ReportView:
    """Say in the manifest which file lies beside the page, and its hash."""
    if view.manifest is None:
        return view
    return replace(view, manifest={**view.manifest, "side": {"file": side.name, "hash": digest}})


def _said(clean: Cleaner) -> list[str]:
    removed = clean.removed()
    return [f"Removed before sharing: {'; '.join(removed)}."] if removed else []


def _stream(
    file: IO[bytes],
    view: ReportView,
    core: bytes,
    writer: TraceWriter,
    kept: Kept,
    made_of: str,
    left: list[str],
    sign: Sign | None,
) -> None:
    whole = Whole()
    for piece in _pieces(view, core, writer, kept):
        file.write(piece)
        whole.update(piece)
    file.write(trailer(whole, made_of, left, sign))


def _pieces(view: ReportView, core: bytes, writer: TraceWriter, kept: Kept) -> Iterator[bytes]:
    head, middle, tail = html.page(view)
    yield head.encode()
    yield base64.b64encode(core)
    yield middle.encode()
    for name, data in writer.read_all(kept):
        yield f'<script type="text/plain" id="ek-{name}">'.encode()
        yield base64.b64encode(data)
        yield b"</script>\n"
    yield tail.encode()
