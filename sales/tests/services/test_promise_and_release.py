"""Moving a promised day, and taking back a car nobody pays for (domain.md §4.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.jobs.registry import kinds
from dealership.jobs.runner import JobRun
from dealership.jobs.services import request_job
from dealership.notices.models import Notice
from leads.selectors.timeline import customer_timeline
from sales.choices import DealStatus, VehicleStatus
from sales.models import Allocation, Deal, PromiseChange
from sales.selectors.deal import deal_history, unpaid_allocations
from sales.services import deal as deals
from sales.services.catalogue import configuration_change
from sales.tasks import release_unpaid_plan
from sales.tests import builders as build
from sales.tests.builders import Staff


def test_a_promise_moves_with_its_reason_and_keeps_the_first_day(store: Any, staff: Staff) -> None:
    today = periods.today()
    first, later = today + dt.timedelta(days=3), today + dt.timedelta(days=9)
    deal = build.deal_in(DealStatus.ORDERED, staff, store, promised_on=first)
    version = Deal.objects.get(pk=deal.pk).version
    for day, reason, field in ((later, "", "reason"), (first, "厂家延期", "promised_on"),
                               (today - dt.timedelta(days=1), "厂家延期", "promised_on")):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            deals.deal_promise(by=staff.consultant, deal_id=deal.pk, promised_on=day, reason=reason)
        assert set(refused.value.fields) == {field}
    told = {"deal_id": deal.pk, "promised_on": later, "reason": "厂家延期一周", "version": version}
    deals.deal_promise(by=staff.consultant, **told)
    with pytest.raises(Conflict):
        deals.deal_promise(by=staff.consultant, **told)
    deal.refresh_from_db()
    assert (deal.promised_on, deal.first_promised_on) == (later, first)
    change = PromiseChange.objects.get()
    assert (change.before, change.after, change.by) == (first, later, staff.consultant)
    text = f"承诺交期 {first:%m-%d} → {later:%m-%d}"
    assert deal_history(deal)[0].label == text
    assert text in [entry.title for entry in customer_timeline(user=staff.consultant, customer_id=deal.customer_id)]


def _later(days: float) -> dt.datetime:
    return periods.now() + dt.timedelta(days=days)


def test_r_stk_an_unpaid_car_goes_back_after_four_days(store: Any, staff: Staff) -> None:
    """§4.3: allocated, told, more than `allocation.unpaid_days` without a payment → ordered again."""
    deal, paying = (build.deal_in(DealStatus.ALLOCATED, staff, store) for _ in "12")
    build.pay(staff, paying, 1000, clear=False)
    assert Notice.objects.filter(recipient=staff.consultant, text__contains="4天内没有收款").count() == 2
    assert unpaid_allocations(moment=_later(3.9)) == []
    assert not deals.deal_release_unpaid(deal_id=deal.pk, moment=_later(3.9))
    assert unpaid_allocations(moment=_later(4.1)) == [deal.pk]
    for again in (True, False):  # a second run does nothing
        assert deals.deal_release_unpaid(deal_id=deal.pk, moment=_later(4.1)) is again
    assert not deals.deal_release_unpaid(deal_id=paying.pk, moment=_later(30))
    car = deal.vehicle
    assert car is not None
    car.refresh_from_db()
    deal.refresh_from_db()
    assert (deal.status, deal.vehicle_id, deal.allocated_at) == (DealStatus.ORDERED, None, None)
    assert car.status == VehicleStatus.IN_STOCK
    assert Allocation.objects.get(deal=deal).released_by is None
    told = Notice.objects.filter(kind="deal", text__contains="未付款已释放").values_list("recipient_id", flat=True)
    assert set(told) == {staff.consultant.pk, staff.manager.pk}
    assert Deal.objects.get(pk=paying.pk).status == DealStatus.ALLOCATED


def test_the_release_job_runs_once_a_day_through_the_outbox(store: Any, staff: Staff, freeze: Any) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    at = periods.at(periods.today() + dt.timedelta(days=5), "07:00")
    assert list(release_unpaid_plan(at)) == []
    at += dt.timedelta(hours=2)
    [(kind, key, payload, due, _store)] = release_unpaid_plan(at)
    assert [row[1] for row in release_unpaid_plan(at + dt.timedelta(hours=9))] == [key]
    freeze(at)
    job = request_job(kind=kind, key=key, payload=payload, due_at=due)
    kinds[kind].handler(JobRun(job))
    assert Deal.objects.get(pk=deal.pk).status == DealStatus.ORDERED


def test_a_model_off_sale_takes_no_new_quote_but_keeps_its_deals(store: Any, staff: Staff) -> None:
    deal = build.make_deal(staff, store)
    trim = deal.configuration
    configuration_change(
        by=staff.sales_manager, configuration_id=trim.pk, version=trim.version, changes={"is_active": False}
    )
    with pytest.raises(DomainError, match="已停售"):
        build.make_deal(staff, store)
    assert deals.deal_submit(by=staff.consultant, deal_id=deal.pk).status == DealStatus.PENDING_DEPOSIT
