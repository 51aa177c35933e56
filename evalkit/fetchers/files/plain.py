"""Plain: options that are nothing but paths, as nearly all of files are, read without pydantic.

So is the mapping of a record. A source that has not changed is told by its bytes, and to find these
takes no reader. Whatever is said beside is for `Options` of the fetcher.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError
from evalkit.fetchers.files.reading.paths import RECORD_LIMIT, digest_of
from evalkit.fetchers.files.reading.plain import files_of
from evalkit.fetchers.plain import PlainOptions

PLAIN = {
    "evalkit": frozenset({"path"}),
    "files": frozenset({"path", "dataset"}),
    "langsmith-files": frozenset({"path", "dataset"}),
    "records": frozenset({"path", "dataset", "fields"}),
}
"""By fetcher, the keys that name files, and what is read of each record."""
OF_FILES = {"max_record_mb": RECORD_LIMIT / 1e6, "experiments": None, "experiment": None}
DEFAULTS: dict[str, dict[str, Any]] = {
    "evalkit": OF_FILES,
    "files": {**OF_FILES, "format": None, "dataset": None},
    "langsmith-files": {**OF_FILES, "dataset": None, "session": None},
    "records": {
        **OF_FILES,
        "records": "@",
        "group_by": None,
        "line_id": None,
        "combine": {},
        "dataset": None,
        "source": "records",
    },
}
"""By fetcher, what keys say that are not given."""


def plain_options(fetcher: str, options: Mapping[str, Any]) -> PlainOptions | None:
    """Return the options where they are plain; None where the fetcher's `Options` reads them."""
    return PlainOptions(options, DEFAULTS[fetcher]) if is_plain(fetcher, options) else None


def is_plain(fetcher: str, options: Mapping[str, Any]) -> bool:
    """Tell whether the options are paths and plain fields, which the fetcher takes as they are."""
    if "path" not in options or not options.keys() <= PLAIN.get(fetcher, frozenset()):
        return False
    listed = options["path"] if type(options["path"]) is list else [options["path"]]
    others = [each for key, each in options.items() if key not in ("path", "fields")]
    if not listed or not all(type(e) is str and e.strip() for e in (*listed, *others)):
        return False
    return fetcher != "records" or _are_fields(options.get("fields"))


def _are_fields(fields: Any) -> bool:
    """Tell whether a mapping is names of fields and texts that are expressions."""
    from evalkit.fetchers.files.mapping.targets import RUN_TARGETS, check_target  # only mappings
    from evalkit.fetchers.files.reading.expression import Expression

    if type(fields) is not dict or not fields:
        return False
    try:
        for name, text in fields.items():
            if type(name) is not str or type(text) is not str:
                return False
            check_target(name, RUN_TARGETS)
            Expression(text, name)
    except (ConfigError, ValueError):
        return False
    return True


def digest_of_plain(options: Mapping[str, Any], base: Path, who: str) -> str | None:
    """Return the digest of all that is read where the options are plain; None as `digest_of`."""
    return digest_of(files_of(options["path"], options.get("dataset"), base, who))
