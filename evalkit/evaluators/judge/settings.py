"""Settings of a judge: which model is asked, how, for how much; checked when the judge is made."""

from __future__ import annotations

import os
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evalkit.errors import EvaluatorError, did_you_mean

DEFAULT_URL = "https://api.openai.com/v1"
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
Scale = Literal["pass_fail"] | tuple[float, float] | list[str]


class JudgeSettings(BaseModel):
    """Everything that shapes a judge's answer, and what it may take to get it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    """The model's name at the endpoint."""
    prompt: str
    """Jinja2; the fields of the run it names are filled in as data."""
    scale: Scale = "pass_fail"
    """`pass_fail`, a range of numbers `[1, 5]`, or the categories to choose from."""
    base_url: str = ""
    """Endpoint; default: the environment's OPENAI_BASE_URL, else OpenAI's."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; a local endpoint may need none."""
    temperature: float | None = 0.0
    max_tokens: int = Field(default=512, gt=0)
    seed: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    """More headers; a value `$NAME` is read from the environment when it is sent. With
    `authorization` or `api-key` among them, `api_key_env` is not used."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """More keys of the request's body, as the endpoint knows them."""
    price: tuple[float, float] | None = None
    """Money for a million input and a million output tokens; needed for costs and budgets."""
    batch_price: tuple[float, float] | None = None
    """The same in a batch; default: half of `price`, as OpenAI and Anthropic have it."""
    per_second: float | None = Field(default=None, gt=0)
    """Requests a second at most; `None` leaves it to the server's own limit."""
    concurrency: int = Field(default=8, ge=1, le=16)
    timeout: float = Field(default=60.0, gt=0)
    tries: int = Field(default=3, ge=1)
    """How often an answer of the wrong form is asked for again, the first time included."""
    max_field_chars: int = Field(default=20_000, gt=100)
    """A field of the run longer than this is cut, and the prompt says so."""
    images: bool | None = None
    """Whether the model is sent images of the run; `None`: until it refuses them. Others are
    named."""
    max_images: int = Field(default=8, ge=0)
    """Images a question; those beyond are named."""

    @field_validator("scale", mode="before")
    @classmethod
    def _numbers_are_a_range(cls, value: Any) -> Any:
        numbers = isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value)
        return tuple(value) if numbers else value

    @property
    def most_images(self) -> int:
        """How many images a question may show."""
        return 0 if self.images is False else self.max_images

    @property
    def url(self) -> str:
        """The endpoint that is asked."""
        return (self.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL).rstrip("/")

    @property
    def key(self) -> str | None:
        """The key, read when it is needed and kept nowhere."""
        return os.environ.get(self.api_key_env) or None

    @property
    def sent_headers(self) -> dict[str, str]:
        """The headers of a request, with what the environment holds of them."""
        own = {name.lower(): _expanded(name, value) for name, value in self.headers.items()}
        if self.key and not {"authorization", "api-key"} & set(own):
            own["authorization"] = f"Bearer {self.key}"
        return own

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Return what so many tokens cost, or `None` without a price."""
        if self.price is None:
            return None
        return (input_tokens * self.price[0] + output_tokens * self.price[1]) / 1_000_000

    def batch_cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Return what so many tokens cost in a batch, or `None` without a price."""
        cost = self.cost(input_tokens, output_tokens)
        if self.batch_price is None:
            return None if cost is None else cost / 2
        return (input_tokens * self.batch_price[0] + output_tokens * self.batch_price[1]) / 1e6


def _expanded(name: str, value: str) -> str:
    """Fill in `$NAME` and `${NAME}`; one that is not set is an error that names it."""

    def found(match: re.Match[str]) -> str:
        word = match[1] or match[2]
        if word not in os.environ:
            raise EvaluatorError(f"header {name!r}: ${word} is not set in the environment.")
        return os.environ[word]

    return VARIABLE.sub(found, value)


def make_settings(name: str, values: dict[str, Any]) -> JudgeSettings:
    """Check a judge's settings; every mistake is named in one error."""
    try:
        return JudgeSettings(**values)
    except ValidationError as error:
        known = JudgeSettings.model_fields
        said = []
        for each in error.errors():
            field = ".".join(str(part) for part in each["loc"])
            hint = did_you_mean(field, known) if each["type"] == "extra_forbidden" else ""
            said.append(f"{field}: {each['msg']}.{hint}")
        raise EvaluatorError(f"judge {name!r}: {' '.join(dict.fromkeys(said))}") from None
