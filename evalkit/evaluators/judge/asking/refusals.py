"""Refusals: what an endpoint's words mean, whatever status they come with.

The key is wrong for every run; a flagged text is one run's; an empty account is mended by nobody
who asks again; being busy passes. Gemini says "exceeded your current quota" also of a limit a
minute, so there the words alone mean busy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.fetchers.http.answers import HttpError

Kind = Literal["key", "account", "model", "content", "busy", "other"]

ACCOUNT_CODES = frozenset(
    ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated"
     , "insufficient_balance", "insufficient_credits", "access_terminated", "quota_exceeded",
     "budget_exceeded", "exceeded_current_quota_error")
)  # fmt: skip
ACCOUNT_WORDS = (
    *("insufficient_quota", "exceeded your current quota", "credit balance is too low"),
    *("insufficient balance", "insufficient credits", "requires more credits", "billing details"),
    *("budget has been exceeded", "exceeded budget", "account is not active"),
)
CONTENT_CODES = frozenset(
    ("content_filter", "content_policy_violation", "moderation_blocked", "content_moderation",
     "responsibleaipolicyviolation", "data_inspection_failed", "prompt_blocked", "invalid_prompt")
)  # fmt: skip
CONTENT_WORDS = (
    *("content management policy", "content policy", "content filter", "content_filter"),
    *("moderation", "was flagged", "flagged as", "inappropriate content", "usage polic"),
    *("safety system", "safety filter"),
)
BUSY_WORDS = (
    *("rate_limit", "rate limit", "too many requests", "overloaded", "resource_exhausted"),
    *("server_error", "internal_error", "unavailable", "timeout", "timed out", "try again"),
)
BUSY_STATUS = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529))
KEY_CODES = frozenset(("invalid_api_key", "no_db_connection"))
"""litellm's proxy says 400 `no_db_connection` of an unknown key where it keeps no database."""
NO_IMAGES = re.compile(
    r"image_urls?\b.{0,12} only supported by|unknown variant `?image|at most 0 images?"
    r"|(?:images?|vision|multi-?modal)(?: (?:input|content|data|understanding|urls?))?s?"
    r" (?:is|are) not (?:supported|enabled|allowed|available)"
    r"|(?:does not|doesn't|do not|cannot|can't|not) (?:support|accept|take)"
    r"(?: the| any)? (?:images?|image_url|vision|multi-?modal)(?! (?:format|type|size|file|mime))"
    r"|not (?:a |an )?(?:vision(?:-capable)?|multi-?modal)\b|no endpoints found that support image"
    r"|missing data required for image|not compiled for multimodal|provide the mmproj"
    r"|content\b.{0,60}(?:must be|should be|expected|input should be) an? (?:valid )?str",
    re.IGNORECASE,
)
"""Words of a model that takes no images at all, unlike those about one image."""
MODEL_CODES = frozenset(("model_not_found", "deploymentnotfound"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an endpoint said instead of an answer."""

    status: int
    words: str
    codes: tuple[str, ...] = ()
    """Its code, type and status names, in lower case."""
    param: str = ""

    @property
    def kind(self) -> Kind:
        """What it means for the run, and for the others."""
        low = self.words.lower()
        said = set(self.codes)
        if self.status == 401 or said & KEY_CODES:
            return "key"
        if said & CONTENT_CODES or (
            self.status in (200, 400, 403, 422, 451) and any(w in low for w in CONTENT_WORDS)
        ):
            return "content"
        if self._is_account(said, low):
            return "account"
        if self.status == 404 or said & MODEL_CODES:
            return "model"
        if self.of_images:
            return "other"
        passing = self.status == 200 and any(w in low or w in said for w in BUSY_WORDS)
        return "busy" if self.status in BUSY_STATUS or passing else "other"

    @property
    def of_images(self) -> bool:
        """Whether it says that the model takes no images."""
        return NO_IMAGES.search(self.words) is not None

    def _is_account(self, said: set[str], low: str) -> bool:
        if said & ACCOUNT_CODES or self.status == 402:
            return True
        by_minute = "resource_exhausted" in said or "resource_exhausted" in low
        return (
            self.status in (200, 400, 403, 429)
            and not by_minute
            and any(words in low for words in ACCOUNT_WORDS)
        )


class Refused(HttpError):
    """The endpoint refused one question; `refusal` says why."""

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message, status=refusal.status, detail=refusal.words)
        self.refusal = refusal


def refusal_of(status: int, said: Any) -> Refusal:
    """Read a refusal: a body in any of the forms servers use, parsed or not."""
    if isinstance(said, bytes | bytearray):
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            said = bytes(said[:600]).decode("utf-8", "replace")
    if isinstance(said, list) and said:
        said = said[0]
    error = said
    if isinstance(said, Mapping):
        error = said.get("error") or said.get("detail") or said
    if not isinstance(error, Mapping):
        return Refusal(status, _short(error))
    inner = next((error[k] for k in ("innererror", "inner_error") if k in error), None)
    names = [error.get(key) for key in ("code", "type", "status")]
    if isinstance(inner, Mapping):
        names.append(inner.get("code"))
    words = error.get("message") or error.get("msg") or error.get("detail") or error
    meta = error.get("metadata")
    if isinstance(meta, Mapping) and meta.get("raw"):
        words = f"{words}: {meta['raw']}"
    return Refusal(
        _status(status, error),
        _short(words),
        tuple(str(name).lower() for name in names if name is not None),
        str(error.get("param") or ""),
    )


def _status(status: int, error: Mapping[str, Any]) -> int:
    """Return the status a 200 should have had, where the error states it."""
    if status != 200:
        return status
    for key in ("code", "status", "status_code"):
        text = str(error.get(key, ""))
        if len(text) == 3 and text.isdigit() and int(text) >= 400:
            return int(text)
    return status


def _short(words: Any) -> str:
    text = words if isinstance(words, str) else json.dumps(words, default=str, ensure_ascii=False)
    return " ".join(text.split())[:400]
