"""Alters a page as somebody would who knows its form: the hash of the last line is made anew."""

import base64
import gzip
import json
import re
from collections.abc import Callable

from evalkit.report.page.trailer import MARK, Whole, read_trailer, trailer

CORE = re.compile(rb'(id="ek-core">)([^<]*)')
MEMBER = re.compile(rb'(id="ek-m\d+">)([^<]*)')
FIGURES = re.compile(rb'(id="evalkit-summary">)([^<]*)')


def rehashed(page: bytes) -> bytes:
    """Return a page with a hash that fits, and without a signature."""
    said = read_trailer(page)[1] if MARK in page else {"made_of": "", "left_out": []}
    body = page[: page.rindex(MARK)] if MARK in page else page
    whole = Whole()
    whole.update(body)
    return body + trailer(whole, said["made_of"], said["left_out"])


def figures(page: bytes, change: Callable[[dict], None]) -> bytes:
    """Change the figures of a page."""

    def changed(found: re.Match[bytes]) -> bytes:
        document = json.loads(found[2])
        change(document)
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        for each in "<>&\u2028\u2029":
            text = text.replace(each, f"\\u{ord(each):04x}")
        return found[1] + text.encode()

    return rehashed(FIGURES.sub(changed, page, count=1))


def core(page: bytes, change: Callable[[dict, bytearray], None]) -> bytes:
    """Change the columns of a page: `change` gets the header and what follows it."""

    def changed(found: re.Match[bytes]) -> bytes:
        raw = gzip.decompress(base64.b64decode(found[2]))
        end = 4 + int.from_bytes(raw[:4], "little")
        head, data = json.loads(raw[4:end]), bytearray(raw[end:])
        change(head, data)
        text = json.dumps(head, separators=(",", ":")).encode()
        text += b" " * (-(len(text) + 4) % 8)
        packed = gzip.compress(len(text).to_bytes(4, "little") + text + bytes(data), mtime=0)
        return found[1] + base64.b64encode(packed)

    return rehashed(CORE.sub(changed, page, count=1))


def trace(page: bytes, old: bytes, new: bytes) -> bytes:
    """Change the first trace that holds `old`."""
    done = False

    def changed(found: re.Match[bytes]) -> bytes:
        nonlocal done
        raw = gzip.decompress(base64.b64decode(found[2]))
        if done or old not in raw:
            return found[0]
        done = True
        return found[1] + base64.b64encode(gzip.compress(raw.replace(old, new, 1), mtime=0))

    page = MEMBER.sub(changed, page)
    assert done
    return rehashed(page)


def text(page: bytes, old: bytes, new: bytes) -> bytes:
    """Change what stands in a page as it is."""
    assert old in page
    return rehashed(page.replace(old, new, 1))
