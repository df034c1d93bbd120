"""The main job of product.md §2 through the pages, on a phone: from the walk-in to the workbook."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page

from dealership.core import periods
from dealership.org.models import Store
from dealership.tests.builders import make_store
from dealership.tests.e2e.conftest import Person
from leads.models import CareTask, FollowUp, Prospect, Visit
from reports.models import Fact, MonthClose
from reviews.models import Review
from sales.choices import DealStatus, DocumentKind, DocumentState
from sales.models import Deal, Payment
from sales.tests.builders import MSRP, Staff, make_colour, make_configuration, make_staff, make_vehicle

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]


@pytest.fixture
def house(transactional_db: None) -> tuple[Store, Staff]:
    """A store that has worked since two months, with a car to sell."""
    store = make_store("A")
    Store.objects.filter(pk=store.pk).update(created_at=periods.now() - dt.timedelta(days=70))
    staff = make_staff(store)
    make_vehicle(staff.admin, store, configuration=make_configuration(store), colour=make_colour(store))
    return store, staff


def test_the_main_job_on_a_phone(house: tuple[Store, Staff], sign_in: SignIn, worker: Callable[[], None]) -> None:
    store, staff = house
    seller = sign_in(staff.consultant, typed=True)
    card = _register(seller)
    _follow_up(seller, card)
    deal = _sell(seller, card)
    everybody = [seller, *_deliver(deal, staff, seller, sign_in)]
    everybody += _report(seller, staff, sign_in)
    worker()
    _rolled_up(store, staff)
    everybody += _close_last_month(store, staff, sign_in, worker)
    assert [person.complaints for person in everybody] == [[] for _ in everybody]


def _register(seller: Person) -> Prospect:
    """A walk-in is in the register in under 20 seconds of tapping, machine time included."""
    page = seller.page
    page.get_by_role("link", name="登记来店").first.click()
    page.wait_for_load_state()
    begun = time.monotonic()
    page.fill("[name=phone]", "154 0013 8000")
    page.fill("[name=name]", "张伟")
    page.locator("label.grade-choice", has=page.locator("[name=grade][value=H]")).click()
    page.get_by_role("button", name="登记", exact=True).click()
    page.wait_for_url("**/customers/**")
    page.wait_for_load_state()
    assert time.monotonic() - begun < 20
    visit = Visit.objects.select_related("prospect").get()
    assert visit.captured
    assert visit.visit_type == "first_captured"
    assert visit.prospect is not None
    assert visit.prospect.grade == "H"
    assert visit.prospect.next_follow_up_at is not None
    return visit.prospect


def _follow_up(seller: Person, card: Prospect) -> None:
    page = seller.go(f"/customers/prospects/{card.pk}/")
    page.get_by_role("link", name="登记跟进").first.click()
    _choose(page, "outcome", "reached")
    page.fill("[name=content]", "客户对白色现车满意，明天带爱人来签合同")
    page.get_by_role("button", name="保存跟进").click()
    page.wait_for_load_state()
    assert FollowUp.objects.get().content.startswith("客户对白色")


def _choose(page: Page, name: str, value: str) -> None:
    page.locator("label.app-choice", has=page.locator(f"[name={name}][value={value}]")).first.click()


def _sell(seller: Person, card: Prospect) -> Deal:
    page = seller.go(f"/sales/deals/new/{card.pk}/")
    page.locator("[name=configuration]").select_option(index=1)
    page.locator("[name=colour]").select_option(label="珍珠白")
    page.fill("[name=deal_price]", "18.30万")
    page.fill("[name=deposit_amount]", "5000")
    page.get_by_role("button", name="保存报价").click()
    page.wait_for_url("**/sales/deals/*/")
    deal = Deal.objects.get()
    assert deal.deal_price == MSRP - Decimal(3000)
    seller.act(_path(deal), "submit")
    seller.act(_path(deal), "register", purpose="deposit", method="transfer", amount="5000")
    return deal


def _path(deal: Deal) -> str:
    return f"/sales/deals/{deal.pk}/"


def _clear(cashier: Person) -> None:
    cashier.go("/sales/payments/")
    cashier.page.get_by_role("button", name="到账", exact=True).click()
    cashier.page.wait_for_load_state()


def _deliver(deal: Deal, staff: Staff, seller: Person, sign_in: SignIn) -> list[Person]:
    """Cash desk, back office, accounts and delivery each do their part."""
    cashier, admin = sign_in(staff.cashier), sign_in(staff.admin)
    _clear(cashier)
    assert Payment.objects.get().receipt_no
    assert "已订" in cashier.go(_path(deal)).content()
    car = deal.configuration.vehicles.get()
    admin.act(_path(deal), "allocate", vehicle=str(car.pk))
    seller.act(_path(deal), "register", purpose="balance", method="transfer", amount="178000")
    _clear(cashier)
    finance, delivery = sign_in(staff.finance), sign_in(staff.delivery)
    finance.act(_path(deal), "invoice", number="26362000000000000001")
    delivery.act(_path(deal), "pdi")
    for kind in DocumentKind.values:
        if kind not in (DocumentKind.PDI, DocumentKind.INVOICE):
            _tick_paper(delivery.page, deal, kind)
    delivery.act(_path(deal), "deliver")
    deal.refresh_from_db()
    assert deal.status == DealStatus.DELIVERED
    assert Prospect.objects.get().grade == "D"
    assert CareTask.objects.count() == 3
    return [cashier, admin, finance, delivery]


def _tick_paper(page: Page, deal: Deal, kind: str) -> None:
    form = page.locator("form", has=page.locator(f"[name=kind][value={kind}]"))
    with page.expect_navigation(url=f"**{_path(deal)}*"):
        form.locator("select").select_option(DocumentState.IN_STORE)


def _report(seller: Person, staff: Staff, sign_in: SignIn) -> list[Person]:
    """The report filled itself; words are added; the manager answers."""
    page = seller.go("/reviews/mine/")
    page.get_by_role("button", name="现在生成").click()
    page.wait_for_load_state()
    page.fill("[name=tomorrow_plan]", "上午回访昨天到店的三位客户，下午陪同试驾")
    page.get_by_role("button", name="提交日报").click()
    page.wait_for_load_state()
    review = Review.objects.get(owner=staff.consultant)
    assert review.state == "submitted"
    manager = sign_in(staff.manager)
    manager.go("/reviews/team/")
    manager.page.locator(f"#text{review.pk}").fill("当天交车很好，请客户转介绍")
    manager.page.locator(f"#judge{review.pk}").get_by_role("button", name="点评", exact=True).click()
    manager.page.wait_for_load_state()
    assert review.comments.get().text == "当天交车很好，请客户转介绍"
    return [manager]


def _rolled_up(store: Store, staff: Staff) -> None:
    """The worker wrote today's facts."""
    facts = Fact.objects.filter(store=store, day=periods.today(), person=staff.consultant)
    found = dict(facts.values_list("kpi", "numerator"))
    assert found["orders_gross"] == 1
    assert found["retail_units"] == 1
    assert found["new_cards"] == 1


def _close_last_month(store: Store, staff: Staff, sign_in: SignIn, worker: Callable[[], None]) -> list[Person]:
    """The store confirms, finance closes and downloads the workbook."""
    last = periods.Period.containing("month", periods.today()).previous()
    close = MonthClose.objects.get(store=store, month=last.start)
    head, finance = sign_in(staff.sales_manager), sign_in(staff.finance)
    head.go(f"/reports/closes/{close.pk}/")
    head.page.get_by_role("button", name="门店确认").click()
    head.page.wait_for_load_state()
    finance.go(f"/reports/closes/{close.pk}/")
    finance.page.get_by_role("button", name="关账").click()
    finance.page.wait_for_load_state()
    close.refresh_from_db()
    assert close.state == "closed"
    worker()
    page = finance.go("/reports/workbook/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载").first.click()
    book = waiting.value
    assert book.suggested_filename == f"{store.name}_{last.start.year}年{last.start.month}月_销售月报.xlsx"
    with book.path().open("rb") as stored:
        sheets: Any = openpyxl.load_workbook(stored).sheetnames
    assert len(sheets) >= 8
    return [head, finance]
