"""Pages: the hash and signature of a page, then all it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from evalkit.errors import CannotVerify, EvalkitError
from evalkit.pipeline.concluding import Ran
from evalkit.pipeline.reporting import page_content
from evalkit.pipeline.verifying import sources
from evalkit.pipeline.verifying.again import again, is_stored
from evalkit.pipeline.verifying.finding import Verified
from evalkit.pipeline.verifying.itself import check_itself
from evalkit.pipeline.verifying.reading import UNLIKE, check_signature, manifest_of
from evalkit.pipeline.verifying.remade import check_page
from evalkit.project.config import Project
from evalkit.report.page.opened import Opened, opened
from evalkit.report.page.trailer import MARK, hash_said, is_old, read_trailer
from evalkit.report.runs.unpack import Columns
from evalkit.report.sections.view import Content


def check_page_file(found: Verified, data: bytes, project: Project | None, key: str | None) -> None:
    """Note everything in which a page is not what evalkit made."""
    try:
        page = opened(data)
        columns = Columns(page.core)
        figures = page.figures
    except UNLIKE as error:
        if MARK not in data:
            raise CannotVerify(
                f"{found.file}: is no whole page of evalkit ({error}). Make it anew: "
                "`evalkit report`."
            ) from None
        check_hash(found, data, key)
        found.differs("bytes", f"the page cannot be read on: {error}")
        return
    manifest = _manifest(found, data, figures, key)
    if manifest is None:
        return
    try:
        _check(found, page, columns, manifest, project)
    except UNLIKE as error:
        found.differs("bytes", f"the page is not as evalkit writes it ({error!r})")


def _manifest(
    found: Verified, data: bytes, figures: Mapping[str, Any], key: str | None
) -> dict[str, Any] | None:
    """Return the manifest of a page, its hash and signature checked; None: it was altered."""
    if "manifest" not in figures and is_old(data):
        return manifest_of(found.file, figures)
    check_hash(found, data, key)
    try:
        return manifest_of(found.file, figures)
    except EvalkitError as error:
        if found.good:
            raise
        found.differs("bytes", str(error))
        return None


def _check(
    found: Verified,
    page: Opened,
    columns: Columns,
    manifest: Mapping[str, Any],
    project: Project | None,
) -> None:
    same_code = sources.check_versions(found, manifest)
    side = _side(found, manifest)
    if project is not None and is_stored(found, project, manifest):
        ran = again(found, project, manifest)
        if ran is not None:
            found.against = "store"
            content = _content(project, ran, manifest, _most(columns))
            check_page(found, page, columns, content, side=side, same_code=same_code)
            return
    elif project is None:
        is_stored(found, project, manifest)
    check_itself(found, page, columns, side, same_code=same_code)


def _most(columns: Columns) -> int | None:
    """Return how many runs a page says it may hold whole; None: all."""
    said = columns.head.get("chosen")
    most = said.get("most") if isinstance(said, dict) else None
    return most if isinstance(most, int) and most > 0 else None


def _content(project: Project, ran: Ran, manifest: Mapping[str, Any], most: int | None) -> Content:
    """Return what the page is made of today, at the time that it says."""
    summaries, results = [*ran.summaries.values()], [*ran.results.values()]
    made = page_content(project, summaries, results, ran.comparison, ran.gates, ran.evidence, most)
    return replace(made, view=replace(made.view, generated=manifest["made_at"]))


def check_hash(found: Verified, data: bytes, key: str | None) -> None:
    """Note a page whose bytes are not those it was written with, and a wrong signature."""
    try:
        at, said = read_trailer(data)
    except UNLIKE as error:
        found.differs(
            "bytes", f"the last line, which holds the page's hash, is altered or gone ({error})"
        )
        if key is not None:
            found.differs("signature", "no signature can be read, and a key was given")
        return
    digest = hash_said(data, at, said)
    found.checked["bytes"] = at
    if said.get("hash") != digest.hex():
        text = "the page is not as it was written: its bytes do not match its hash"
        found.differs("bytes", text, page=said.get("hash"), right=digest.hex())
    check_signature(found, said.get("signed"), digest, key)


def _side(found: Verified, manifest: Mapping[str, Any]) -> bytes | None:
    """Return the traces beside a page; a file that is gone, or another, is noted."""
    said = manifest.get("side")
    if not isinstance(said, dict):
        return None
    name = str(said.get("file"))
    path = found.file.parent / name
    if path.name != name:
        found.differs("bytes", f"{name}: lies elsewhere than beside the page")
        return b""
    try:
        data = path.read_bytes()
    except OSError as error:
        text = f"{name}, beside the page: cannot be read ({error.strerror})"
        found.differs("bytes", text)
        return b""
    found.checked["bytes beside"] = len(data)
    if blake2b(data, digest_size=32).hexdigest() != said.get("hash"):
        found.differs("bytes", f"{name}, beside the page: its bytes do not match their hash")
    return data
