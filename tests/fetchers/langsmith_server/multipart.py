"""Reads multipart/form-data bodies, as `POST /runs/multipart` gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator


def parts(content_type: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of every part."""
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if match is None:
        raise ValueError("no boundary")
    mark = b"--" + match[1].encode()
    for section in body.split(mark)[1:]:
        if section.startswith(b"--"):
            return
        head, _, content = section.strip(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name is None:
            raise ValueError("a part without a name")
        yield name[1].decode(), content
