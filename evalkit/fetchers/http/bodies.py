"""Bodies: what a server packed, unpacked in small steps, so that no answer is more than it says.

httpx unpacks each piece of a body at once: a few kilobytes of zstd or Brotli, or gzip in gzip, are
gigabytes then. So only gzip and deflate are asked for, and these are unpacked here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from evalkit.fetchers.http.transport import httpx

ASKED = "gzip, deflate"
STEP = 1 << 20
HARMLESS = 64_000_000
MOST = 200
"""An answer beyond `HARMLESS` bytes may be so many times what came over the wire; JSON packs to a
tenth or a fiftieth."""


class Unpacked(Exception):
    """An answer that cannot be unpacked as far as it goes; `str()` says why."""


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """Yield the unpacked body of an unread answer in pieces of at most a megabyte, about.

    Raises `Unpacked` for one in another form than was asked for, or that grows out of all
    proportion, and `httpx.DecodingError` for one that is damaged.
    """
    if response.is_stream_consumed:  # read by whoever made it
        yield from response.iter_bytes()
        return
    form = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if form == "identity":
        yield from response.iter_raw()
    elif form in ("gzip", "x-gzip", "deflate"):
        yield from _inflated(response, form)
    else:
        raise Unpacked(f"the answer is packed as {form[:40]!r}, and {ASKED} was asked for.")


def _inflated(response: httpx.Response, form: str) -> Iterator[bytes]:
    # 47: gzip or zlib, as the data say. A few servers send deflate without its head.
    inflate, begun = zlib.decompressobj(47), False
    came = size = 0
    for raw in response.iter_raw():
        came += len(raw)
        left = raw
        while left:
            try:
                piece = inflate.decompress(left, STEP)
            except zlib.error as error:
                if form == "deflate" and not begun:
                    inflate, begun = zlib.decompressobj(-15), True
                    continue
                raise httpx.DecodingError(str(error), request=response.request) from None
            begun = True
            left = inflate.unconsumed_tail
            size += len(piece)
            if size > max(HARMLESS, MOST * came):
                raise Unpacked(f"the answer unpacks to over {MOST} times its size.")
            if piece:
                yield piece
    if not inflate.eof and came:
        raise httpx.DecodingError("the packed answer is cut short", request=response.request)
