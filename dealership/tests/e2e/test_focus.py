"""Today's H customers on a phone: one at a time, contact logged in place, forward and back, counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dealership.core import periods
from dealership.org.choices import Role
from dealership.tests.builders import make_person, make_store, make_team
from dealership.tests.e2e.conftest import Person
from leads.models import FollowUp, Prospect
from leads.tests.builders import make_prospect

pytestmark = pytest.mark.browser


def test_one_h_customer_after_the_other(transactional_db: None, sign_in: Callable[..., Person]) -> None:
    store = make_store("A")
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store), name="李明")
    cards = [make_prospect(consultant, store, grade="H", name=name) for name in ("孙一", "孙二", "孙三")]
    for place, card in enumerate(cards):
        due = periods.now() - dt.timedelta(hours=3 - place)
        Prospect.objects.filter(pk=card.pk).update(next_follow_up_at=due)
        card.tasks.update(due_at=due)

    person = sign_in(consultant)
    page = person.go("/customers/focus/")
    _stands(page, "孙一", "第 1 / 3 位", "已完成 0 位")
    page.get_by_role("link", name="下一位").first.click()
    _stands(page, "孙二", "第 2 / 3 位", "已完成 0 位")
    page.get_by_role("link", name="上一位").click()
    _stands(page, "孙一", "第 1 / 3 位", "已完成 0 位")

    page.locator("label.app-choice", has=page.locator("[name=outcome][value=reached]")).click()
    page.fill("[name=content]", "太短了")
    page.get_by_role("button", name="保存，下一位").click()
    expect(page.get_by_text("跟进内容至少 10 个字").first).to_be_visible()
    page.fill("[name=content]", "客户说周末带家人一起来试驾远景")
    page.get_by_role("button", name="保存跟进").click()
    _stands(page, "孙二", "第 2 / 3 位", "已完成 1 位")
    page.get_by_role("button", name="未接通，一下登记").click()
    _stands(page, "孙三", "第 3 / 3 位", "已完成 2 位")
    assert list(FollowUp.objects.order_by("id").values_list("prospect_id", "outcome")) == [
        (cards[0].pk, "reached"), (cards[1].pk, "no_answer"),
    ]  # fmt: skip
    assert [text for text in person.complaints if "422" not in text] == []


def _stands(page: Page, name: str, place: str, done: str) -> None:
    """This customer is in hand, the count says so, nothing scrolls sideways, buttons are large enough to touch."""
    expect(page.locator(".card-head-name")).to_contain_text(name)
    expect(page.locator(".focus-count")).to_contain_text(place)
    expect(page.locator(".focus-count")).to_contain_text(done)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for button in page.locator(".focus-bar a.btn").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
