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


@pytest.mark.django_db
def test_r09_a_statement_of_many_rows_is_refused_whole(store):
    """One row of a closed month among many: nothing of the statement stays, whichever way it goes."""
    open_day, closed_day = periods.at(dt.date(2026, 11, 3)), periods.at(dt.date(2026, 10, 3))
    rows = [visit(store, open_day) for _ in range(3)]
    inside = visit(store, closed_day)
    close(store)

    def bulk(*moments: dt.datetime) -> None:
        facts = {"store": store, "visit_type": "first_uncaptured"}
        Visit.objects.bulk_create(
            Visit(visited_at=moment, visited_on=periods.local_date(moment), **facts) for moment in moments
        )

    attempts = [
        lambda: bulk(open_day, closed_day, open_day),
        lambda: Visit.objects.update(party_size=9),
        lambda: Visit.objects.filter(pk__in=[row.pk for row in rows]).update(visited_at=closed_day),
        lambda: Visit.objects.all().delete(),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="closed_month:2026-10"), transaction.atomic():
            attempt()
    assert sorted(Visit.objects.values_list("pk", "visited_at", "party_size")) == [
        *((row.pk, open_day, 1) for row in rows),
        (inside.pk, closed_day, 1),
    ]
    bulk(open_day, open_day)
    assert Visit.objects.count() == 6
