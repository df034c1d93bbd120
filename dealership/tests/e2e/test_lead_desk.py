"""On a phone: a lead picked from the pool by the first of two, a leaver's customers given on and taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.tests.builders import make_person, make_store, make_team
from dealership.tests.e2e.conftest import PHONE, Person
from leads.models import HandOver, Lead, Prospect
from leads.tests.builders import make_prospect
from leads.tests.lead_builders import make_lead, nobody_takes

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]


@pytest.fixture
def store(transactional_db: None) -> Store:
    return make_store("A")


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_first_of_two_picks_a_lead_and_makes_its_card(store: Store, sign_in: SignIn) -> None:
    """Both see it in the pool; one gets it with its clock, the other is told and sees what is left."""
    nobody_takes(store)
    first = make_person(Role.DCC_AGENT, store, name="网销小李")
    second = make_person(Role.DCC_AGENT, store, name="王芳")
    lead = make_lead(make_person(Role.SHOWROOM_MANAGER, store), store, name="陶然")
    make_lead(first, store, name="孙丽")
    quick, late = sign_in(first), sign_in(second)
    pool = reverse("leads:lead_pool")
    for person in (quick, late):
        fits(person.go(pool))
        expect(person.page.get_by_role("button", name="领取 陶然")).to_be_visible()
    quick.page.get_by_role("button", name="领取 陶然").click()
    quick.page.wait_for_url(f"**/leads/{lead.pk}/")
    expect(quick.page.get_by_text("待首次响应")).to_be_visible()
    fits(quick.page)
    late.page.get_by_role("button", name="领取 陶然").click()
    expect(late.page.get_by_role("alert")).to_contain_text("刚刚被同事领走了")
    expect(late.page.get_by_role("button", name="领取 陶然")).to_have_count(0)
    expect(late.page.get_by_role("button", name="领取 孙丽")).to_be_visible()

    quick.page.get_by_role("link", name="建卡").click()
    quick.page.locator("label", has=quick.page.locator("[name=grade][value=A]")).first.click()
    fits(quick.page)
    quick.page.locator("#main form [type=submit], #main form .btn-primary").last.click()
    quick.page.wait_for_url("**/prospects/**")
    lead = Lead.objects.select_related("prospect").get(pk=lead.pk)
    assert lead.prospect is not None
    assert (lead.state, lead.owner_id, lead.prospect.grade, lead.prospect.owner_id) == (
        "carded",
        first.pk,
        "A",
        first.pk,
    )
    assert (quick.complaints, [text for text in late.complaints if "409" not in text]) == ([], [])


def test_a_leavers_customers_are_simulated_given_on_and_taken_back(store: Store, sign_in: SignIn) -> None:
    team = make_team(store)
    leaver, one, two = (
        make_person(Role.SALES_CONSULTANT, store, team=team, name=name) for name in ("李明", "王芳", "陈静")
    )
    hot = make_prospect(leaver, store, grade="H", name="陶然")
    others = [make_prospect(leaver, store, grade=grade) for grade in "AABC"]
    manager = sign_in(make_person(Role.SHOWROOM_MANAGER, store, name="赵经理"))
    page = manager.go(reverse("leads:handover_new"))
    page.get_by_label("交出人").select_option(str(leaver.pk))
    for taker in (one, two):
        page.get_by_role("checkbox", name=taker.name, exact=True).check()
    page.get_by_role("button", name="模拟分配").click()
    expect(page.get_by_text("5 位客户")).to_be_visible()
    fits(page)
    assert set(Prospect.objects.values_list("owner_id", flat=True)) == {leaver.pk}
    page.get_by_label("陶然的接手人").select_option(str(two.pk))
    page.get_by_role("button", name="确认交接").click()
    expect(page.get_by_text("请填写").first).to_be_visible()
    page.get_by_label("原因").fill("离职")
    page.get_by_label("陶然的接手人").select_option(str(two.pk))
    page.get_by_role("button", name="确认交接").click()
    expect(page.get_by_text("交接完成")).to_be_visible()
    fits(page)
    given = dict(Prospect.objects.values_list("pk", "owner_id"))
    assert given[hot.pk] == two.pk
    assert sorted(given.values()).count(one.pk) + sorted(given.values()).count(two.pk) == 5
    assert leaver.pk not in given.values()

    page.get_by_role("button", name="撤回交接").click()
    expect(page.get_by_text("已撤回", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name="撤回交接")).to_have_count(0)
    assert set(Prospect.objects.values_list("owner_id", flat=True)) == {leaver.pk}
    assert HandOver.objects.get().undone_at is not None
    assert len(others) == 4
    assert [text for text in manager.complaints if "422" not in text] == []
