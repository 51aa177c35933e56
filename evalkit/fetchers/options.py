"""Options: what the own keys of every source refuse, as the tables of the configuration do."""

from __future__ import annotations

import math
from typing import Annotated, Any, get_args

from pydantic import (
    AnyUrl,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    UrlConstraints,
    ValidationInfo,
    field_validator,
)

from evalkit.model.schema.documented import Documented

LONGEST = 366 * 86_400
"""Seconds that may be asked for: no clock or socket takes a number without end."""
WEB = ("http", "https")
PROXIES = (*WEB, "socks5", "socks5h")
Timeout = Annotated[float, Field(gt=0, le=LONGEST)]
Wait = Annotated[float, Field(ge=0, le=LONGEST)]
Rate = Annotated[float, Field(ge=1 / LONGEST)]
"""Requests a second."""


class SourceOptions(Documented):
    """Base of the keys of a source: `true` is no number, and numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name is not None
        kind = cls.model_fields[info.field_name].annotation
        if isinstance(value, bool) and _holds(kind, int, float) and not _holds(kind, bool):
            raise ValueError("Input should be a number")
        if isinstance(value, dict | list) and not _is_finite(value):
            raise ValueError("Input should be without nan and inf")
        return value


def _holds(kind: Any, *wanted: type) -> bool:
    """Tell whether a type is, or may be, one of some others."""
    return kind in wanted or any(_holds(each, *wanted) for each in get_args(kind))


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_is_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def address(value: Any) -> str:
    """Return an http address without a slash at its end."""
    return _address(value, WEB).rstrip("/")


def _address(value: Any, schemes: tuple[str, ...]) -> str:
    rule = UrlConstraints(allowed_schemes=list(schemes), host_required=True)
    found = TypeAdapter(Annotated[AnyUrl, rule]).validate_python(value)
    if found.port == 0:
        raise ValueError("Input should be a valid URL, and nobody listens on port 0")
    return str(value).strip()


Address = Annotated[str | None, BeforeValidator(lambda value: value and address(value))]
"""Of a server; an empty one is as none."""
Proxy = Annotated[
    str | None, BeforeValidator(lambda value: None if value is None else _address(value, PROXIES))
]
