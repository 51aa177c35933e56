"""Some: the current cells of a few runs, without holding those of all."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.store.cells.current import Block, Now, latest, placed, share
from evalkit.store.disk.files import Files


def blocks_of(
    files: Files, now: Now, fingerprints: Sequence[str], columns: Sequence[str], places: pa.Array
) -> dict[str, list[Block]]:
    """Return what `current_blocks` does, of the runs at these places alone."""
    found: dict[str, list[Block]] = {fingerprint: [] for fingerprint in fingerprints}
    for part in placed(files, now, columns):
        inside = pc.is_in(part.places, value_set=places, skip_nulls=True)
        if pc.any(inside).as_py():
            keep = inside if part.keep is None else pc.and_(inside, part.keep)
            share(found, part._replace(keep=keep), columns)
    return {fingerprint: latest(blocks) for fingerprint, blocks in found.items()}
