"""The helper that looks for plain numbers finds them however they are written, and no digits that stand by chance."""

from __future__ import annotations

import pytest

from dealership.tests.numbers import KnownNumbers

KNOWN = KnownNumbers(["+8613912345678", "11010519491231002X"])


@pytest.mark.parametrize(
    "text",
    ["13912345678", "+8613912345678", "139 1234 5678", "139-1234-5678", "(139)1234.5678", "１３９１２３４５６７８",
     "&#49;3912345678", 'value="13912345678"', "id=8613912345678x", "139\u00a01234\n5678", "11010519491231002x"],
)  # fmt: skip
def test_a_known_number_is_found_in_every_writing(text: str) -> None:
    assert len(KNOWN.shown_in(f"客户 {text} 已建卡")) == 1


@pytest.mark.parametrize("text", ["139****5678", "c3a1-13812345678-9f", "1391234567", "110105194912310021"])
def test_masks_and_chance_digits_are_no_number(text: str) -> None:
    assert KNOWN.shown_in(text) == []


def test_looking_for_no_number_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        KnownNumbers([])
