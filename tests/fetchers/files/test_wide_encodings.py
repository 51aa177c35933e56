"""UTF-16 and UTF-32, as some shells write them, are read like UTF-8."""

import gzip
import json

import pytest

from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.unpack import open_bytes

ROWS = [{"run_id": f"r{n}", "outputs": "\u00fc\U0001f600"} for n in range(2_000)]
TEXTS = {
    "json": json.dumps(ROWS, ensure_ascii=False),
    "jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS),
}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8"])
@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("packed", [False, True])
def test_wide_encodings_are_read_by_their_mark(tmp_path, encoding, suffix, packed):
    data = ("\ufeff" + TEXTS[suffix]).encode(encoding)
    path = tmp_path / f"wide.{suffix}"
    path.write_bytes(gzip.compress(data) if packed else data)
    with open_bytes(SourceFile(str(path), path.name)) as stream:
        assert stream.peek(1)[:1] == TEXTS[suffix][:1].encode()
        assert stream.read().decode("utf-8") == TEXTS[suffix]


def test_half_a_character_at_the_end_is_one_that_cannot_be_read(tmp_path):
    path = tmp_path / "cut.json"
    path.write_bytes("\ufeff[1]".encode("utf-16-le")[:-1])
    with open_bytes(SourceFile(str(path), path.name)) as stream:
        assert stream.read().decode("utf-8") == "[1\ufffd"
