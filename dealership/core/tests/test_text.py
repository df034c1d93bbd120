"""What people type: text, phones, masks."""

from __future__ import annotations

import pytest

from dealership.core.errors import DomainError
from dealership.core.masking import mask_id, mask_phone
from dealership.core.phones import normalise_phone
from dealership.core.text import clean_text, fold, has_control_characters, pinyin_of


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 13800138000",
        "8613800138000",
        "１３８００１３８０００",
        "0086 138 0013 8000",
    ],
)
def test_r_dq_one_number_however_it_is_typed(typed):
    assert normalise_phone(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed", ["", "1380013800", "138001380001", "12345678901", "abc", "138O0138000", "11111111111"]
)
def test_r_dq_wrong_numbers_are_refused_with_a_remedy(typed):
    with pytest.raises(DomainError) as refused:
        normalise_phone(typed)
    assert "11 位手机号" in refused.value.message


def test_landlines_and_foreign_numbers_are_numbers_too():
    assert normalise_phone("0791-8888 6666") == "+8679188886666"
    assert normalise_phone("+852 9123 4567") == "+85291234567"


def test_masks_show_the_ends_only():
    assert mask_phone("+8613812345678") == "138****5678"
    assert mask_phone("+85291234567") == "852****4567"
    assert mask_id("360102199003071234") == "360102****1234"
    assert mask_id("") == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("张伟", "zhangwei zw"),
        ("单田芳", "shantianfang stf"),
        ("曾国强", "zengguoqiang zgq"),
        ("仇和", "qiuhe qh"),
        ("区志明", "ouzhiming ozm"),
        ("解磊", "xielei xl"),
    ],
)
def test_surnames_are_read_as_surnames(name, expected):
    assert pinyin_of(name) == expected


def test_invisible_characters_are_found_and_dropped():
    assert has_control_characters("张\x0b三")
    assert has_control_characters("张\u202e三")
    assert not has_control_characters("张三\n李四 😀")
    assert clean_text(" 张\x00三\r\n好 ") == "张三\n好"


def test_folded_names_are_one_name():
    assert fold("ＡＢＣ") == fold("abc") == "abc"
