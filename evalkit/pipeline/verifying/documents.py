"""Documents: what `--json` wrote, and every `summary.json`, held against store or themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.model.kept.seal import SEAL, document_hash, refuse_broken
from evalkit.pipeline.concluding import Ran, conclude
from evalkit.pipeline.reporting import page_content
from evalkit.pipeline.verifying import sources
from evalkit.pipeline.verifying.again import again, is_stored
from evalkit.pipeline.verifying.finding import Verified
from evalkit.pipeline.verifying.itself import check_rules
from evalkit.pipeline.verifying.reading import UNLIKE, check_signature, manifest_of
from evalkit.project.config import Project
from evalkit.report.page.figures import document as page_document
from evalkit.store.store import Store

BESIDE = frozenset({"manifest", "signed", "report", "left_out", "exit_code", "failures", SEAL})
"""Keys that are no figures, or are said of the call."""
NOT_SEEN = (
    "Without the store: every figure but sums and rates, and whether the data are as they were."
)
SAVED = "It carries no manifest, as every summary.json: it is held against the store as it is now."


def check_document(
    found: Verified, document: dict[str, Any], project: Project | None, key: str | None
) -> None:
    """Note every figure of a document that is another than its store gives."""
    if SEAL in document and "manifest" not in document:
        _saved(found, document, project, key)
        return
    manifest = manifest_of(found.file, document)
    digest = document_hash(document)
    if manifest.get("hash") != digest:
        text = "the document is not as it was written: it does not match its hash"
        found.differs("bytes", text, page=manifest.get("hash"), right=digest)
    check_signature(found, document.get("signed"), bytes.fromhex(digest), key)
    try:
        sources.check_versions(found, manifest)
        stored = is_stored(found, project, manifest)
        ran = again(found, project, manifest) if stored and project is not None else None
        if ran is not None and project is not None:
            found.against = "store"
            _hold(found, document, _right(project, ran, document))
        else:
            _itself(found, document)
    except UNLIKE as error:
        found.differs("bytes", f"the document is not as evalkit writes it ({error!r})")


def _right(project: Project, ran: Ran, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of the same kind as it is written today."""
    if document["type"] != "evalkit.report":
        return ran.to_dict()
    summaries, results = [*ran.summaries.values()], [*ran.results.values()]
    view = page_content(project, summaries, results, ran.comparison, ran.gates).view
    made = page_document(view) | {"summaries": view.summaries, "comparison": view.comparison}
    plain: dict[str, Any] = json.loads(json.dumps(made, default=str))
    return plain


def _hold(found: Verified, document: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    for part in dict.fromkeys([*right, *document]):
        if part not in BESIDE:
            what = "gate" if part == "gates" else "figure"
            one, other = (_plain(each.get(part)) for each in (document, right))
            found.compared(what, one, other, [part])


def _plain(value: Any) -> Any:
    """Return a part of a document without what is said of the call."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict) and value.get("type") == "evalkit.summary":
        return {k: v for k, v in value.items() if k not in BESIDE}
    return value


def _saved(
    found: Verified, document: Mapping[str, Any], project: Project | None, key: str | None
) -> None:
    """Hold a `summary.json` against the store: it says what figures were, and not from what."""
    found.open.append(SAVED)
    if key is not None:
        found.differs("signature", "it is not signed, and a key was given")
    try:
        refuse_broken(document)
    except ValueError as error:
        found.differs("bytes", f"the document is not as it was written: {error}")
    name = str(document.get("experiment"))
    if project is None or name not in project.experiments:
        found.open.append(f"{name}: no project with this experiment is here or above.")
        return _itself(found, document)
    if not Store(project.store).experiment(name).exists:
        found.open.append(f"{name}: is not stored in the project at {project.file.shown}.")
        return _itself(found, document)
    found.against = "store"
    sources.check_store(found, project, name)
    try:
        ran = conclude(project, [name], page=False)
    except EvalkitError as error:
        found.differs("store", f"its figures cannot be made again: {error}")
        return None
    right = ran.summaries[name].to_dict()
    return _hold(found, {k: v for k, v in document.items() if k != "gates"}, right)


def _itself(found: Verified, document: Mapping[str, Any]) -> None:
    """Hold counts against the rates that follow from them, and rules against their figures."""
    found.open.append(NOT_SEEN)
    if document.get("type") == "evalkit.report":
        check_rules(found, document)
    for summary in _summaries(document):
        name, counts = summary["experiment"], summary["counts"]
        total = sum(counts["outcomes"].values())
        _one(found, name, "received", counts["received"], total)
        for outcome, rate in summary["rates"].items():
            _one(found, name, f"{outcome} count", rate["count"], counts["outcomes"].get(outcome))
            if rate["n"]:
                _rate(found, name, outcome, rate)
        for metric, score in summary["scores"].items():
            _one(found, name, f"{metric} n", score["n"], score["outcomes"].get("scored"), most=True)


def _summaries(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if document["type"] == "evalkit.summary":
        return [document]
    name = "experiments" if document["type"] == "evalkit.run" else "summaries"
    found: Sequence[Mapping[str, Any]] = document[name]
    return found


def _rate(found: Verified, name: str, outcome: str, rate: Mapping[str, Any]) -> None:
    right = rate["count"] / rate["n"]
    found.compared("figure", rate["rate"], right, [name, f"{outcome} rate"], experiment=name)


def _one(
    found: Verified, name: str, what: str, page: Any, right: Any, *, most: bool = False
) -> None:
    if most and right is not None and page <= right:
        page = right
    found.compared("figure", page, right, [name, what], experiment=name, metric=what)
