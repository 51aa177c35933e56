"""Ids are numbered as a dict would number them, at any size and whatever is in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.model.schema import ids as module
from evalkit.model.schema.ids import Ids

NAMES = st.lists(st.text(max_size=3) | st.sampled_from(["", "\udc80", "é", "e\u0301"]))


@settings(deadline=None)
@given(names=NAMES, few=st.integers(0, 4))
def test_they_are_numbered_as_by_a_dict(names: list[str], few: int) -> None:
    ids, known = Ids(), dict[str, int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", few)
        held_against(ids, known, names)


def held_against(ids: Ids, known: dict[str, int], names: list[str]) -> None:
    for name in names:
        assert ids.number(name) == known.setdefault(name, len(known))
        assert len(ids) == len(known)
    assert [ids.find(name) for name in known] == list(known.values())
    assert ids.find("never") is None


def test_more_than_there_are_slots_are_all_found() -> None:
    ids, count = Ids(), module.FEW + module.GROWTH * module.SLOTS
    assert [ids.number(str(number)) for number in range(count)] == [*range(count)]
    assert [ids.find(str(number)) for number in range(count)] == [*range(count)]
    assert ids.find(str(count)) is None


def test_one_takes_less_than_half_of_what_text_takes() -> None:
    ids, count = Ids(), 20_000
    for number in range(count):
        ids.number(f"{number:036d}")
    held = len(ids._hashes) + ids._slots.itemsize * len(ids._slots)
    assert held / count < 40
