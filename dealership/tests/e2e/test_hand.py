"""Rules of the hand (product.md §7) that only a browser can show: taps, width, contrast, labels, a quiet console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Route

from dealership.accounts.models import User
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.tests.builders import make_person, make_store
from dealership.tests.e2e.conftest import DESK, PHONE, Person
from dealership.tests.matrix import PAYLOAD
from leads.models import CustomerPhone, Visit
from leads.tests.builders import make_follow_up, make_prospect, make_visit
from reports.services.close import month_snapshot
from sales.choices import DealStatus
from sales.models import Deal
from sales.tests.builders import Staff, deal_in, make_staff

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
AXE = (settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js").read_text()
ASK = "async () => (await axe.run()).violations.filter(v => ['serious', 'critical'].includes(v.impact))"


@pytest.fixture
def house(transactional_db: None) -> tuple[Store, Staff]:
    store = make_store("A")
    return store, make_staff(store)


def test_r01_two_quick_taps_on_save_make_one_visit(house: tuple[Store, Staff], sign_in: SignIn) -> None:
    _store, staff = house
    page = sign_in(staff.consultant).go(reverse("leads:visit_new"))
    page.fill("[name=phone]", "15400138001")
    page.fill("[name=name]", "李娜")
    page.locator("label.grade-choice", has=page.locator("[name=grade][value=B]")).click()
    page.get_by_role("button", name="登记", exact=True).dblclick()
    page.wait_for_url(lambda url: "/visits/new/" not in url)
    page.wait_for_load_state()
    assert Visit.objects.count() == 1
    assert CustomerPhone.objects.count() == 1


def test_r02_a_lost_answer_and_a_second_try_make_one_visit(house: tuple[Store, Staff], sign_in: SignIn) -> None:
    """The server wrote the visit, the way back answered 502; going back and saving again ends in the same visit."""
    _store, staff = house
    page = sign_in(staff.consultant).go(reverse("leads:visit_new"))

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        assert route.fetch(max_redirects=0).status == 302
        route.fulfill(status=502, body="Bad gateway")

    def save() -> None:
        page.get_by_role("button", name="登记", exact=True).click()
        page.wait_for_load_state()

    page.fill("[name=phone]", "15400138002")
    page.fill("[name=name]", "李娜")
    page.locator("label.grade-choice", has=page.locator("[name=grade][value=B]")).click()
    page.route("**/visits/new/", lose)
    save()
    assert Visit.objects.count() == 1
    page.unroute("**/visits/new/")
    page.go_back()
    assert page.input_value("[name=name]") == "李娜"
    page.fill("[name=phone]", "15400138002")  # a number is never kept by the browser
    page.locator("label.grade-choice", has=page.locator("[name=grade][value=B]")).click()
    save()
    page.wait_for_url(lambda url: "/visits/new/" not in url)
    assert Visit.objects.count() == 1


def test_an_uncaptured_party_is_one_tap(house: tuple[Store, Staff], sign_in: SignIn) -> None:
    _store, staff = house
    page = sign_in(staff.consultant).go(reverse("leads:visit_new"))
    page.get_by_role("button", name="2人").click()
    page.wait_for_load_state()
    assert list(Visit.objects.values_list("captured", "party_size", "visit_type")) == [(False, 2, "first_uncaptured")]


def _pages(store: Store, staff: Staff) -> list[tuple[Any, list[str]]]:
    """The main pages with something on them, by who uses them; names and texts are markup (S08)."""
    deals = {
        status: deal_in(status, staff, store) for status in (DealStatus.ORDERED, DealStatus.PAID, DealStatus.READY)
    }
    card = make_prospect(staff.consultant, store, name=PAYLOAD, note=f"{PAYLOAD}'\"</script><svg/onload=alert(2)>")
    make_follow_up(staff.consultant, card, content=f"{PAYLOAD} 客户说周末带家人来看车")
    User.objects.filter(pk=staff.consultant.pk).update(name=PAYLOAD)
    make_visit(staff.consultant, store, captured=None)
    close = _closing(store)
    lists = "leads:visit_list leads:visit_new leads:prospect_list leads:prospect_board sales:deal_list".split()
    seller = [reverse("today"), *map(reverse, lists), *map(reverse, ["sales:vehicle_list", "reviews:mine"])]
    seller += [reverse("leads:prospect_detail", args=[card.pk]), reverse("leads:follow_up_new", args=[card.pk])]
    seller += [reverse("leads:focus"), reverse("leads:evaluation", args=[card.pk])]
    seller += [reverse("sales:deal_new", args=[card.pk]), reverse("sales:deal_page", args=[deals[DealStatus.READY].pk])]
    leading = "today reviews:team approvals:list reports:board reports:month reports:kpi_list sales:target_sheet"
    money = "today sales:payment_list reports:close_list reports:workbook"
    return [
        (staff.consultant, seller),
        (staff.manager, [reverse(name) for name in ("leads:nurture_list", *leading.split())]),
        (staff.finance, [*map(reverse, money.split()), reverse("reports:close_detail", args=[close])]),
        (staff.admin, [reverse("today"), reverse("sales:allocation_list")]),
        (staff.delivery, [reverse("today"), reverse("sales:delivery_list")]),
    ]


def _closing(store: Store) -> int:
    last = Deal.objects.order_by("pk").values_list("created_at", flat=True)[0]
    first = last.date().replace(day=1)
    month = first.replace(year=first.year - 1, month=12) if first.month == 1 else first.replace(month=first.month - 1)
    return int(month_snapshot(store_id=store.pk, month=month).pk)


def _told(path: str, found: dict[str, Any]) -> str:
    return f"{path}: {found['id']} {[node['html'][:120] for node in found['nodes'][:3]]}"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["375", "1440"])
def test_s08_main_pages_are_accessible_fit_and_keep_the_policy(
    house: tuple[Store, Staff], sign_in: SignIn, size: dict[str, int]
) -> None:
    """Markup in names and texts opens no dialog and breaks no policy; it is shown as it was typed."""
    _look(_pages(*house), sign_in, size)


def test_account_and_settings_pages_are_accessible_on_the_phone(house: tuple[Store, Staff], sign_in: SignIn) -> None:
    names = "org:people org:person_new org:stores org:store_new org:sources org:policies org:calendar org:audit"
    names += " org:reveals org:exports jobs:health jobs:list notices:list accounts:profile account_change_password"
    names += " account_reauthenticate account_logout usersessions_list mfa_index"
    paths = [reverse(name) for name in names.split()]
    paths += [reverse("org:policy", args=[key]) for key in ("grade.H", "care.schedule")]
    _look([(make_person(Role.SYS_ADMIN, None), paths)], sign_in, PHONE)


def _look(pages: list[tuple[Any, list[str]]], sign_in: SignIn, size: dict[str, int]) -> None:
    faults: list[str] = []
    for user, paths in pages:
        person = sign_in(user, size)
        for path in paths:
            page = person.go(path)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                faults.append(f"{path}: {width} px wide")
            page.evaluate(AXE)
            faults += [_told(path, found) for found in page.evaluate(ASK)]
        faults += [f"{user}: {text}" for text in person.complaints]
        person.page.context.close()
    assert not faults, "\n".join(faults)
