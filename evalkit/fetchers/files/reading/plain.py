"""Plain: options that are nothing but paths, as nearly all of files are: known without pydantic.

A source that has not changed is told by its bytes, and to find these takes no reader. Whatever is
said beside the paths is for `Options` of the fetcher.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.fetchers.files.reading.paths import SourceFile, digest_of, find_files

PLAIN = {
    "evalkit": frozenset({"path"}),
    "files": frozenset({"path", "dataset"}),
    "langsmith-files": frozenset({"path", "dataset"}),
}
"""By fetcher, the keys that name files."""


def is_plain(fetcher: str, options: Mapping[str, Any]) -> bool:
    """Tell whether the options are paths alone, which the fetcher takes as they are."""
    if "path" not in options or not options.keys() <= PLAIN.get(fetcher, frozenset()):
        return False
    listed = options["path"] if type(options["path"]) is list else [options["path"]]
    others = [each for key, each in options.items() if key != "path"]
    return bool(listed) and all(type(e) is str and e.strip() for e in (*listed, *others))


def files_of(path: Any, dataset: Any, base: Path, who: str) -> list[SourceFile]:
    """Return all files that a fetch reads, those of the dataset last."""
    found = [find_files(each, base, who) for each in (path, dataset) if each]
    return [file for files in found for file in files]


def digest_of_plain(options: Mapping[str, Any], base: Path, who: str) -> str | None:
    """Return the digest of all that is read where the options are plain; None as `digest_of`."""
    return digest_of(files_of(options["path"], options.get("dataset"), base, who))
