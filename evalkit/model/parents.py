"""Parents: in which step each step lies, however its source numbered them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ON_THE_WAY, DONE = 1, 2


def parents_of(ids: Sequence[str], parent_ids: Iterable[str | None]) -> list[int]:
    """Return the place of each step's parent; -1 for a top step.

    That is one without a parent, with one that is not there, and the first that is come to of those
    that lie in each other all around: whoever walks up from a step comes to an end.
    """
    places = {step_id: place for place, step_id in enumerate(ids)}
    found = [-1 if name is None else places.get(name, -1) for name in parent_ids]
    looked = bytearray(len(found))
    for start in range(len(found)):
        path, here = [], start
        while here >= 0 and not looked[here]:
            looked[here] = ON_THE_WAY
            path.append(here)
            here = found[here]
        if here >= 0 and looked[here] == ON_THE_WAY:
            found[here] = -1
        for place in path:
            looked[place] = DONE
    return found
