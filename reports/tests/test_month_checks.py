"""Lines of the month close's check list that have rules of their own (domain.md §4.8)."""

from __future__ import annotations

import datetime as dt

import pytest

from reports.services.close import month_snapshot
from reports.tests import rows
from sales.models import DayClose

pytestmark = pytest.mark.django_db


def test_r_pay_days_whose_count_is_not_confirmed_are_named(store, li, manager, finance, client_for):
    """日结: a day with money and no count, one that waits, one given back; a confirmed one and other months are not."""
    sale = rows.deal(store, li, "2026-10-02")
    for day in (3, 4, 5, 6):
        rows.payment(sale, f"2026-10-{day:02d} 10:00", 1000)
    rows.payment(sale, "2026-11-01 00:00", 1000)
    for day, state in ((4, "submitted"), (5, "returned"), (6, "confirmed"), (7, "submitted")):
        DayClose.objects.create(
            store=store, day=dt.date(2026, 10, day), revision=1, state=state, submitted_by=li,
            submitted_at=rows.moment(f"2026-10-{day:02d} 20:00"),
            answered_by=None if state == "submitted" else finance,
        )  # fmt: skip
    close = month_snapshot(store_id=store.pk, month=dt.date(2026, 10, 1))
    check = next(check for check in close.checks if check["code"] == "unconfirmed_days")
    assert check["level"] == "warning"
    labels = [item["label"] for item in check["items"]]
    assert labels == ["10-03 未日结", "10-04 待确认", "10-05 已退回", "10-07 待确认"]
    page = client_for(finance).get(f"/reports/closes/{close.pk}/").content.decode()
    assert "日结未确认" in page
    assert 'href="/sales/day-close/?day=2026-10-03"' in page
