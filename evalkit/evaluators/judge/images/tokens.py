"""Tokens of images: the rules that makers publish, by model; experience corrects the rest.

OpenAI (guide "Images and vision"): a picture is scaled into 2048 x 2048, then to a shorter side of
768, and each tile of 512 counts, beside a base; smaller models count patches of 32, at most 1536,
times a factor. Anthropic (guide "Vision"): width times height by 750, scaled to a longer side of
1568. Google (guide "Understand and count tokens"): 258 up to 384 x 384, else for each tile of 768.
What no rule names counts as OpenAI's tiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil

from evalkit.evaluators.judge.images.sizes import Size

UNKNOWN: Size = (1024, 1024)
"""Of a picture behind an address, which nobody here looks at."""
PATCHES = 1536
LONGER, LARGEST = 1568, 1600
"""Anthropic: pixels of the longer side, and tokens of a picture that is scaled to it."""


def _tiles(base: int, tile: int) -> Callable[[Size], int]:
    def count(size: Size) -> int:
        scale = min(1.0, 2048 / max(size))
        scale *= min(1.0, 768 / (min(size) * scale))
        across, down = (ceil(round(side * scale, 3) / 512) for side in size)
        return base + tile * across * down

    return count


def _patches(factor: float) -> Callable[[Size], int]:
    def count(size: Size) -> int:
        return round(factor * min(PATCHES, ceil(size[0] / 32) * ceil(size[1] / 32)))

    return count


def _area(size: Size) -> int:
    scale = min(1.0, LONGER / max(size))
    return min(LARGEST, max(1, round(size[0] * scale * size[1] * scale / 750)))


def _squares(size: Size) -> int:
    small = max(size) <= 384
    return 258 * (1 if small else ceil(size[0] / 768) * ceil(size[1] / 768))


RULES: tuple[tuple[str, Callable[[Size], int]], ...] = (
    (r"gpt-4o-mini", _tiles(2833, 5667)),
    (r"gpt-(4\.1|5)[\w.]*-mini", _patches(1.62)),
    (r"gpt-(4\.1|5)[\w.]*-nano", _patches(2.46)),
    (r"o4-mini", _patches(1.72)),
    (r"\bo[13]\b", _tiles(75, 150)),
    (r"gpt-5", _tiles(70, 140)),
    (r"claude", _area),
    (r"gemini", _squares),
    (r"", _tiles(85, 170)),
)


def image_tokens(model: str, size: Size | None) -> int:
    """Return about how many input tokens a picture takes."""
    rule = next(count for pattern, count in RULES if re.search(pattern, model, re.IGNORECASE))
    return rule(size or UNKNOWN)
