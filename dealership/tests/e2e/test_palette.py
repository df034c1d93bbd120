"""The keys of the desk: `/` and Ctrl+K search and jump, `?` lists them, and a key typed into a field is a letter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from dealership.tests.builders import make_store
from dealership.tests.e2e.conftest import DESK, PHONE, Person
from leads.tests.builders import make_prospect
from sales.tests.builders import make_staff

pytestmark = pytest.mark.browser


def test_search_and_jump_by_keys(transactional_db: None, sign_in: Callable[..., Person]) -> None:
    store = make_store("A")
    staff = make_staff(store)
    card = make_prospect(staff.consultant, store, name="单雪梅", phone="13912345678")
    person = sign_in(staff.consultant, DESK)
    page = person.go(reverse("today"))
    palette, box = page.locator("#palette"), page.locator("#palette input[name=q]")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("shanxue")
    hit = palette.locator("[data-hit]", has_text="单雪梅")
    expect(hit).to_be_visible()
    assert "13912345678" not in palette.inner_text()
    page.keyboard.press("ArrowDown")
    expect(palette.locator("[data-hit]").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('leads:prospect_detail', args=[card.pk])}")

    page = person.go(reverse("leads:visit_new"))
    page.locator("[name=name]").first.focus()
    page.keyboard.type("/?n")
    expect(palette).to_be_hidden()
    assert page.locator("[name=name]").first.input_value() == "/?n"
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type("试驾")
    expect(palette.locator("[data-hit]", has_text="试驾").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/test-drives/**")
    assert "q=" not in page.url
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("link", name="搜索", exact=True).click()
    page.keyboard.type("5678")
    expect(palette.locator("[data-hit]", has_text="单雪梅")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert person.complaints == []
