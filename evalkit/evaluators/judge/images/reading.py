"""Reading: what of an image part can be shown to a judge, and why not what cannot.

Runs are hostile: sizes are looked at before anything is decoded, the media type is that of the
bytes, and an address is passed on only where it names a host on the net by https. A judge on one's
own machine fetches such an address from there.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from evalkit.evaluators.judge.images.sizes import Size, kind_of, size_of
from evalkit.model.messages.part import Part

LARGEST = 5 * 1024 * 1024
"""Characters of base64 of one image: the least that makers allow (Anthropic's 5 MB)."""
TOGETHER = 20 * 1024 * 1024
"""Characters of all images of a question; below Anthropic's 32 MB and OpenAI's 50 MB a request."""
LONGEST_URL = 2_048
TOO_LARGE = "too large"
DATA_URL = re.compile(
    r"data:image/([\w.+-]{1,40})((?:;[\w.+=-]{1,60}){0,4});base64,([\w+/=-]*)", re.ASCII
)
"""A picture inside text; whatever follows the base64 is not of it."""
SIGNATURES = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
"""How PNG, JPEG, GIF and WebP begin in base64."""
URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as an endpoint takes it: an https address, or a data URL of a known type."""

    url: str
    mime_type: str | None
    size: Size | None = None

    def __str__(self) -> str:
        size = f"{self.size[0]} x {self.size[1]}" if self.size else ""
        return ", ".join(filter(None, (self.mime_type, size))) or "at an address"


def read_picture(part: Part) -> Picture | str:
    """Return the picture of an image part, or the words that say why there is none."""
    url, data = part.url or "", part.data
    if url[:5].lower() == "data:":
        if len(url) > LARGEST:
            return TOO_LARGE
        found = DATA_URL.fullmatch("".join(url.split()))
        if found is None:
            return "no base64"
        data = found[3]
    if data is not None:
        return _held(data)
    if not url:
        return "not recorded"
    return Picture(url, None) if _is_on_the_net(url) else "its address is not passed on"


def _held(data: str) -> Picture | str:
    if len(data) > LARGEST:
        return TOO_LARGE
    plain = "".join(data.split()).translate(URL_SAFE)
    plain += "=" * (-len(plain) % 4)
    try:
        kind = kind_of(base64.b64decode(plain, validate=True))
    except (binascii.Error, ValueError):
        return "no base64"
    if kind is None:
        return "no PNG, JPEG, GIF or WebP"
    size = size_of(plain)
    return "broken" if size is None else Picture(f"data:{kind};base64,{plain}", kind, size)


def _is_on_the_net(url: str) -> bool:
    """Whether an address is https, of a host with a name that is no machine of one's own."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme != "https" or len(url) > LONGEST_URL or parts.username or "." not in host:
        return False
    if host.endswith((".local", ".localhost", ".internal")) or host[-1].isdigit():
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False
