"""Verify: hold a page, or a document of figures, against what it was made from."""

from __future__ import annotations

from pathlib import Path

from evalkit.pipeline.verifying.finding import Verified
from evalkit.pipeline.verifying.reading import read_file
from evalkit.project.config import Project


def verify(path: Path, project: Project | None = None, key: str | None = None) -> Verified:
    """Return what differs in a page or a document of figures, and what could not be checked.

    `project` is where its store may be; `key` is the public key that must have signed it, in hex.
    A file that is none of ours raises `ConfigError`, one without a manifest `CannotVerify`.
    """
    found = Verified(path)
    data = read_file(path)
    if isinstance(data, bytes):
        from evalkit.pipeline.verifying.pages import check_page_file

        check_page_file(found, data, project, key)
    else:
        from evalkit.pipeline.verifying.documents import check_document

        check_document(found, data, project, key)
    return found
