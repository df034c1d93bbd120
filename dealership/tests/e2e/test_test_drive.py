"""A test drive in the hand: booked, in the way of a colleague's, moved on, signed with a finger, out and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.tests.builders import make_person, make_store
from dealership.tests.e2e.conftest import Person
from leads.choices import DriveStatus
from leads.models import TestDrive
from leads.tests.builders import make_demo_car, make_drive, make_prospect
from sales.tests.builders import make_staff

pytestmark = pytest.mark.browser


@pytest.fixture
def store(transactional_db: None) -> Store:
    return make_store("A")


def test_book_clash_sign_start_and_finish_at_375_px(
    store: Store, sign_in: Callable[..., Person], freeze: Callable[[str], None]
) -> None:
    freeze("2026-11-18T10:05:00+08:00")
    staff = make_staff(store)
    car, card = make_demo_car(store, plate="浙A12345"), make_prospect(staff.consultant, store, name="陈晓")
    other = make_demo_car(store, plate="浙A67890")
    person = sign_in(staff.consultant)
    page = person.go(reverse("leads:prospect_detail", args=[card.pk]))
    page.get_by_role("link", name="约试驾").click()
    page.get_by_role("link", name="10:00", exact=True).first.click()
    # A colleague was faster while the form was open.
    faster = make_person(Role.SALES_CONSULTANT, store, name="王芳")
    make_drive(faster, make_prospect(faster, store), car, starts_at=periods.at(periods.today(), "10:00"))
    page.get_by_role("button", name="确认预约").click()
    page.get_by_text("最近的空闲时间是 11-18 周三 10:30").first.wait_for()
    page.get_by_label("试驾车").select_option(label=str(other))
    page.get_by_role("button", name="确认预约").click()
    page.get_by_text("已预约：11-18 周三 10:00").wait_for()
    page.get_by_label("有效期至").fill("2028-01-01")
    page.get_by_role("button", name="已核对驾驶证").click()
    page.get_by_role("link", name="请客户签署").click()
    _draw(person)
    page.get_by_role("button", name="同意并签署").click()
    page.get_by_text("协议已签署").wait_for()
    page.get_by_label("出发里程（公里）").fill("1000")
    page.get_by_role("button", name="出发", exact=True).click()
    page.get_by_text("已出发").wait_for()
    page.get_by_label("还车里程（公里）").fill("1009")
    page.locator("label.app-choice", has=page.locator("[name=star_power][value='5']")).click()
    page.get_by_label("客户反馈").fill("加速有力，座椅偏硬")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="还车", exact=True).click()
    page.get_by_text("有效试驾").wait_for()
    drive = TestDrive.objects.get(prospect=card)
    assert (drive.status, drive.distance, drive.is_valid) == (DriveStatus.FINISHED, 9, True)
    assert drive.signature.count("M") == 2
    # The 409 of the clash is the one thing the browser may note.
    assert [text for text in person.complaints if "409" not in text] == []


def _draw(person: Person) -> None:
    """Two strokes with the pointer on the canvas."""
    mouse, canvas = person.page.mouse, person.page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for points in ([(0.1, 0.3), (0.3, 0.8), (0.5, 0.2)], [(0.6, 0.4), (0.8, 0.7), (0.9, 0.3)]):
        steps = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        mouse.move(*steps[0])
        mouse.down()
        for step in steps[1:]:
            mouse.move(*step, steps=6)
        mouse.up()
