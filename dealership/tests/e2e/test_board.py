"""The grade board: "move to" on the phone, dragging on the desk; both ask for the contact first (R-FU-6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from dealership.org.models import Store
from dealership.tests.builders import make_store
from dealership.tests.e2e.conftest import DESK, PHONE, Person
from leads.models import FollowUp, GradeChange, Prospect
from leads.tests.builders import make_prospect
from sales.tests.builders import Staff, make_staff

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
WORDS = "客户家人都同意了，周六上午来店谈价格"


@pytest.fixture
def house(transactional_db: None) -> tuple[Store, Staff]:
    store = make_store("A")
    return store, make_staff(store)


def by_menu(page: Page, card: Prospect) -> None:
    page.locator(f"[data-card='{card.pk}'] [data-bs-toggle=dropdown]").click()
    page.get_by_role("link", name="移到 H 级").click()


def by_drag(page: Page, card: Prospect) -> None:
    target = page.locator("[data-grade=H]")
    page.locator(f"[data-card='{card.pk}']").drag_to(target)


@pytest.mark.parametrize(("size", "move"), [(PHONE, by_menu), (DESK, by_drag)], ids=["375-menu", "1440-drag"])
def test_moving_a_card_asks_for_the_contact_and_then_moves_it(
    house: tuple[Store, Staff], sign_in: SignIn, size: dict[str, int], move: Callable[[Page, Prospect], None]
) -> None:
    store, staff = house
    card = make_prospect(staff.consultant, store, grade="B")
    person = sign_in(staff.consultant, size)
    page = person.go(reverse("leads:prospect_board"))

    move(page, card)
    page.wait_for_url("**/follow-up/**")
    card.refresh_from_db()
    assert (card.grade, page.locator("[name=grade]:checked").input_value()) == ("B", "H")

    page.locator("label", has=page.locator("[name=outcome][value=reached]")).click()
    send(page)
    expect(page.locator(".invalid-feedback:visible").first).to_be_visible()
    assert not FollowUp.objects.exists()

    page.fill("[name=content]", WORDS)
    send(page)
    page.wait_for_url("**/prospects/board/**")
    expect(page.locator(f"[data-grade=H] [data-card='{card.pk}']")).to_be_visible()
    card.refresh_from_db()
    last: Any = GradeChange.objects.latest("id")
    assert (card.grade, last.from_grade, last.to_grade, FollowUp.objects.get().grade_after) == ("H", "B", "H", "H")
    assert not [text for text in person.complaints if "422" not in text]


def send(page: Page) -> None:
    page.locator("form[data-draft] .app-submit .btn-primary").click()
    page.wait_for_load_state()


def test_s06_drafts_keep_words_without_numbers_and_go_after_sending(
    house: tuple[Store, Staff], sign_in: SignIn
) -> None:
    store, staff = house
    card = make_prospect(staff.consultant, store, grade="B")
    person = sign_in(staff.consultant)
    url = reverse("leads:follow_up_new", args=[card.pk])
    page = person.go(url)
    page.fill("[name=content]", f"{WORDS}，电话 138 0013 8000")
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    assert WORDS in kept
    assert "8000" not in kept
    page = person.go(url)
    assert page.input_value("[name=content]").startswith(WORDS)
    page.context.set_offline(True)
    page.locator("label", has=page.locator("[name=outcome][value=reached]")).click()
    send(page)
    expect(page.locator("#toast")).to_contain_text("还没有保存")
    page.context.set_offline(False)

    # The session ends before sending: after signing in again the words are still there.
    cookies = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    send(page)
    page.wait_for_url("**/accounts/login/**")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page = person.go(url)
    assert page.input_value("[name=content]").startswith(WORDS)
    page.locator("label", has=page.locator("[name=outcome][value=reached]")).click()
    send(page)
    page.wait_for_url("**/prospects/*/")
    assert "draft" not in page.evaluate("JSON.stringify(sessionStorage)")
    assert person.go(url).input_value("[name=content]") == ""
