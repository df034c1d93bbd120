"""全局搜索: what is found, by whom, and that nothing typed or plain leaks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dealership.core.search import search
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for, count_queries
from dealership.tests.numbers import plain_numbers_in
from leads.tests.builders import make_prospect
from sales.choices import DealStatus
from sales.tests.builders import deal_in, make_staff

pytestmark = pytest.mark.django_db


def titles(user: Any, text: str) -> list[str]:
    return [hit.title for group in search(user, text) for hit in group.hits]


def test_found_by_phone_name_pinyin_initials_deal_number_and_vin(store: Any) -> None:
    staff = make_staff(store)
    card = make_prospect(staff.consultant, store, name="单雪梅", phone="13912345678")
    for text in ("5678", "单雪", "shanxue", "sxm", "139 1234 5678"):
        assert titles(staff.consultant, text) == ["单雪梅（A）"], text
    deal = deal_in(DealStatus.ALLOCATED, staff, store, prospect=card)
    deal.refresh_from_db()
    assert deal.vehicle is not None
    assert titles(staff.consultant, deal.number) == [f"{deal.number} 单雪梅"]
    assert titles(staff.consultant, deal.vehicle.vin[-6:]) == [f"{deal.number} 单雪梅", deal.vehicle.vin]


def test_two_letters_are_found_where_they_stand_together(store: Any) -> None:
    """Names of two letters are too short for trigrams and are looked for by their letters (`holds`)."""
    seller = make_person(Role.SALES_CONSULTANT, store)
    for name in ("王伟", "小王伟", "伟王", "王小伟", "折扣%王"):
        make_prospect(seller, store, name=name)
    assert set(titles(seller, "王伟")) == {"王伟（A）", "小王伟（A）"}
    assert titles(seller, "%王") == ["折扣%王（A）"]
    assert titles(seller, "_王") == []


def test_reach_decides_what_is_found(store: Any, other_store: Any) -> None:
    """A colleague's card is not found, a whole number only says whose it is; another store says nothing more."""
    mine, colleague = make_person(Role.SALES_CONSULTANT, store), make_person(Role.SALES_CONSULTANT, store, name="许诺")
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    make_prospect(colleague, store, name="金丝雀", phone="13912345678")
    assert titles(mine, "金丝雀") == titles(mine, "5678") == titles(stranger, "金丝雀") == []
    whose = search(mine, "13912345678")
    assert [(hit.title, "许诺" in hit.detail) for group in whose for hit in group.hits] == [("139****5678", True)]
    elsewhere = [hit for group in search(stranger, "13912345678") for hit in group.hits]
    assert [(hit.title, hit.detail) for hit in elsewhere] == [("139****5678", "集团其他门店已有档案")]


@pytest.mark.parametrize("text", ["", " ", "张", "1", "%", "'", "\x00\x07", "x" * 500, "＝1+1"])
def test_odd_words_find_nothing_and_break_nothing(store: Any, text: str) -> None:
    user = make_person(Role.SHOWROOM_MANAGER, store)
    assert client_for(user).post("/search/", {"q": text}).status_code == 200
    assert titles(user, text) == []


def test_the_page_masks_numbers_and_keeps_words_out_of_the_address(store: Any) -> None:
    user = make_person(Role.SHOWROOM_MANAGER, store)
    make_prospect(make_person(Role.SALES_CONSULTANT, store), store, name="陶然", phone="13912345678")
    page = client_for(user).post("/search/", {"q": "陶然"}).content.decode()
    assert "139****5678" in page
    assert plain_numbers_in(page) == []
    assert "q=" not in "".join(re.findall(r'(?:href|action|hx-[a-z-]+)="([^"]*)"', page))


def test_the_palette_finds_pages_by_name_and_initials(store: Any) -> None:
    client = client_for(make_person(Role.SALES_CONSULTANT, store))
    headers = {"HX-Request": "true", "HX-Target": "palette-hits"}
    for text in ("级别看板", "jbkb", "jibie"):
        answer = client.post("/search/", {"q": text}, headers=headers).content.decode()
        assert "/customers/prospects/board/" in answer, text
        assert "<html" not in answer
    assert "/settings/policies/" not in client.post("/search/", {"q": "策略"}, headers=headers).content.decode()


def test_statements_do_not_grow_with_rows(store: Any) -> None:
    user = make_person(Role.SHOWROOM_MANAGER, store)
    client, seller = client_for(user), make_person(Role.SALES_CONSULTANT, store)
    make_prospect(seller, store, name="陶一")

    def ask() -> Any:
        return client.post("/search/", {"q": "陶一"})

    ask()
    one = count_queries(ask)
    make_prospect(seller, store, name="陶一一")
    make_prospect(seller, store, name="陶一二")
    assert count_queries(ask) == one
    assert one <= 15
