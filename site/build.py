"""Build the docs site from the READMEs, the examples and the docstrings: `build.py OUT`."""

from __future__ import annotations

import importlib
import inspect
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "evaluators/README.md": "evaluators.md",
    "reports/README.md": "reports.md",
    "datasets/README.md": "datasets.md",
    "evalkit/README.md": "developers.md",
    "evalkit/metrics/README.md": "metrics.md",
    "evalkit/store/README.md": "store.md",
    "evalkit/fetchers/README.md": "fetchers.md",
    "evalkit/fetchers/stores/README.md": "stores.md",
    "evalkit/fetchers/files/README.md": "files.md",
    "evalkit/fetchers/langgraph/README.md": "langgraph.md",
    "evalkit/fetchers/langsmith/README.md": "langsmith.md",
    "examples/README.md": "examples/index.md",
    **{f"examples/{p.parent.name}/README.md": f"examples/{p.parent.name}.md"
       for p in sorted(ROOT.glob("examples/*/README.md"))},
    **{f"site/pages/{p.name}": p.name for p in sorted(ROOT.glob("site/pages/*.md"))},
}  # fmt: skip
LINK = re.compile(r"(?<=\]\()([^)\s#]*)(#[^)\s]*)?(?=\))")
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"(: |-> )'([^'\n]*)'")
"""An annotation as text."""
KEPT = {".png", ".html", ".svg"}
SHOWN = {".toml": "toml", ".py": "python"}


class DeadLink(Exception):
    """A page links to what is not there."""


def documents(out: Path) -> None:
    """Write every page, and what pages show, into `out`."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        if re.fullmatch(r"examples/[^/]+/README\.md", source):
            text += files_of(ROOT / source)
        target = out / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(relinked(text, source, page, out), "utf-8")
    (out / "api.md").write_text(reference(), "utf-8")


def relinked(text: str, source: str, page: str, out: Path) -> str:
    """Return the text with links that work on the site; code stays as it is."""
    parts = CODE.split(text)
    for place in range(0, len(parts), 2):
        parts[place] = LINK.sub(lambda m: _target(m, source, page, out), parts[place])
    return "".join(parts)


def _target(found: re.Match[str], source: str, page: str, out: Path) -> str:
    path, anchor = found[1], found[2] or ""
    if not path or "://" in path or path.startswith("mailto:"):
        return found[0]
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    here = posixpath.dirname(page) or "."
    if not (ROOT / wanted).exists():
        raise DeadLink(f"{source}: {path} leads nowhere")
    folder = (ROOT / wanted).is_dir()
    known = PAGES.get(f"{wanted}/README.md" if folder else wanted) or PAGES.get(
        "README.md" if wanted == "." else wanted
    )
    if known:
        return posixpath.relpath(known, here) + anchor
    if Path(wanted).suffix in KEPT:
        copy = out / "files" / wanted
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / wanted, copy)
        return posixpath.relpath(f"files/{wanted}", here)
    return posixpath.relpath("developers.md", here)  # a file or folder of the repository


def files_of(readme: Path) -> str:
    """Return the configuration and the evaluators of an example, as they are."""
    folder, parts = readme.parent, ["\n\n## The files\n"]
    for path in [folder / "evalkit.toml", *sorted(folder.rglob("*.py"))]:
        code = path.read_text("utf-8").rstrip()
        parts.append(f"\n`{path.relative_to(folder)}`\n\n```{SHOWN[path.suffix]}\n{code}\n```\n")
    return "".join(parts)


def reference() -> str:
    """Return the public names with their signatures and docstrings."""
    parts = [
        "# Python\n\nEverything is imported from `evalkit`, and builders from `evalkit.testing`.\n"
    ]
    for module in ("evalkit", "evalkit.testing"):
        held = importlib.import_module(module)
        parts.append(f"\n## `{module}`\n")
        for name in getattr(held, "__all__", None) or _own(held):
            parts.append(_entry(name, getattr(held, name)))
    return "".join(parts)


def _own(module: ModuleType) -> list[str]:
    """Return the functions a module defines for others."""
    made = inspect.getmembers(module, inspect.isfunction)
    return [n for n, v in made if v.__module__ == module.__name__ and not n.startswith("_")]


def _entry(name: str, value: object) -> str:
    lines = [f"\n### `{name}`\n\n", f"```python\n{_signature(name, value)}\n```\n"]
    lines.append(f"\n{_prose(inspect.getdoc(value))}\n")
    if inspect.isclass(value):
        for method, inner in vars(value).items():
            doc = inspect.getdoc(inner)
            told = callable(inner) or isinstance(inner, property)
            if told and doc and not method.startswith("_"):
                mark = "()" if callable(inner) else ""
                lines.append(f"\n- `{method}{mark}`: {_prose(doc).splitlines()[0]}")
        lines.append("\n")
    return "".join(lines)


def _signature(name: str, value: object) -> str:
    if not callable(value):
        return name
    try:
        inner = inspect.signature(value)
    except (TypeError, ValueError):
        return name
    text = f"{name}{inner}"
    if len(text) > 88:
        given = ",\n    ".join(map(str, inner.parameters.values()))
        returns = "" if inner.return_annotation is inner.empty else f" -> {inner.return_annotation}"
        text = f"{name}(\n    {given},\n){returns}"
    return QUOTED.sub(r"\1\2", text).replace("<factory>", "...")


def _prose(doc: str | None) -> str:
    return re.sub(r"[<*_]", r"\\\g<0>", doc or "") if doc and "`" not in doc else doc or ""


def build(out: Path, builder: str = "zensical") -> None:
    """Build the site into `out`, which must not be there."""
    with tempfile.TemporaryDirectory() as work:
        documents(Path(work, "docs"))
        shutil.copy(ROOT / "site" / "mkdocs.yml", work)
        command = [sys.executable, "-m", builder, "build", "-f", "mkdocs.yml", "--strict"]
        subprocess.run(command, cwd=work, check=True)
        shutil.copytree(Path(work, "site"), out)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
