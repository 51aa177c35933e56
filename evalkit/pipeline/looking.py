"""Looking: whether a source is as it was when it was fetched last, told by its bytes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import evalkit
from evalkit.errors import EvalkitError
from evalkit.model.experiment import FORMAT_VERSION
from evalkit.project.config import Project
from evalkit.project.tables import PriceTable

if TYPE_CHECKING:
    from evalkit.fetchers.pricing import Price

SECRETS = re.compile(
    r"api_?key|token|secret|passw|^headers$|authorization|cookie|^cert$|^proxy$", re.IGNORECASE
)
HIDDEN = "[hidden]"
CREDENTIALS = re.compile(r"(?<=://)\S+(?=@)|(?<=password=)[^&\s]+")
"""User and password of an address: all before its last `@`, or a parameter."""
TABLE = re.compile(r"genai[_-]prices-.*\.(dist|egg)-info\Z", re.IGNORECASE)
READS = ("executors", "fetchers", "model", "pipeline", "store")
"""Rooms whose code decides what becomes of a source."""


def plain_look(project: Project, name: str) -> Callable[[], str | None] | None:
    """Return what looks at files that need no reader to be found; None where a fetcher is asked."""
    # not for verbs that fetch nothing
    from evalkit.fetchers.files.plain import digest_of_plain, is_plain

    config = project.experiment(name)
    if not is_plain(config.fetcher, config.options):
        return None
    return partial(digest_of_plain, config.options, project.root, name)


def source_digest(project: Project, name: str, look: Callable[[], str | None] | None) -> str:
    """Return a digest of all that decides what a fetch stores; empty where it cannot be known.

    `look` returns a digest of the source's bytes, or None.
    That is every byte of the source, every option (those that the manifest hides too), and the
    evalkit that reads: another release, or code that was edited, fetches anew.
    """
    bytes_read = look() if look is not None else None
    if bytes_read is None:
        return ""
    config = project.experiment(name)
    prices = {model: repr(table) for model, table in project.table.prices.items()}
    asked = [config.fetcher, config.options, config.statuses, config.on_repeat, prices, _table()]
    said = json.dumps([bytes_read, asked, FORMAT_VERSION, code_stamp(*READS)], default=repr)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _table() -> list[str]:
    """Return which tables of prices are installed: costs that nobody recorded are taken from them.

    Told by the folders' names, which hold the version: `importlib.metadata` takes 20 ms.
    """
    found: set[str] = set()
    for place in sys.path:
        with suppress(OSError):
            found.update(each for each in os.listdir(place or ".") if TABLE.match(each))
    return sorted(found)


def marks(fetcher: Any) -> Any:
    """Return what shows that a source changed while it was read; None: it cannot be shown."""
    told = getattr(fetcher, "marks", None)
    try:
        return None if told is None else told()
    except (EvalkitError, OSError):
        return None  # what is wrong with the source is said when it is read


@cache
def code_stamp(*rooms: str) -> str:
    """Return what tells this code of evalkit from any other: its version, its files, its Python."""
    top = os.path.dirname(evalkit.__file__)
    whole = hashlib.sha256(f"{evalkit.__version__} {sys.version}".encode())
    for room in rooms:
        for folder, below, names in os.walk(os.path.join(top, room)):
            below.sort()
            for name in sorted(names):
                if not name.endswith(".pyc"):
                    about = os.stat(path := os.path.join(folder, name))
                    said = f"{path[len(top) :]} {about.st_size} {about.st_mtime_ns}\n"
                    whole.update(said.encode())
    return whole.hexdigest()


def price_of(table: PriceTable) -> Price:
    """Return what a model costs by the configuration."""
    from evalkit.fetchers.pricing import Price  # not for verbs that fetch nothing

    return Price(**{name: getattr(table, name) for name in Price._fields})


def shown_query(project: Project, name: str) -> dict[str, Any]:
    """Return what is asked of the source, as JSON-ready values without secrets."""
    config = project.experiment(name)
    said: dict[str, Any] = {"statuses": dict(config.statuses)} if config.statuses else {}
    prices = {model: price_of(table)._asdict() for model, table in project.table.prices.items()}
    said |= {"prices": prices} if prices else {}
    return {"fetcher": config.fetcher, **said, **_without_secrets(dict(config.options))}


def _without_secrets(value: Any, key: str = "") -> Any:
    if SECRETS.search(key):
        return HIDDEN
    if key == "fields" and isinstance(value, dict):  # expressions: `usage.input_tokens` is none
        return {str(name): str(each) for name, each in value.items()}
    if isinstance(value, str) and "://" in value:
        return CREDENTIALS.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {str(name): _without_secrets(each, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(each, key) for each in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
