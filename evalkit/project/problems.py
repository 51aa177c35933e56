"""Turn what pydantic refuses into lines people can act on: file:line, what, and the closest key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from evalkit.project.toml_lines import Keys, TomlLines


class Problems:
    """Everything that is wrong with one configuration file, collected before anything is said."""

    def __init__(self, file: str, lines: TomlLines, prefix: Keys = ()) -> None:
        self.found: list[tuple[int, str]] = []
        self._file, self._lines, self._prefix = file, lines, prefix

    def place(self, keys: Keys) -> str:
        """Return `file:line` of `keys`."""
        return f"{self._file}:{self._lines.line((*self._prefix, *keys))}"

    def add(self, keys: Keys, text: str) -> None:
        """Note a problem at `keys`."""
        line = self._lines.line((*self._prefix, *keys))
        self.found.append((line, f"{self._file}:{line}: {text}"))

    def refused(
        self,
        error: ValidationError,
        model: type[BaseModel],
        values: Any,
        above: Keys = (),
        known: Iterable[str] = (),
    ) -> None:
        """Note what `model` refused in `values`; `known` are keys that are fine beside its own."""
        told: dict[Keys, list[str]] = {}
        for detail in error.errors(include_url=False, include_context=False):
            loc = _without_union_tags(detail["loc"], values, detail["type"])
            keys = (*above, *loc)
            text = _sentence(keys, detail["type"], detail["msg"], model, loc, known)
            told.setdefault(keys, []).append(text)
        for keys, texts in told.items():
            for text in _either(dotted(keys), list(dict.fromkeys(texts))):
                self.add(keys, text)

    def lines(self) -> list[str]:
        """Return all problems in the order of the file."""
        return [text for _, text in sorted(self.found)]


def _sentence(
    keys: Keys,
    kind: str,
    message: str,
    model: type[BaseModel],
    loc: Keys,
    known: Iterable[str],
) -> str:
    where = dotted(keys)
    if kind == "extra_forbidden":
        names = [*_keys_of(model, loc[:-1]), *(known if len(loc) == 1 else ())]
        table = f"[{dotted(keys[:-1])}]" if keys[:-1] else "the configuration"
        options = f" It knows: {', '.join(sorted(names))}." if names else ""
        hint = did_you_mean(str(keys[-1]), names)
        return f"{table} has no key {str(keys[-1])!r}.{hint or options}"
    if kind == "missing":
        return f"{where} is missing. Add it."
    message = message.removeprefix("Value error, ")
    text = message.removeprefix("Input should be ")
    if text != message:
        return f"{where} should be {text}."
    return f"{where}: {text}" + ("" if text.endswith((".", "?", "^")) else ".")


def _either(where: str, texts: Sequence[str]) -> Sequence[str]:
    """Say in one sentence what a value may be that can be of several kinds: one mistake is one."""
    begin = f"{where} should be "
    if len(texts) < 2 or not all(text.startswith(begin) for text in texts):
        return texts
    return [begin + ", or ".join(text[len(begin) : -1] for text in texts) + "."]


def _keys_of(model: type[BaseModel], loc: Keys) -> list[str]:
    """Return the keys the table at `loc` inside `model` knows."""
    kind: Any = model
    for part in loc:
        field = kind.model_fields.get(part) if hasattr(kind, "model_fields") else None
        kind = field.annotation if field is not None else None
    if not hasattr(kind, "model_fields"):
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]


def _without_union_tags(loc: tuple[str | int, ...], values: Any, kind: str) -> Keys:
    """Drop what pydantic puts between the keys that the file has, such as `list[str]`."""
    kept: list[str | int] = []
    for position, part in enumerate(loc):
        inside = values.get(part) if isinstance(values, dict) else None
        if isinstance(values, list) and isinstance(part, int):
            inside = values[part]
        if inside is not None:
            values = inside
            kept.append(part)
        elif kind == "missing" and position == len(loc) - 1:
            kept.append(part)
    return tuple(kept)


def dotted(keys: Keys) -> str:
    """Write keys as TOML would, so that they can be found in the file."""
    out = ""
    for key in keys:
        if isinstance(key, int):
            out += f"[{key}]"
        else:
            plain = key.replace("_", "").replace("-", "").isalnum()
            out += ("." if out else "") + (key if plain else f'"{key}"')
    return out
