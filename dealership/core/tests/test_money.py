"""The one home of money and ratios."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealership.core import money


def test_k34_average_profit_of_the_source_document_rounds_half_up():
    assert money.quantize(Decimal(10016) / 3) == Decimal("3338.67")
    assert money.whole(Decimal(10016) / 3) == Decimal(3339)


@pytest.mark.parametrize(
    ("amount", "expected"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("1.004", "1.00")]
)
def test_half_a_cent_goes_away_from_zero(amount, expected):
    assert money.quantize(amount) == Decimal(expected)


def test_nothing_to_divide_by_has_no_ratio():
    assert money.ratio(5, 0) is None
    assert money.ratio(5, None) is None
    assert money.ratio(None, 5) is None
    assert money.ratio(0, 5) == 0
    assert money.show_ratio(None) == "—"


def test_ratio_of_the_demo_store_reads_as_published():
    assert money.show_ratio(money.ratio(190, 230)) == "82.6%"
    assert money.show_ratio(money.ratio(172, 2040)) == "8.4%"


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("168000", "168000.00"),
        ("168,000.00", "168000.00"),
        ("￥168，000", "168000.00"),
        ("16.8万", "168000.00"),
        (" ¥1 ", "1.00"),
        ("0.5", "0.50"),
    ],
)
def test_money_is_read_as_people_type_it(typed, amount):
    assert money.parse_money(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed", [" ", "abc", "1.234", "NaN", "Infinity", "1e30", "9999999999999", "十万", "1.2.3", "=1+1"]
)
def test_what_is_not_money_is_refused(typed):
    with pytest.raises(ValueError, match=r"."):
        money.parse_money(typed)


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=2))
def test_shown_money_is_read_back(amount):
    assert money.parse_money(money.show_money(amount)) == amount


def test_display_refuses_what_is_not_money():
    assert money.show_money(Decimal(168000)) == "168,000.00"
    assert money.show_wan(Decimal(168000)) == "16.80万"
    assert money.show_money(None) == "—"
    with pytest.raises(TypeError):
        money.show_money("168000")
