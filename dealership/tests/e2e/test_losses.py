"""No easy defeat, on a phone: refuse → second follow-up → apply → reject → apply → reassign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dealership.org.choices import Role
from dealership.tests.builders import make_person, make_store, make_team
from dealership.tests.e2e.conftest import Person
from leads.models import LossApplication, Prospect
from leads.tests.builders import make_prospect

pytestmark = pytest.mark.browser


def test_from_refusal_to_another_consultant(transactional_db: None, sign_in: Callable[..., Person]) -> None:
    store = make_store("A")
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store), name="李明")
    heir = make_person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="王芳")
    manager = make_person(Role.SHOWROOM_MANAGER, store, name="赵经理")
    card = make_prospect(consultant, store, grade="B", name="孙丽")
    seller, decider = sign_in(consultant), sign_in(manager)
    page = f"/customers/prospects/{card.pk}/"

    _contact(seller, page, "refused", "客户说价格太高，暂时不考虑我们")
    expect(seller.page.get_by_text("客户已拒绝，必须完成二次追踪")).to_be_visible()
    _apply(seller, page)
    expect(seller.page.get_by_text("客户拒绝后还没有完成二次追踪")).to_be_visible()
    _fits(seller.page)
    _contact(seller, page, "refused", "再次联系，客户坚持去城南看别的车")
    _apply(seller, page)
    expect(seller.page.get_by_text("申请已提交")).to_be_visible()
    _fits(seller.page)

    _answer(decider, LossApplication.objects.get().pk, "reject", comment="请再邀约一次试驾")
    seller.go(page)
    expect(seller.page.get_by_text("请再邀约一次试驾").first).to_be_visible()
    _contact(seller, page, "reached", "已邀约试驾，客户说没有时间过来")
    _apply(seller, page)
    expect(seller.page.get_by_text("申请已提交")).to_be_visible()

    _answer(decider, LossApplication.objects.latest("id").pk, "reassign", new_owner=str(heir.pk))
    card = Prospect.objects.select_related("owner").get(pk=card.pk)
    assert (card.status, card.owner) == ("active", heir)
    for place in ("losses/", "dormant/", "out-of-control/"):
        _fits(decider.go(f"/customers/{place}"))
    assert (seller.complaints, decider.complaints) == (_refused_once(seller), [])


def _refused_once(seller: Person) -> list[str]:
    """The browser notes the one refused form (422); nothing else may be there."""
    return [text for text in seller.complaints if "422" in text][:1]


def _contact(person: Person, page: str, outcome: str, text: str) -> None:
    person.go(f"{page}follow-up/")
    person.page.locator(
        "label.app-choice, label", has=person.page.locator(f"[name=outcome][value={outcome}]")
    ).first.click()
    person.page.fill("[name=content]", text)
    person.page.get_by_role("button", name="保存跟进").click()
    person.page.wait_for_load_state()
    person.go(page)


def _apply(person: Person, page: str) -> None:
    """Bought a competitor: the part with brand, model, price and dealer shows itself for this reason only."""
    person.go(f"{page}apply-loss/")
    brand = person.page.locator("[name=competitor_brand]")
    expect(brand).to_be_hidden()
    person.page.locator("label.app-choice", has=person.page.locator("[name=reason][value=competitor]")).click()
    expect(brand).to_be_visible()
    told = {"brand": "岚途", "model": "S6", "price": "16.8万", "dealer": "城南岚途店"}
    for name, value in told.items():
        person.page.fill(f"[name=competitor_{name}]", value)
    person.page.fill("[name=explanation]", "客户比较后觉得我店价格高三千，已经放弃")
    person.page.get_by_role("button", name="提交申请").click()
    person.page.wait_for_load_state()


def _answer(person: Person, application_id: int, decision: str, **told: str) -> None:
    page: Any = person.go(f"/customers/losses/{application_id}/")
    _fits(page)
    page.locator("label.app-choice", has=page.locator(f"[name=decision][value={decision}]")).click()
    if "new_owner" in told:
        page.locator("[name=new_owner]").select_option(told["new_owner"])
    page.fill("[name=comment]", told.get("comment", ""))
    page.get_by_role("button", name="提交审批").click()
    page.wait_for_load_state()
    expect(page.get_by_role("button", name="提交审批")).to_have_count(0)


def _fits(page: Page) -> None:
    """Nothing scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
