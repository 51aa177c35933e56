"""A proposal as a table of TOML, with what to look at in comments."""

from __future__ import annotations

import json
from typing import Any

from evalkit.fetchers.files.proposal.propose import Tried

ORDER = (
    *("run_id", "example_id", "repetition", "inputs", "outputs", "reference_outputs"),
    *("messages", "steps", "started_at", "ended_at", "duration_s", "usage", "status", "error"),
)


def table_of(name: str, tried: Tried) -> str:
    """Return `[experiments.NAME]` as text that can be pasted."""
    made = tried.proposal
    lines = [f"[experiments.{_key(name)}]", f'fetcher = "{tried.fetcher}"']
    dataset = made.options.get("dataset")
    lines += [f"{k} = {_text(value)}" for k, value in made.options.items() if k != "dataset"]
    lines += [f"# {note}" for note in made.notes]
    if made.fields:
        lines += ["", f"[experiments.{_key(name)}.fields]"]
        for field in sorted(made.fields, key=_place):
            why = f"  # {made.why[field]}" if field in made.why else ""
            lines.append(f"{_key(field)} = {_text(made.fields[field])}{why}")
    if made.unplaced:
        lines.append(f"# not placed: {', '.join(made.unplaced[:20])}")
    if dataset:
        lines += ["", f"[experiments.{_key(name)}.dataset]", f"path = {_text(dataset['path'])}"]
        lines += ["", f"[experiments.{_key(name)}.dataset.fields]"]
        lines += [f"{_key(key)} = {_text(value)}" for key, value in dataset["fields"].items()]
    return "\n".join(lines) + "\n"


def _place(field: str) -> tuple[int, str]:
    top = field.partition(".")[0]
    return (ORDER.index(top) if top in ORDER else len(ORDER), field)


def _key(name: str) -> str:
    bare = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return name if bare else json.dumps(name, ensure_ascii=False)


def _text(value: Any) -> str:
    """Write text as TOML: literal where it holds no single quote."""
    text = str(value)
    if "'" not in text and "\n" not in text and ('"' in text or "\\" in text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)
