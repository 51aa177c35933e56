"""Near duplicates: texts that share nearly all their byte n-grams, found by MinHash.

MinHash estimates Jaccard's index by the least hash values of two sets (Broder, On the resemblance
and containment of documents, 1997); bands of them bring together what may be alike (Leskovec,
Rajaraman and Ullman, Mining of Massive Datasets, 3.4). Every pair found is then compared in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import unique
from evalkit.metrics.documents.validation import LISTED, Finding, counted
from evalkit.metrics.validation.duplicates import pairs_named
from evalkit.metrics.validation.rows import Row, plain_text

GRAM = 8
"""Bytes."""
LEAST = 0.8
"""Share of n-grams in common from which texts are near."""
BANDS, ROWS = 16, 6
"""Finds 99 % of pairs at 0.8 and 25 % of those at 0.5, before they are compared."""
SHORTEST = 24
"""Bytes of a text that is compared."""
TEMPLATE = 0.5
"""N-grams that more examples than this share belong to a template and say nothing."""
MOST_GRAMS = 6_000_000
WORDS = re.compile(r"\w+")
DIGITS = re.compile(r"\d+")
Hashes = NDArray[np.uint64]


def nearly_repeated(rows: Sequence[Row], but: Sequence[Sequence[Row]] = ()) -> Iterator[Finding]:
    """Yield the examples whose inputs nearly repeat those of others; `but` are equal ones."""
    again = {row.example_id for each in but for row in each[1:]}
    kept = [row for row in rows if row.example_id not in again]
    groups = near_groups([plain_text(row.asked()) for row in kept])
    if groups:
        ids = [[kept[at].example_id for at in group] for group in groups]
        n = sum(len(each) - 1 for each in ids)
        verb = "nearly repeat others" if n > 1 else "nearly repeats another"
        text = (
            f"{counted(n, len(rows), 'example')} {verb} ({pairs_named(ids)}): what they say is "
            "not independent; `cluster` can group them."
        )
        first = [name for each in ids for name in each]
        yield Finding(
            "near_duplicates", "note", text, n=n, of=len(rows), ids=tuple(first[: 2 * LISTED])
        )


def near_groups(texts: Sequence[str]) -> list[list[int]]:
    """Return the places of texts that are near each other, in groups of two and more.

    Case, punctuation and white space do not count. Texts that differ in a number are not near: one
    template filled with other figures makes other examples.
    """
    plain = [" ".join(WORDS.findall(text)) for text in texts]
    sets = _without_template(_grams(plain))
    numbers = [tuple(sorted(DIGITS.findall(text))) for text in texts]
    leader = list(range(len(texts)))
    for first, second in _candidates(sets):
        a, b = _root(leader, first), _root(leader, second)
        if a == b or numbers[first] != numbers[second]:
            continue
        if resemblance(sets[first], sets[second]) >= LEAST:
            leader[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for place in range(len(texts)):
        groups.setdefault(_root(leader, place), []).append(place)
    return [each for each in groups.values() if len(each) > 1]


def resemblance(first: Hashes, second: Hashes) -> float:
    """Return Jaccard's index of two sets, each sorted and without repeats."""
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both) if both else 0.0


def _grams(texts: Sequence[str]) -> list[Hashes]:
    """Return the different n-grams of each text, hashed; of very much text a sample of them."""
    data = [text.encode("utf-8", "replace") for text in texts]
    total = sum(map(len, data))
    every = np.uint64(max(1, -(-total // MOST_GRAMS)))
    found = []
    for each in data:
        hashes = _hashed(each) if len(each) >= SHORTEST else np.empty(0, np.uint64)
        if every > 1 and len(hashes) > 200:
            hashes = hashes[hashes % every == 0]
        found.append(unique(hashes))
    return found


def _hashed(data: bytes) -> Hashes:
    """Return a hash of every n-gram; eight bytes are one number, mixed as by splitmix64."""
    raw = np.frombuffer(data, np.uint8).astype(np.uint64)
    value = np.zeros(len(raw) - GRAM + 1, np.uint64)
    for at in range(GRAM):
        value = (value << np.uint64(8)) | raw[at : len(raw) - GRAM + 1 + at]
    return _mixed(value)


def _mixed(value: Hashes) -> Hashes:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = value ^ (value >> np.uint64(31))
    return mixed


def _without_template(sets: list[Hashes]) -> list[Hashes]:
    """Take out what most texts share; of few texts nothing can be told to be a template."""
    if len(sets) < 10:
        return sets
    values, counts = np.unique(np.concatenate(sets), return_counts=True)
    shared = values[counts > TEMPLATE * len(sets)]
    return [each[~np.isin(each, shared)] for each in sets] if len(shared) else sets


def _candidates(sets: list[Hashes]) -> Iterator[tuple[int, int]]:
    """Yield pairs that fall together in a band, each with the first of its bucket."""
    there = np.array([at for at, each in enumerate(sets) if len(each)], np.int64)
    if len(there) < 2:
        return
    grams = np.concatenate([sets[at] for at in there])
    starts = np.concatenate([[0], np.cumsum([len(sets[at]) for at in there])[:-1]])
    random = np.random.default_rng(20)
    for _ in range(BANDS):
        band = np.zeros(len(there), np.uint64)
        for _ in range(ROWS):
            salt = np.uint64(2 * int(random.integers(2**63)) + 1)  # odd: orders all numbers anew
            band = _mixed(band ^ np.minimum.reduceat(grams * salt, starts))
        order = np.argsort(band, kind="stable")
        same = np.flatnonzero(band[order][1:] == band[order][:-1])
        first = -1
        for at in same.tolist():
            if first < 0 or band[order[at]] != band[order[first]]:
                first = at
            yield int(there[order[first]]), int(there[order[at + 1]])


def _root(leader: list[int], place: int) -> int:
    while leader[place] != place:
        leader[place] = leader[leader[place]]
        place = leader[place]
    return place
