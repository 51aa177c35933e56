"""Attachment: where the bytes of a file are, and the bytes when an evaluator reads them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LARGEST = 256 << 20
"""Bytes of one attachment; a larger one is refused rather than filling the memory."""
SECONDS = 60.0


class Attachment(dict[str, Any]):
    """What the source says of an attachment (`url`, `mime_type`), read on demand.

    LangSmith's names answer too: `presigned_url` is the `url`, and `reader` opens the bytes. They
    are asked for without any key, whichever host they are on; signed addresses expire, which is
    then the evaluator's error.
    """

    def __missing__(self, name: str) -> Any:
        if name == "presigned_url" and "url" in self:
            return self["url"]
        if name == "reader" and "url" in self:
            self["reader"] = io.BytesIO(self.read())
            return self["reader"]
        raise KeyError(name)

    def read(self) -> bytes:
        """Fetch the bytes; `OSError` when they cannot be had, `ValueError` for odd addresses."""
        from urllib.request import Request, urlopen  # here: it costs start-up, and few need it

        url = str(self["url"])
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"attachment: {url[:80]!r} is no http address. Open it yourself.")
        request = Request(url, headers={"User-Agent": "evalkit"})
        with urlopen(request, timeout=SECONDS) as answer:
            content: bytes = answer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise OSError(f"attachment: {url[:80]!r} is over {LARGEST} bytes.")
        return content


def attachments(places: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return attachments by name; one that is no place is passed on as it is."""
    return {
        name: Attachment(place) if isinstance(place, Mapping) and "url" in place else place
        for name, place in (places or {}).items()
    }
