"""KPIs of leads, losses, drives, grades and customers' orders, worked out by hand (domain.md §3.1–§3.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dealership.core.kpi import SYSTEM, Scope
from dealership.core.periods import Period
from dealership.org.models import DutyDay, LeadSource, Membership, Team
from dealership.tests.builders import make_person
from leads.choices import ProspectStatus, VisitChannel, VisitType
from leads.models import GradeChange, Prospect, Visit
from reports.drilling import Asked, drill
from reports.registry import BY_KEY
from reports.selectors.grade_weeks import grade_weeks
from reports.services.snapshot import hot_weeks_take, opening_snapshot_take
from reports.tests import rows
from reports.tests.customer_rows import campaign, drive, invite, lead, loss, own_car, turn
from reviews.services.opening import review_open

pytestmark = pytest.mark.django_db
NOVEMBER, OCTOBER = Period.month(2026, 11), Period.month(2026, 10)


def value(key: str, store: Any, period: Period = NOVEMBER, **who: Any) -> Any:
    return BY_KEY[key].figure(Scope((store.pk,), **who), period).value


def move_team(who: Any, store: Any) -> int | None:
    """The person goes to another team; answers the one before."""
    before = rows.team_of(who, store)
    Membership.objects.filter(user=who).update(team=Team.objects.create(store=store, name="三组"))
    return before


def test_leads_total_and_card_rate_count_a_lead_once_with_whom_it_was(store, other_store, li, wang):
    lead(store, li, "2026-10-31 23:59:59", "2026-11-01 00:00", "carded")
    lead(store, li, "2026-11-02", "2026-11-03", "invalid")
    lead(store, li, "2026-11-02", merged=True)
    waiting = lead(store, li, "2026-11-30 23:59:59")
    turn(waiting, wang, "2026-11-30 23:59:59.5", "recycled")
    lead(other_store, li, "2026-11-02", "2026-11-03", "carded")
    assert (value("leads_total", store, OCTOBER), value("leads_total", store)) == (1, 3)
    assert (value("leads_total", store, person_id=li.pk), value("leads_total", store, person_id=wang.pk)) == (3, 0)
    assert value("lead_card_rate", store) == Decimal("0.333333")
    assert value("lead_card_rate", store, OCTOBER) is None


def test_first_response_counts_turns_whose_clock_has_run_out(store, li, wang):
    fast = lead(store, li, "2026-11-03 10:00", first_contact="2026-11-03 10:30")
    lead(store, li, "2026-11-03 10:00", first_contact="2026-11-03 10:30:01")
    lead(store, li, "2026-11-22 11:45")  # noon is before 12:15: the clock still runs
    given_on = lead(store, li, "2026-11-04 10:00", ended="2026-11-04 10:10")
    turn(given_on, wang, "2026-11-04 10:10")
    assert value("lead_first_response_rate", store) == Decimal("0.333333")
    assert value("lead_first_response_rate", store, person_id=li.pk) == Decimal("0.5")
    assert value("lead_first_response_rate", store, person_id=wang.pk) == 0
    assert value("lead_first_response_rate", store, team_id=move_team(li, store)) == Decimal("0.5")
    assert value("lead_first_response_rate", store, OCTOBER) is None
    assert fast.owner_id == li.pk


def test_loss_applications_rejections_clear_and_subjective_losses(store, li, manager):
    assert value("loss_reject_rate", store) is value("loss_clear_rate", store) is None
    loss(store, li, manager, "2026-11-02", "agreed")
    loss(store, li, manager, "2026-11-02", "agreed", sampled=True, heard="confirmed")
    loss(store, li, manager, "2026-11-02", "agreed", sampled=True, heard="different")
    loss(store, li, manager, "2026-11-02", "agreed", sampled=True)
    loss(store, li, manager, "2026-11-02", "agreed", reason="unreachable")
    loss(store, li, manager, "2026-11-02", "rejected")
    loss(store, li, manager, "2026-11-02", "reassigned")
    loss(store, li, manager, "2026-11-30 23:59:59", "pending")
    loss(store, li, manager, "2026-11-02", "withdrawn")
    loss(store, li, manager, "2026-11-02", "agreed", kind="dormancy")
    assert value("loss_applications", store) == 8
    assert value("loss_reject_rate", store) == Decimal("0.125")
    assert value("loss_clear_rate", store) == Decimal("0.25")
    assert value("subjective_loss_share", store) == Decimal("0.2")
    assert value("subjective_loss_share", store, OCTOBER) is None
    assert value("loss_applications", store, team_id=move_team(li, store)) == 8


def test_out_of_control_is_counted_against_who_held_the_card(store, other_store, li, wang):
    for owner, place in ((li, store), (li, other_store)):
        card = rows.card(place, owner, "2026-10-20")
        rows.move(card, ProspectStatus.OUT_OF_CONTROL, "2026-11-01 00:20")
        rows.move(card, ProspectStatus.ACTIVE, "2026-11-02")
        rows.move(card, ProspectStatus.OUT_OF_CONTROL, "2026-11-30 23:59:59")
    late = rows.card(store, wang, "2026-10-20")
    rows.move(late, ProspectStatus.OUT_OF_CONTROL, "2026-12-01 00:20")
    assert (value("out_of_control", store), value("out_of_control", store, OCTOBER)) == (2, 0)
    assert value("out_of_control", store, person_id=wang.pk) == 0


def test_a_proof_of_the_second_follow_up_makes_a_loss_no_longer_subjective(store, li, manager):
    card = rows.card(store, li, "2026-10-20")
    heard = rows.follow_up(card, "2026-11-01", outcome="refused")
    loss(store, li, manager, "2026-11-02", "agreed", reason="not_buying", card=card, second_follow_up=heard)
    assert value("subjective_loss_share", store) == 0
    loss(store, li, manager, "2026-11-02", "agreed", reason="not_buying")
    assert value("subjective_loss_share", store) == Decimal("0.5")


def test_rates_over_new_cards_and_month_openings(store, li, wang, manager):
    opened = rows.card(store, li, "2026-10-20", "C")
    rows.card(store, li, "2026-10-20", "N")
    opening_snapshot_take(store_id=store.pk, month=NOVEMBER.start)
    for at, was, now in (("2026-11-03", "C", "B"), ("2026-11-09", "B", "H"), ("2026-11-10", "H", "A")):
        GradeChange.objects.create(
            prospect=opened, store=store, team_id=opened.team_id, owner=li, at=rows.moment(at), from_grade=was,
            to_grade=now,
        )  # fmt: skip
    rows.card(store, wang, "2026-11-02", "H")  # a first judging is not a rise
    loss(store, li, manager, "2026-11-05", "agreed")  # its card is new in November too
    rows.visit(store, li, "2026-11-06", VisitType.REPEAT)
    rows.deal(store, li, "2026-11-20", prospect=opened)
    # base: opened (C) at the start + two cards made in November = 3
    assert value("loss_rate", store) == Decimal("0.333333")
    assert value("invite_show_rate", store) == Decimal("0.333333")
    assert value("grade_upgrade_rate", store) == Decimal("0.333333")
    assert value("carryover_sign_rate", store) == 1
    assert value("loss_rate", store, person_id=wang.pk) == 0
    assert value("carryover_sign_rate", store, OCTOBER) is None
    assert value("carryover_sign_rate", store, Period.containing("quarter", NOVEMBER.start)) == 1


def test_drives_count_once_per_customer_day_and_model(store, li, wang):
    card = rows.card(store, li, "2026-11-01")
    drive(card, "2026-11-03 10:00")
    drive(card, "2026-11-03 15:00")
    drive(card, "2026-11-03 16:00", model="远景S5")
    drive(card, "2026-11-03 17:00", kind="ride")
    drive(card, "2026-10-31 23:59:59")
    drive(card, "2026-11-04", status="cancelled")
    rows.visit(store, li, "2026-11-03 09:00", VisitType.REPEAT, customer=card.customer)
    rows.visit(store, li, "2026-11-04", VisitType.REPEAT, customer=card.customer)
    rows.visit(store, li, "2026-11-05", VisitType.FIRST_UNCAPTURED)
    assert (value("test_drives", store), value("test_drives", store, OCTOBER)) == (2, 1)
    assert value("test_drive_rate", store) == Decimal("0.5")
    assert value("test_drive_rate", store, OCTOBER) is None
    rows.deal(store, li, "2026-11-03 09:00", prospect=card, cancelled="2026-11-05")
    rows.deal(store, wang, "2026-11-20")
    assert value("test_drive_sign_rate", store) == Decimal("0.5")  # the drive of October came before the order
    assert value("test_drive_sign_rate", store, OCTOBER) == 0


def test_phone_capture_and_invited_visits(store, li):
    rows.visit(store, li, "2026-11-03", channel=VisitChannel.PHONE_IN)
    rows.visit(store, li, "2026-11-03", channel=VisitChannel.PHONE_IN, invalid=True)
    rows.visit(store, li, "2026-11-03", VisitType.FIRST_UNCAPTURED, channel=VisitChannel.PHONE_IN)
    rows.visit(store, li, "2026-11-03", VisitType.FIRST_CARDED, channel=VisitChannel.PHONE_IN)
    rows.visit(store, li, "2026-11-30 23:59:59", VisitType.FIRST_CARDED)
    rows.visit(store, li, "2026-12-01 00:00", VisitType.REPEAT)
    assert value("phone_capture_rate", store) == Decimal("0.333333")
    assert value("phone_capture_rate", store, OCTOBER) is None
    assert value("invited_visits", store) == 1


def test_second_visits_are_the_first_after_the_cards_own_day(store, li, wang):
    back = rows.card(store, li, "2026-11-02 10:00")
    for at in ("2026-11-02 09:00", "2026-11-05", "2026-11-09"):
        rows.visit(store, li, at, VisitType.REPEAT, customer=back.customer, prospect=back)
    rows.deal(store, li, "2026-11-09 18:00", prospect=back)
    unseen = rows.card(store, wang, "2026-11-02 10:00")
    rows.deal(store, wang, "2026-11-07", prospect=unseen, cancelled="2026-11-08")
    rows.visit(store, wang, "2026-11-10", VisitType.REPEAT, customer=unseen.customer, prospect=unseen)
    rows.deal(store, wang, "2026-11-11", prospect=unseen)
    rows.deal(store, li, "2026-11-04")  # ordered on the card's own day
    figure = BY_KEY["second_visit_rate"].figure(Scope((store.pk,)), NOVEMBER)
    assert (figure.numerator, figure.denominator) == (2, 3)
    assert value("second_visit_rate", store, Period.day(dt.date(2026, 11, 5)), person_id=li.pk) is None
    assert value("second_visit_rate", store, OCTOBER) is None


def test_new_cards_signed_in_their_month_and_days_to_the_order(store, li):
    rows.deal(store, li, "2026-11-30 23:59:59", prospect=rows.card(store, li, "2026-11-01 00:00"))
    rows.deal(store, li, "2026-11-03", prospect=rows.card(store, li, "2026-10-31 23:59:59"), cancelled="2026-11-04")
    rows.card(store, li, "2026-11-05")
    assert value("new_card_sign_rate", store) == Decimal("0.5")
    assert value("avg_lead_days", store) == 16  # (29 + 3) ÷ 2
    assert value("avg_lead_days", store, OCTOBER) is None


def test_source_conversion_takes_the_cards_first_source(store, li, manager):
    walk_in, portal = LeadSource.objects.order_by("code")[::-1]
    first = rows.card(store, li, "2026-11-02", source=portal)
    rows.card(store, li, "2026-11-02", source=portal)
    rows.card(store, li, "2026-11-02", source=walk_in)
    rows.deal(store, li, "2026-11-04", prospect=first)
    rows.deal(store, li, "2026-11-04")  # no source
    assert value("source_conversion", store) == Decimal("0.333333")
    one = drill(reader=manager, asked=Asked("source_conversion", (store.pk,), NOVEMBER, cut=str(portal.pk)))
    assert one.figure.value == Decimal("0.5")
    assert [row.pk for section in one.sections for row in section.rows] == [first.deals.get().pk]


def test_winback_counts_returned_and_woken_cards(store, li, manager):
    lost = loss(store, li, manager, "2026-10-02", "agreed").prospect
    returned = rows.card(store, li, "2026-11-03", customer=rows.customer(store, li), previous=lost)
    asleep = rows.card(store, li, "2026-10-01")
    rows.move(asleep, ProspectStatus.DORMANT_PENDING, "2026-10-02")
    rows.move(asleep, ProspectStatus.DORMANT, "2026-10-03")
    rows.move(asleep, ProspectStatus.ACTIVE, "2026-11-10")
    assert value("winback_rate", store) == 0
    rows.deal(store, li, "2026-11-20", prospect=returned)
    rows.deal(store, li, "2026-11-20")
    assert value("winback_rate", store) == Decimal("0.5")
    assert value("winback_rate", store, OCTOBER) is None


def test_open_cards_per_consultant_with_a_post_that_day(store, other_store, li, wang, manager):
    for who in (li, li, manager):
        rows.card(store, who, "2026-11-02")
    assert value("active_prospects_per_consultant", store) == Decimal("1.5")
    Membership.objects.filter(user=wang).update(valid=(dt.date(2025, 1, 1), dt.date(2026, 11, 22)))
    assert value("active_prospects_per_consultant", store) == 3
    assert value("active_prospects_per_consultant", store, Period.day(dt.date(2026, 11, 21))) == Decimal("1.5")
    assert value("active_prospects_per_consultant", other_store) is None


def test_show_rate_of_events_and_cost_per_order_of_their_sources(store, other_store, li, manager):
    portal, walk_in = LeadSource.objects.order_by("code")
    event = campaign(store, manager, "2026-10-31", "2026-11-01", source=portal, cost_actual=Decimal(9000))
    campaign(store, manager, "2026-11-05", "2026-11-30", source=portal, cost_actual=Decimal(1000))
    campaign(store, manager, "2026-11-05", "2026-11-06", source=walk_in)  # cost not known yet
    campaign(store, manager, "2026-11-05", "2026-11-06", cost_actual=Decimal(500))  # feeds no source
    campaign(other_store, manager, "2026-11-05", "2026-11-06", source=walk_in, cost_actual=Decimal(7))
    for number in range(4):
        invite(event, rows.card(store, li, "2026-10-20"), manager, came=number == 0)
    for source in (portal, portal, walk_in, None):
        rows.deal(store, li, "2026-11-30 23:59:59", prospect=rows.card(store, li, "2026-11-02", source=source))
    rows.deal(store, li, "2026-12-01 00:00", prospect=rows.card(store, li, "2026-11-02", source=portal))
    assert value("event_invite_show_rate", store, OCTOBER) == Decimal("0.25")
    assert value("event_invite_show_rate", store) is None
    assert value("cost_per_order", store) == 5000  # 10,000 ÷ 2
    assert value("cost_per_order", store, OCTOBER) is None


def test_contacts_per_working_day_and_orders_per_hundred_of_them(store, li, wang, noon):
    """6 contacts of two people (answered calls and parties received) on 5 working days; one order on 6 contacts."""
    for day in (18, 19, 20):
        noon(f"2026-11-{day} 09:00+08:00")
        review_open(day=dt.date(2026, 11, day), store=store)
    rest = {"day": dt.date(2026, 11, 19), "kind": "leave", "set_at": rows.moment("2026-11-18")}
    DutyDay.objects.create(store=store, user=li, set_by=wang, **rest)
    noon("2026-11-22 12:00+08:00")
    card = rows.card(store, li, "2026-10-02")
    for at in ("2026-11-18 10:00", "2026-11-18 23:59:59", "2026-11-20 09:00"):
        rows.follow_up(card, at)
    rows.follow_up(card, "2026-11-20 10:00", done_by=wang)
    rows.follow_up(card, "2026-11-20 11:00", outcome="no_answer")  # nobody was spoken to
    rows.follow_up(card, "2026-10-31 23:59:59")
    rows.visit(store, li, "2026-11-18", received_by=wang)  # credited to who stood at the door
    rows.visit(store, li, "2026-11-20", VisitType.FIRST_UNCAPTURED, received_by=li)
    rows.visit(store, li, "2026-11-20", channel=VisitChannel.PHONE_IN, received_by=li)
    assert value("avg_daily_contacts", store) == Decimal("1.2")
    assert value("avg_daily_contacts", store, person_id=li.pk) == 2
    assert BY_KEY["avg_daily_contacts"].show(value("avg_daily_contacts", store, person_id=wang.pk)) == "0.7"
    assert value("avg_daily_contacts", store, OCTOBER) is None
    assert value("orders_per_100_contacts", store) == 0
    rows.deal(store, li, "2026-11-21")
    assert BY_KEY["orders_per_100_contacts"].show(value("orders_per_100_contacts", store)) == "16.7%"
    assert value("orders_per_100_contacts", store, Period.month(2026, 9)) is None


def test_visits_closed_on_their_own_day_and_how_long_parties_stayed(store, li, wang):
    first = rows.visit(store, li, "2026-11-03 10:00", left_at=rows.moment("2026-11-03 10:45:59"))
    card = rows.card(store, li, "2026-11-03 10:30", customer=first.customer)
    rows.deal(store, li, "2026-11-03 23:59:59", prospect=card)
    late = rows.visit(store, li, "2026-11-04", left_at=rows.moment("2026-11-04 12:15"))
    rows.deal(store, li, "2026-11-05 00:00", prospect=rows.card(store, li, "2026-11-04", customer=late.customer))
    rows.visit(store, li, "2026-11-05 11:00", VisitType.REPEAT, customer=late.customer)
    rows.visit(store, li, "2026-11-06 11:00", VisitType.REPEAT, customer=first.customer)
    rows.visit(store, li, "2026-11-06 11:00", VisitType.FIRST_UNCAPTURED)
    assert value("first_visit_close_rate", store) == Decimal("0.5")
    assert value("repeat_visit_close_rate", store) == Decimal("0.5")
    assert value("showroom_minutes", store) == 30  # (45 + 15) ÷ 2; who never left by the register is not counted
    assert BY_KEY["showroom_minutes"].show(Decimal(30)) == "30.0"
    # The same parties by who received them: li the 45 minutes of the first, wang 20 of a party of li's.
    Visit.objects.filter(pk=first.pk).update(received_by=li)
    left = rows.moment("2026-11-30 20:20:30")
    rows.visit(store, li, "2026-11-30 20:00", VisitType.REPEAT, customer=first.customer, received_by=wang, left_at=left)
    assert value("avg_contact_minutes", store) == Decimal("32.5")
    assert [value("avg_contact_minutes", store, person_id=who.pk) for who in (li, wang)] == [45, 20]
    # and talks by who made them; one nobody noted the time of and an unanswered call count nowhere.
    rows.follow_up(card, "2026-11-30 23:59:59", done_by=wang, minutes=15)
    rows.follow_up(card, "2026-11-10 10:00", minutes=10)
    rows.follow_up(card, "2026-11-10 11:00")
    rows.follow_up(card, "2026-11-10 12:00", outcome="no_answer")
    rows.follow_up(card, "2026-12-01 00:00", minutes=600)
    figure = BY_KEY["avg_contact_minutes"].figure(Scope((store.pk,)), NOVEMBER)
    assert (figure.numerator, figure.denominator, figure.value) == (90, 4, Decimal("22.5"))
    assert value("avg_contact_minutes", store, person_id=wang.pk) == Decimal("17.5")
    behind = BY_KEY["avg_contact_minutes"].drill(Scope((store.pk,)), NOVEMBER, SYSTEM, denominator=True)
    assert [rows_.count() for _measure, rows_ in behind] == [2, 2]
    for key in ("first_visit_close_rate", "repeat_visit_close_rate", "showroom_minutes", "avg_contact_minutes"):
        assert value(key, store, OCTOBER) is None


def test_new_customers_are_those_without_an_earlier_card(store, li, wang):
    old = rows.card(store, li, "2026-10-31 23:59:59")
    rows.move(old, ProspectStatus.LOSS_PENDING, "2026-11-01 09:00")
    rows.move(old, ProspectStatus.LOST, "2026-11-01 10:00")
    rows.card(store, wang, "2026-11-02", customer=old.customer, previous=old)
    fresh = rows.card(store, wang, "2026-11-01 00:00")
    rows.give(fresh, li, "2026-11-05")
    assert [value(key, store) for key in ("new_cards", "new_customers")] == [2, 1]
    assert value("new_customers", store, OCTOBER) == 1
    assert value("new_customers", store, person_id=wang.pk) == 1


def test_lost_old_customers_are_owners_who_bought_elsewhere(store, li, wang, manager, noon):
    def owner(delivered: str) -> Any:
        return own_car(rows.customer(store, li), delivered).customer

    def gave_up(customer: Any, at: str, reason: str = "competitor", by: Any = li) -> Any:
        row = loss(store, by, manager, at, "agreed", reason=reason, card=rows.card(store, by, at, customer=customer))
        Prospect.objects.filter(pk=row.prospect_id).update(status=ProspectStatus.LOST)
        return row

    gone, twice, late = owner("2023-05-01"), owner("2023-05-01"), owner("2026-11-21")
    first = gave_up(gone, "2026-11-30 22:59:59", by=wang)
    gave_up(twice, "2026-10-31 22:59:59", "same_brand")  # answered an hour later, in the last second of October
    gave_up(twice, "2026-11-05")  # has left once already
    gave_up(late, "2026-11-20 10:00")  # had no car of ours yet
    gave_up(owner("2023-05-01"), "2026-11-06", "not_buying")  # bought nowhere
    still = rows.card(store, li, "2026-11-06", customer=owner("2023-05-01"))
    loss(store, li, manager, "2026-11-06", "rejected", reason="competitor", card=still)
    gave_up(rows.customer(store, li), "2026-11-06")  # never had one
    assert (value("lost_old_customers", store, OCTOBER), value("lost_old_customers", store)) == (1, 1)
    assert value("lost_old_customers", store, person_id=li.pk) == 0
    assert value("lost_old_customers", store, team_id=move_team(wang, store)) == 1
    found = drill(reader=manager, asked=Asked("lost_old_customers", (store.pk,), NOVEMBER))
    assert [row.pk for section in found.sections for row in section.rows] == [first.pk]


@pytest.fixture
def next_door(other_store, person):
    """A consultant of the other store."""
    return person("sales_consultant", other_store)


def test_grade_accuracy_judges_the_h_cards_of_a_monday_on_sunday(store, next_door, manager, noon):
    """H on Monday 00:00 → ordered by Sunday 24:00; credited to the owner of Monday, counted on Sunday, frozen once."""
    li, wang = (make_person("sales_consultant", store, name=name) for name in ("李明", "王芳"))
    right, late, cooled = (rows.card(store, li, "2026-11-02", grade="H") for _ in range(3))
    rows.card(store, li, "2026-11-09 00:00", grade="H")  # made when the week had begun
    rows.card(store, li, "2026-11-02", grade="A")
    GradeChange.objects.create(
        prospect=cooled, store=store, owner=li, from_grade="H", to_grade="A", at=rows.moment("2026-11-08 23:59:59")
    )
    rows.card(next_door.memberships.get().store, next_door, "2026-11-02", grade="H")
    rows.deal(store, li, "2026-11-15 23:59:59", prospect=right)
    rows.deal(store, li, "2026-11-16 00:00", prospect=late)
    rows.give(right, wang, "2026-11-10")
    # The weeks whose Sundays are the 1st, 8th, 15th and, running, the 22nd; once.
    assert [hot_weeks_take(store_id=store.pk, month=NOVEMBER.start) for _ in "12"] == [4, 0]
    second, third = (Period.containing("week", dt.date(2026, 11, day)) for day in (9, 16))
    assert value("grade_accuracy", store, second) == Decimal("0.5")
    assert value("grade_accuracy", store, second, person_id=li.pk) == Decimal("0.5")
    assert value("grade_accuracy", store, third) is None  # not over
    noon("2026-11-23 00:05+08:00")
    assert value("grade_accuracy", store, third) == Decimal("0.333333")  # the order of Monday 00:00; three were H
    asked = Asked("grade_accuracy", (store.pk,), NOVEMBER)
    found = drill(reader=manager, asked=asked, denominator=True)
    assert sum(len(section.rows) for section in found.sections) == found.figure.denominator
    (week,) = [row for row in grade_weeks(reader=manager, store_id=store.pk, period=NOVEMBER) if row.monday.day == 9]
    assert (week.held, week.ordered) == (2, 1)  # the report and the figure agree
    assert value("grade_accuracy", store, OCTOBER) is None


@pytest.mark.parametrize("key", ["leads_total", "loss_applications", "test_drives", "invited_visits"])
def test_rows_of_another_store_are_never_opened(other_store, manager, person, key):
    other = person("sales_consultant", other_store, name="外店顾问")
    boss = person("showroom_manager", other_store)
    lead(other_store, other, "2026-11-02")
    loss(other_store, other, boss, "2026-11-02", "pending")
    drive(rows.card(other_store, other, "2026-11-01"), "2026-11-03")
    rows.visit(other_store, other, "2026-11-03", VisitType.REPEAT)
    asked = Asked(key, (manager.memberships.get().store_id, other_store.pk), NOVEMBER)
    assert BY_KEY[key].figure(Scope((other_store.pk,)), NOVEMBER).value == 1
    found = drill(reader=manager, asked=asked)
    assert (found.figure.value, [list(section.rows) for section in found.sections]) == (0, [[]])
