"""Pictures, sounds, films and files, however a block spells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from evalkit.model.messages.fields import Block, first, words
from evalkit.model.messages.part import Atom, Part, PartKind

# fmt: off
URLS = ("url", "image_url", "imageUrl", "file_url", "fileUri", "file_uri", "uri", "href",
        "audio_url", "video_url")
DATA = ("base64", "data", "bytes", "file_data", "b64_json", "base64_image", "image", "audio",
        "content", "blob", "result")
MIMES = ("mime_type", "mimeType", "mediaType", "media_type", "image_mimetype", "format",
         "document_mimetype")
FILE_NAMES = ("filename", "file_name", "name", "title", "display_name", "file_id", "fileId")
MEDIA: dict[str, PartKind] = {
    "image": "image", "image-url": "image", "input-image": "image", "output-image": "image",
    "image-file": "image", "image-data": "image", "image-generation": "image",
    "audio": "audio", "input-audio": "audio", "output-audio": "audio", "audio-url": "audio",
    "video": "video", "input-video": "video", "video-url": "video", "video-file": "video",
    "file": "file", "input-file": "file", "output-file": "file", "document": "file",
    "file-url": "file", "document-url": "file", "file-data": "file", "file-id": "file",
    "container-upload": "file", "search-result": "file", "resource": "file",
    "resource-link": "file", "blob": "file", "uri": "file", "binary": "file", "data": "file",
    "media": "file", "uploaded-file": "file",
}
# fmt: on


def media(block: Block, kind: PartKind) -> list[Atom]:
    """Read a picture, a sound, a film or a file; what it is follows its media type where stated."""
    held: Any = first(block, ("source", "image_url", "input_audio", "file", "image", "audio"))
    held = held if isinstance(held, Mapping) else block
    if isinstance(held.get("source"), Mapping):
        held = held["source"]
    mime, data = first(held, MIMES) or first(block, MIMES), first(held, DATA)
    url = first(held, URLS)
    if isinstance(data, str) and data.startswith(("http://", "https://", "data:", "s3://")):
        data, url = None, url or data
    if isinstance(data, Mapping) and isinstance(data.get("bytes"), str):
        data = data["bytes"]
    if isinstance(url, Mapping):
        url = url.get("url")
    if isinstance(url, str) and url.startswith("data:") and mime is None:
        mime = url[5:].partition(";")[0] or None
    said = mime if isinstance(mime, str) else str(block.get("modality") or "")
    family = said.partition("/")[0]
    if kind == "file" and family in ("image", "audio", "video"):
        kind = cast(PartKind, family)
    name = first(held, FILE_NAMES) or first(block, FILE_NAMES)
    text = words(block.get("content")) or (held.get("text") if held is not block else None)
    return [
        Part(
            kind=kind,
            text=text if isinstance(text, str) and kind == "file" else "",
            url=url if isinstance(url, str) else None,
            data=data if isinstance(data, str) else None,
            mime_type=mime if isinstance(mime, str) else None,
            name=name if isinstance(name, str) else None,
        )
    ]
