"""Say what is delivered: python .ci/supplied.py SBOM [AUDIT]; ends with 1 where that is not well.

Every dependency that pyproject.toml names has to be in the SBOM with a version and a licence; an
advisory in AUDIT (of pip-audit) is printed and counts, unless `KNOWN` says why it does not.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

KNOWN: dict[str, str] = {}
"""Advisories that do not concern evalkit, by id, each with the reason."""
ROOT = Path(__file__).parents[1]


def plain(name: str) -> str:
    """Return a package's name as indexes compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lacking(sbom: dict[str, Any]) -> list[str]:
    """Return what an SBOM does not say of the dependencies."""
    there = {plain(each["name"]): each for each in sbom.get("components", ())}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [plain(re.split(r"[\[<>=!~; ]", each)[0]) for each in project["dependencies"]]
    wrong = [f"{name}: is not in it" for name in names if name not in there]
    for fact in ("version", "licenses"):
        wrong += [f"{name}: no {fact}" for name, each in there.items() if not each.get(fact)]
    return wrong


def advisories(audit: dict[str, Any]) -> list[str]:
    """Return the advisories that count."""
    return [
        f"{each['name']} {each.get('version')}: {found['id']}, mended in "
        f"{', '.join(found.get('fix_versions') or ['no version yet'])}"
        for each in audit.get("dependencies", ())
        for found in each.get("vulns", ())
        if found["id"] not in KNOWN
    ]


def main() -> int:
    """Print what is wrong."""
    sbom = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    wrong = lacking(sbom)
    if len(sys.argv) > 2:
        wrong += advisories(json.loads(Path(sys.argv[2]).read_text("utf-8")))
    sys.stdout.write(
        ("\n".join(wrong) or f"SBOM: {len(sbom['components'])} packages beside evalkit") + "\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
