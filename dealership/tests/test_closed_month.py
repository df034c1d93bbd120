"""The closed-month guard refuses dated rows in the database itself (R09)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from dealership.core import periods
from dealership.core.errors import Conflict
from dealership.core.services import service
from dealership.org.models import ClosedMonth, Store
from leads.models import Visit

OCTOBER = dt.date(2026, 10, 1)


def visit(store: Store, moment: dt.datetime) -> Visit:
    return Visit.objects.create(
        store=store, visit_type="first_uncaptured", visited_at=moment, visited_on=periods.local_date(moment)
    )


def close(store: Store) -> None:
    ClosedMonth.objects.create(store=store, month=OCTOBER)


@pytest.mark.django_db
def test_r09_insert_update_delete_and_sql_are_refused_in_a_closed_month(store):
    inside = periods.at(dt.date(2026, 10, 31), "23:59:59")
    row = visit(store, inside)
    close(store)
    attempts = [
        lambda: visit(store, inside),
        lambda: Visit.objects.filter(pk=row.pk).update(party_size=9),
        lambda: Visit.objects.filter(pk=row.pk).update(visited_at=periods.at(dt.date(2026, 11, 1))),
        row.delete,
        lambda: connection.cursor().execute("UPDATE leads_visit SET captured = true WHERE id = %s", [row.pk]),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="closed_month:2026-10"), transaction.atomic():
            attempt()
    row.refresh_from_db()
    assert (row.party_size, row.captured, row.visited_at) == (1, False, inside)


@pytest.mark.django_db
def test_the_next_day_another_store_and_unguarded_columns_stay_writable(store, other_store):
    row = visit(store, periods.at(dt.date(2026, 10, 31), "12:00"))
    close(store)
    visit(store, periods.at(dt.date(2026, 11, 1)))
    visit(other_store, periods.at(dt.date(2026, 10, 31)))
    Visit.objects.filter(pk=row.pk).update(note="补充说明")
    row.refresh_from_db()
    assert row.note == "补充说明"


@pytest.mark.django_db
def test_a_service_answers_a_closed_month_in_chinese(store):
    close(store)

    @service
    def late_entry() -> None:
        visit(store, periods.at(dt.date(2026, 10, 5)))

    with pytest.raises(Conflict) as refused:
        late_entry()
    assert refused.value.code == "month_closed"
    assert "2026年10月已关账" in refused.value.message
