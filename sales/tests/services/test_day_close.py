"""R-PAY, day-end: cash, POS and transfers against till and bank; two persons; nothing edited afterwards."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.org.models import ClosedMonth, Membership
from sales.choices import DealStatus
from sales.models import DayClose, DayCloseLine, Payment
from sales.services import payment as payments
from sales.services.day_close import day_close_confirm, day_close_return, day_close_submit
from sales.tests import builders as build
from sales.tests.builders import Staff


def _count(staff: Staff, store: Any, *, by: Any = None, note: str = "", **counted: Any) -> DayClose:
    lines = [{"method": method, "counted": Decimal(told[0]), "reason": told[1]} for method, told in counted.items()]
    return day_close_submit(by=by or staff.cashier, store=store, day=periods.today(), lines=lines, note=note)


def _day(staff: Staff, store: Any) -> Payment:
    """5,000.00 by transfer, and 100.00 in cash that the accountant took back."""
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    cash = payments.payment_register(
        by=staff.cashier, deal_id=deal.pk, purpose="balance", method="cash", amount=Decimal(300)
    )
    payments.payment_clear(by=staff.cashier, payment_id=cash.pk)
    wrong = payments.payment_register(
        by=staff.cashier, deal_id=deal.pk, purpose="balance", method="cash", amount=Decimal(100)
    )
    payments.payment_clear(by=staff.cashier, payment_id=wrong.pk)
    payments.payment_reverse(by=staff.finance, payment_id=wrong.pk, reason="录错")
    return Payment.objects.get(deal=deal, method="transfer")


def test_r_pay_a_difference_is_explained_and_the_books_are_final(store: Any, staff: Staff, stranger: Any) -> None:
    transfer = _day(staff, store)
    with pytest.raises(DomainError, match="现金差异 -20") as refused:
        _count(staff, store, cash=(280, ""), transfer=(5000, ""))
    assert set(refused.value.fields) == {"reason_cash"}
    with pytest.raises(DomainError, match="转账差异"):
        _count(staff, store, cash=(300, ""))  # a way left out counts as nothing
    with pytest.raises(NotAllowed):
        _count(staff, store, by=staff.consultant)
    assert not DayClose.objects.exists()
    close = _count(staff, store, cash=(280, "找零少收20元"), transfer=(5000, ""))
    lines = {line.method: (line.booked, line.counted, line.difference, line.reason) for line in close.lines.all()}
    assert lines == {
        "cash": (Decimal(300), Decimal(280), Decimal(-20), "找零少收20元"),
        "transfer": (Decimal(5000), Decimal(5000), Decimal(0), ""),
    }
    with pytest.raises(NotAllowed):
        day_close_confirm(by=staff.cashier, day_close_id=close.pk)
    with pytest.raises(NotFound):
        day_close_confirm(by=stranger, day_close_id=close.pk)
    day_close_confirm(by=staff.finance, day_close_id=close.pk, version=1)
    transfer.refresh_from_db()
    assert transfer.reconciled_by == staff.finance
    # Cash differs, so none of it is agreed; the accountant's own reversal would not be either.
    assert not Payment.objects.filter(method="cash").exclude(reconciled_at=None).exists()
    with pytest.raises(Conflict):
        day_close_confirm(by=staff.finance, day_close_id=close.pk)
    for attempt in (
        lambda: DayClose.objects.filter(pk=close.pk).update(note="改"),
        lambda: DayCloseLine.objects.filter(close=close).update(counted=0),
        lambda: DayClose.objects.filter(pk=close.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_r_pay_a_correction_is_the_next_revision(store: Any, staff: Staff) -> None:
    _day(staff, store)
    first = _count(staff, store, cash=(280, "少20元"), transfer=(5000, ""))
    second = _count(staff, store, cash=(290, "少10元"), transfer=(5000, ""))
    first.refresh_from_db()
    assert (first.state, second.revision) == ("replaced", 2)
    with pytest.raises(DomainError, match="退回原因"):
        day_close_return(by=staff.finance, day_close_id=second.pk, reason="")
    day_close_return(by=staff.finance, day_close_id=second.pk, reason="请复点现金")
    third = _count(staff, store, cash=(300, ""), transfer=(5000, ""))
    day_close_confirm(by=staff.finance, day_close_id=third.pk)
    with pytest.raises(DomainError, match="更正须写明原因"):
        _count(staff, store, cash=(300, ""), transfer=(5000, ""))
    fourth = _count(staff, store, cash=(301, "找到1元"), transfer=(5000, ""), note="复点")
    states = list(DayClose.objects.order_by("revision").values_list("revision", "state"))
    assert states == [(1, "replaced"), (2, "returned"), (3, "confirmed"), (4, "submitted")]
    build.deal_in(DealStatus.ORDERED, staff, store)
    with pytest.raises(Conflict, match="变动"):
        day_close_confirm(by=staff.finance, day_close_id=fourth.pk)


def test_r_pay_who_counted_never_confirms(store: Any, staff: Staff) -> None:
    Membership.objects.create(
        user=staff.cashier, group=store.group, store=store, role="finance", valid=(periods.today(), None)
    )
    close = _count(staff, store)
    with pytest.raises(NotAllowed, match="另一人"):
        day_close_confirm(by=staff.cashier, day_close_id=close.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        DayClose.objects.filter(pk=close.pk).update(answered_by=staff.cashier)
    assert day_close_confirm(by=staff.finance, day_close_id=close.pk).state == "confirmed"


def test_a_closed_month_and_the_future_take_no_count(store: Any, staff: Staff, freeze: Any) -> None:
    freeze("2026-11-02 10:00+08:00")
    staff = build.make_staff(store)
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 10, 1))
    for day, text in ((dt.date(2026, 10, 31), "已关账"), (dt.date(2026, 11, 3), "不能晚于今天")):
        with pytest.raises(DomainError, match=text):
            day_close_submit(by=staff.cashier, store=store, day=day, lines=[])
    assert not DayClose.objects.exists()
