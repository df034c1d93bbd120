"""Stored figures equal the rows, whatever happened; jobs are planned once (F01, F17, F18, T02, T08)."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.models import Q

from dealership.core import periods, request_cache
from dealership.core.kpi import SYSTEM, Scope
from dealership.core.periods import Period
from dealership.jobs import services as jobs
from dealership.jobs.models import Job
from dealership.org.models import ClosedMonth, LeadSource, Store
from dealership.tests.clients import count_queries
from leads.choices import ProspectStatus, VisitChannel, VisitType
from leads.models import GradeChange, Visit
from reports import tasks
from reports.bench.month_sql import MONTH_SQL, month_values
from reports.choices import FillStatus
from reports.figures import grouped, totals
from reports.models import Fact, FillState, OpeningOrder, OpeningProspect
from reports.registry import KPIS, STORED
from reports.selectors.identity import identity_of
from reports.services import rollup
from reports.services.cells import keys_of
from reports.services.rollup import rollup_month
from reports.services.snapshot import opening_snapshot_take
from reports.services.verify import facts_differences
from reports.tests import rows, scene
from reports.tests.customer_rows import campaign, drive, invite, lead, loss, own_car, spot_check

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)


@pytest.mark.parametrize("seed", [1, 2])
def test_t08_stored_equals_live_and_people_add_up_to_the_store(store, li, wang, noon, seed):
    scene.play(store, [li, wang], seed=seed)
    for month in (OCTOBER, NOVEMBER):
        opening_snapshot_take(store_id=store.pk, month=month)
    for month in (OCTOBER, NOVEMBER):
        rollup_month(store_id=store.pk, month=month)
        assert facts_differences(store_id=store.pk, month=month, include_today=True) == []
    for period in (Period.month(2026, 10), Period.month(2026, 11), Period.day(dt.date(2026, 11, 18))):
        _figures_equal_rows(store, period)
    assert identity_of(store_id=store.pk, month=NOVEMBER).holds


def _figures_equal_rows(store: Store, period: Period) -> None:
    stored = totals(reader=SYSTEM, store_ids=[store.pk], period=period)
    people = grouped(reader=SYSTEM, store_ids=[store.pk], period=period, by="person")
    for kpi in KPIS:
        live = kpi.figure(Scope((store.pk,)), period)
        assert stored[kpi.key].value == live.value, (kpi.key, period)
        if kpi.is_rows:
            parts = [figures[kpi.key].numerator or Decimal(0) for figures in people.values()]
            assert sum(parts, Decimal(0)) == live.numerator, kpi.key


def test_a_hand_written_statement_gives_the_same_facts(store, li, wang, noon):
    """The reference of the measurement answers what the roll-up stores, so that the two may be compared."""
    scene.play(store, [li, wang], seed=5)
    car, promised = rows.vehicle(store, "2026-11-01"), dt.date(2026, 11, 12)
    sale = rows.deal(store, li, "2026-11-04", delivered="2026-11-12", vehicle=car, first_promised_on=promised)
    rows.deal(store, wang, "2026-11-04", delivered="2026-11-12", corrected_at=rows.moment("2026-11-19 23:59:59"))
    rows.target(store, wang, "2026-12", 3)
    rows.invoice(sale, "2026-11-10")
    rows.payment(sale, "2026-11-10", 170000)
    rows.visit(store, wang, "2026-11-20", VisitType.FIRST_CAPTURED, invalid=True)
    _customers_of_every_kind(store, li, wang)
    noon("2026-12-01 00:05+08:00")
    for month in (OCTOBER, NOVEMBER):
        opening_snapshot_take(store_id=store.pk, month=month)
        rollup_month(store_id=store.pk, month=month)
        with connection.cursor() as cursor:
            cursor.execute(MONTH_SQL, month_values(store.pk, Period.containing("month", month), periods.now()))
            counted = {line[:5]: line[5:] for line in cursor.fetchall()}
        last = Period.containing("month", month).last_day
        earlier_states = Q(kpi__in=keys_of("now")) & ~Q(day=last)
        facts = Fact.objects.filter(month=month).exclude(Q(kpi="time_progress") | earlier_states)
        stored = facts.values_list("kpi", "day", "part", "person", "team", "numerator", "denominator")
        assert counted == {line[:5]: line[5:] for line in stored}
    of_rows = {kpi.key for kpi in STORED if kpi.compute is None}
    nothing_of = {key for key in of_rows if not Fact.objects.filter(kpi=key, numerator__gt=0).exists()}
    assert nothing_of == {"daily_report_rate", "comment_rate"}


def _customers_of_every_kind(store: Store, li: Any, wang: Any) -> None:
    """Leads, losses, drives, rises, visits that follow, calls, returns and a campaign: each figure has something."""
    for day, kind in ((10, VisitType.FIRST_CAPTURED), (12, VisitType.REPEAT)):
        hot = rows.card(store, li, "2026-11-05", grade="H")
        left = rows.moment(f"2026-11-{day} 11:20:30")
        rows.visit(store, li, f"2026-11-{day} 10:00", kind, customer=hot.customer, left_at=left, received_by=wang)
        rows.deal(store, li, f"2026-11-{day} 15:00", prospect=hot)
    lead(store, li, "2026-11-02", "2026-11-03", "carded", first_contact="2026-11-02 12:10")
    lead(store, wang, "2026-11-02", "2026-11-03", "invalid")
    lead(store, wang, "2026-11-04", merged=True)
    lead(store, li, "2026-11-05", ended="2026-11-05 12:10")
    loss(store, li, wang, "2026-11-06", "agreed", sampled=True, heard="confirmed")
    loss(store, li, wang, "2026-11-06", "agreed", sampled=True, heard="different")
    loss(store, wang, li, "2026-11-06", "agreed", reason="unreachable")
    owner = own_car(rows.customer(store, li), "2024-05-01").customer
    gone = rows.card(store, li, "2026-11-06", customer=owner)
    loss(store, li, wang, "2026-11-06", "agreed", reason="competitor", card=gone)
    for state in ("rejected", "pending", "withdrawn"):
        loss(store, li, wang, "2026-11-07", state)
    rows.move(rows.card(store, wang, "2026-11-01"), ProspectStatus.OUT_OF_CONTROL, "2026-11-14 00:20")
    portal = LeadSource.objects.order_by("code")[0]
    opened = rows.card(store, li, "2026-10-12", "C", source=portal)
    for at, was, now in (("2026-11-03", "C", "B"), ("2026-11-09", "B", "H")):
        GradeChange.objects.create(
            prospect=opened, store=store, team_id=opened.team_id, owner=li, at=rows.moment(at), from_grade=was,
            to_grade=now,
        )  # fmt: skip
    for at in ("2026-11-08 10:00", "2026-11-09 10:00"):
        rows.visit(store, li, at, VisitType.REPEAT, customer=opened.customer, prospect=opened)
    drive(opened, "2026-11-08 11:00")
    drive(opened, "2026-11-08 15:00")
    rows.deal(store, li, "2026-11-10", prospect=opened)
    fresh = rows.card(store, wang, "2026-11-11", source=portal, previous=opened)
    rows.deal(store, wang, "2026-11-13", prospect=fresh)
    asleep = rows.card(store, wang, "2026-10-01")
    for at, to in (("2026-10-02", "dormant_pending"), ("2026-10-03", "dormant"), ("2026-11-10", "active")):
        rows.move(asleep, to, at)
    for kind in (VisitType.FIRST_CAPTURED, VisitType.FIRST_UNCAPTURED, VisitType.FIRST_CARDED):
        rows.visit(store, li, "2026-11-12", kind, channel=VisitChannel.PHONE_IN)
    for at, result in (("2026-11-09", "true"), ("2026-11-09", "unreached"), ("2026-11-10", "false")):
        spot_check(rows.card(store, wang, "2026-10-05"), li, at, result)
    event = campaign(store, li, "2026-11-05", "2026-11-06", source=portal, cost_actual=Decimal(9000))
    invite(event, opened, li, came=True)
    invite(event, fresh, li, came=False)


def test_a_second_run_writes_nothing_and_a_change_rewrites_its_cells_only(store, li, noon):
    scene.play(store, [li], seed=3, size=3)
    rollup_month(store_id=store.pk, month=NOVEMBER)
    before = set(Fact.objects.values_list("pk", flat=True))
    assert rollup_month(store_id=store.pk, month=NOVEMBER).cells == 0
    Visit.objects.filter(visited_on=dt.date(2026, 11, 3)).delete()
    rows.visit(store, li, "2026-11-03", VisitType.REPEAT)
    done = rollup_month(store_id=store.pk, month=NOVEMBER)
    assert 1 <= done.cells <= 2
    kept = set(Fact.objects.exclude(day=dt.date(2026, 11, 3)).exclude(day=None).values_list("pk", flat=True))
    assert kept <= before
    assert facts_differences(store_id=store.pk, month=NOVEMBER) == []


def test_today_is_live_and_the_past_is_stored(store, li, noon):
    rows.visit(store, li, "2026-11-21")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    rows.visit(store, li, "2026-11-21 13:00")
    rows.visit(store, li, "2026-11-22 09:00")
    month = Period.month(2026, 11)
    found = totals(reader=SYSTEM, store_ids=[store.pk], period=month, keys=["traffic_total"])
    assert found["traffic_total"].value == 2
    by_day = grouped(reader=SYSTEM, store_ids=[store.pk], period=month, by="day", keys=["traffic_total"])
    assert {day: figures["traffic_total"].value for day, figures in by_day.items()} == {
        dt.date(2026, 11, 21): 1,
        dt.date(2026, 11, 22): 1,
    }


def test_a_board_needs_a_fixed_number_of_statements(store, li, wang, noon):
    keys = ["traffic_total", "closing_rate", "retail_units", "target_attainment", "time_progress", "stock_units"]

    def read() -> None:
        request_cache.begin()
        totals(reader=li, store_ids=[store.pk], period=Period.month(2026, 11), keys=keys)

    rows.visit(store, li, "2026-11-02")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    one = count_queries(read)
    for day in (3, 4, 5):
        rows.visit(store, wang, f"2026-11-{day:02d}")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    assert count_queries(read) == one <= 8


def test_f01_a_run_that_breaks_leaves_the_old_facts_whole_and_the_cell_started(store, li, noon, monkeypatch):
    rows.visit(store, li, "2026-11-03")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    before = list(Fact.objects.order_by("pk").values_list("pk", "numerator"))
    rows.visit(store, li, "2026-11-03 15:00")

    def broken(*told: Any) -> None:
        raise DatabaseError("worker killed")

    with monkeypatch.context() as patched:
        patched.setattr(rollup, "mark_done", broken)
        with pytest.raises(DatabaseError):
            rollup_month(store_id=store.pk, month=NOVEMBER)
    assert list(Fact.objects.order_by("pk").values_list("pk", "numerator")) == before
    assert FillState.objects.get(month=NOVEMBER, grain="month").state == FillStatus.STARTED
    rollup_month(store_id=store.pk, month=NOVEMBER)
    assert FillState.objects.get(month=NOVEMBER, grain="month").state == FillStatus.DONE
    assert facts_differences(store_id=store.pk, month=NOVEMBER) == []


def test_as_of_figures_of_a_day_are_kept_and_those_of_a_downtime_made_good(store, li, noon):
    rows.card(store, li, "2026-11-10")
    noon("2026-11-12 20:00+08:00")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    noon("2026-11-15 09:00+08:00")
    rows.card(store, li, "2026-11-14")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    days = Fact.objects.filter(kpi="prospects_by_grade").order_by("day").values_list("day__day", "numerator")
    assert list(days) == [(10, 1), (11, 1), (12, 1), (13, 1), (14, 2), (15, 2)]


def test_a_closed_month_is_not_rolled_up_again(store, li, noon):
    rows.visit(store, li, "2026-10-03")
    rollup_month(store_id=store.pk, month=OCTOBER)
    ClosedMonth.objects.create(store=store, month=OCTOBER)
    assert rollup_month(store_id=store.pk, month=OCTOBER).closed
    with pytest.raises(DatabaseError, match="closed_month:2026-10"):
        Fact.objects.filter(month=OCTOBER).delete()


def test_late_openings_are_those_of_the_instant_and_are_taken_once(store, li, wang, noon):
    rows.card(store, li, "2026-10-31 23:59:59", "H")
    rows.card(store, li, "2026-11-01 00:00", "H")
    given = rows.card(store, li, "2026-10-05", "B")
    rows.deal(store, li, "2026-10-20", delivered="2026-11-01 00:00")
    noon("2026-11-01 00:05+08:00")
    rows.give(given, wang, "2026-11-03")
    noon("2026-11-22 12:00+08:00")
    taken = opening_snapshot_take(store_id=store.pk, month=NOVEMBER)
    cards = OpeningProspect.objects.filter(month=NOVEMBER)
    assert sorted(cards.values_list("owner_id", "grade")) == sorted([(li.pk, "A"), (li.pk, "H"), (li.pk, "B")])
    assert OpeningOrder.objects.filter(month=NOVEMBER).count() == 1
    assert opening_snapshot_take(store_id=store.pk, month=NOVEMBER) == taken
    with pytest.raises(DatabaseError, match="Cannot update"):
        cards.update(grade="C")


def test_facts_verify_exits_1_on_a_difference(store, li, noon, capsys):
    rows.visit(store, li, "2026-11-03")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    rollup_month(store_id=store.pk, month=OCTOBER)
    call_command("facts_verify", month="2026-11", store="A")
    Fact.objects.filter(kpi="traffic_total").update(numerator=7)
    with pytest.raises(SystemExit) as stopped:
        call_command("facts_verify")
    assert stopped.value.code == 1
    assert "traffic_total 2026-11-03" in capsys.readouterr().out


def test_recorded_states_that_histories_tell_again_are_verified_too(store, li, noon, capsys):
    rows.card(store, li, "2026-11-10")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    assert facts_differences(store_id=store.pk, month=NOVEMBER) == []
    states = Fact.objects.filter(day=dt.date(2026, 11, 18))
    assert states.filter(kpi="prospects_by_grade").update(numerator=2) == 1
    assert [row.cell.kpi for row in facts_differences(store_id=store.pk, month=NOVEMBER)] == ["prospects_by_grade"]
    states.filter(kpi="prospects_by_grade").update(numerator=1)
    call_command("facts_verify", month="2026-11", store="A")
    told = capsys.readouterr().out
    assert "not compared (states seen at their moment): overdue_follow_ups, active_prospects_per_consultant, " in told


def test_f18_a_clock_stopped_over_midnight_makes_each_month_end_once(store, li, noon):
    rows.visit(store, li, "2026-10-03")
    Store.objects.update(created_at=rows.moment("2026-09-15"))
    noon("2026-11-01 09:00+08:00")
    for _ in range(2):
        jobs.plan_due(periods.now())
    ends = Job.objects.filter(kind=tasks.MONTH_END)
    assert sorted(ends.values_list("key", flat=True)) == [
        f"month-end:{store.pk}:2026-09",
        f"month-end:{store.pk}:2026-10",
    ]
    slots = Job.objects.filter(kind=tasks.ROLLUP).values_list("key", flat=True)
    assert sorted(slots) == [f"rollup:{store.pk}:2026-10:2026-11-01T09", f"rollup:{store.pk}:2026-11-01T09:00"]
    noon("2026-11-01 09:12+08:00")
    jobs.plan_due(periods.now())
    assert f"rollup:{store.pk}:2026-11-01T09:10" in Job.objects.values_list("key", flat=True)
    assert ends.count() == 2


def test_the_first_of_the_month_waits_for_five_past_midnight(store, noon):
    noon("2026-12-01 00:04+08:00")
    keys = [key for _kind, key, *_ in tasks.month_end_plan(periods.now())]
    assert f"month-end:{store.pk}:2026-11" not in keys
    noon("2026-12-01 00:05+08:00")
    keys = [key for _kind, key, *_ in tasks.month_end_plan(periods.now())]
    assert f"month-end:{store.pk}:2026-11" in keys


BUCKETS = """
import json, django; django.setup()
import datetime as dt
from dealership.core import periods
from dealership.core.periods import Period
edge = dt.datetime(2026, 10, 31, 15, 59, 59, 999999, tzinfo=dt.UTC)
print(json.dumps([str(periods.local_date(edge)), str(periods.local_date(edge + dt.timedelta(microseconds=1))),
    Period.month(2026, 11).start_at.astimezone(dt.UTC).isoformat(),
    periods.at(dt.date(2026, 3, 8), "02:30").isoformat()]))
"""


def test_t02_the_servers_zone_does_not_move_a_day():
    answers = []
    for zone in ("Asia/Shanghai", "America/New_York"):
        done = subprocess.run(
            [sys.executable, "-c", BUCKETS], env={**os.environ, "TZ": zone}, cwd=Path.cwd(),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        answers.append(json.loads(done.stdout.strip().splitlines()[-1]))
    assert answers[0] == answers[1]
    assert answers[1][:3] == ["2026-10-31", "2026-11-01", "2026-10-31T16:00:00+00:00"]


def test_t02_facts_fall_on_shanghai_days_in_a_process_of_another_zone(store, li, noon, monkeypatch):
    rows.visit(store, li, "2026-10-31 23:59:59.999999")
    rows.visit(store, li, "2026-11-01 00:00")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        for month in (OCTOBER, NOVEMBER):
            rollup_month(store_id=store.pk, month=month)
    finally:
        monkeypatch.undo()
        time.tzset()
    days = Fact.objects.filter(kpi="traffic_total").order_by("day").values_list("day", "numerator")
    assert list(days) == [(dt.date(2026, 10, 31), 1), (dt.date(2026, 11, 1), 1)]
