"""失控, dormancy and the return of a lost customer: what the clock and the customer do (§4.2, R-GRADE, R-OWN)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.audit.models import AuditEntry
from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.jobs.services import plan_due
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.models import Membership
from leads.choices import ProspectStatus
from leads.models import FollowUpTask, GradeChange, LossApplication, Prospect, StatusChange
from leads.services.dormancy import dormancy_wake_due
from leads.services.lead_intake import LeadRow, lead_create
from leads.services.loss import loss_apply
from leads.services.loss_decision import loss_decide
from leads.services.out_of_control import out_of_control_sweep
from leads.services.prospect import card_create, prospect_delivered, prospect_ordered, prospect_reassign
from leads.tests.builders import make_follow_up, make_prospect, make_visit, new_phone
from leads.tests.loss_builders import WHY, lose, make_loss, make_rest, put_in, refuse_twice

START = "2026-10-01 10:00+08:00"
LIMITS = {"N": 3, "H": 4, "A": 10, "B": 21, "C": 45}


def status_of(card: Prospect) -> str:
    card.refresh_from_db()
    return card.status


def day_after(card: Prospect, days: int) -> dt.date:
    card.refresh_from_db()
    assert card.next_follow_up_at is not None
    return periods.local_date(card.next_follow_up_at) + dt.timedelta(days=days)


@pytest.mark.parametrize(("grade", "limit"), LIMITS.items())
def test_r_grade_out_of_control_only_past_the_grades_limit(freeze, store, consultant, manager, *, grade, limit):
    freeze(START)
    card = make_prospect(consultant, store, grade=grade)
    for late, wanted in ((limit, "active"), (limit + 1, "out_of_control")):
        day = day_after(card, late)
        freeze(periods.at(day, "00:30"))
        out_of_control_sweep(store_id=store.pk, day=day)
        assert status_of(card) == wanted
    change = StatusChange.objects.get(prospect=card, to_status="out_of_control")
    assert (change.by, change.owner, change.reason) == (None, consultant, f"逾期 {limit + 1} 天未跟进")
    assert Notice.objects.filter(recipient=consultant, kind="prospect.out_of_control").count() == 1
    out_of_control_sweep(store_id=store.pk, day=day)
    assert Notice.objects.filter(recipient=manager, text__startswith="今天有 1 位").count() == 1
    make_follow_up(consultant, card, grade="B" if grade == "N" else None)
    assert status_of(card) == "active"


def test_r_grade_an_order_past_the_limit_of_o_is_told_and_stays(freeze, store, consultant, manager, client_for):
    """§5.1 gives O ten days, §4.2 leads to 失控 from a card at work only: owner and manager are told, once."""
    freeze(START)
    card = make_prospect(consultant, store, grade="A")
    prospect_ordered(by=manager, prospect_id=card.pk, at=periods.now())
    told = Notice.objects.filter(kind="prospect.order_silent")
    for late, wanted in ((10, 0), (11, 2), (11, 2), (12, 2)):
        day = day_after(card, late)
        freeze(periods.at(day, "00:30"))
        out_of_control_sweep(store_id=store.pk, day=day)
        assert (told.count(), status_of(card)) == (wanted, "ordered")
    assert {notice.recipient: notice.text[:4] for notice in told} == {consultant: "您有一位", manager: "有 1 "}
    page = client_for(manager).get(told.get(recipient=manager).url).content.decode()
    assert str(card.customer) in page


@pytest.mark.parametrize("channel", ["walk_in", "phone_in"])
def test_a_customer_who_shows_up_is_not_out_of_control(freeze, store, consultant, colleague, *, channel):
    """A visit is a contact (§4.2); what a refusal asked for stays mandatory, due with the next contact (R-REJ)."""
    freeze(START)
    phone = new_phone()
    card = make_prospect(consultant, store, grade="A", phone=phone)
    make_follow_up(consultant, card, outcome="refused")
    day = day_after(card, 11)
    freeze(periods.at(day, "09:00"))
    out_of_control_sweep(store_id=store.pk, day=day)
    assert status_of(card) == "out_of_control"
    before = card.version
    make_visit(colleague, store, phone=phone, channel=channel)
    assert status_of(card) == "active"
    assert card.version > before
    tasks = FollowUpTask.objects.open().filter(prospect=card).order_by("kind")
    due = periods.at(day + dt.timedelta(days=1), "18:00")
    assert [(task.kind, task.due_at) for task in tasks] == [("regular", due), ("second", due)]
    out_of_control_sweep(store_id=store.pk, day=day)
    assert status_of(card) == "active"


def test_five_failed_contacts_in_a_row(freeze, store, consultant, colleague, manager):
    freeze(START)
    card = make_prospect(consultant, store, grade="C")
    for number in range(1, 6):
        freeze(periods.at(dt.date(2026, 10, 1 + number), "10:00"))
        make_follow_up(consultant, card, outcome="no_answer")
        out_of_control_sweep(store_id=store.pk, day=periods.today())
        assert status_of(card) == ("out_of_control" if number == 5 else "active")
    prospect_reassign(by=manager, prospect_id=card.pk, new_owner=colleague, reason="换人再试")
    assert status_of(card) == "active"
    assert periods.local_date(card.next_follow_up_at) == dt.date(2026, 10, 7)
    out_of_control_sweep(store_id=store.pk, day=periods.today())
    assert status_of(card) == "active"


def test_a_card_out_of_control_is_given_up_by_a_manager_and_a_second_person(freeze, store, person, consultant, manager):
    other = person(Role.SALES_MANAGER, store, name="钱经理")
    freeze(START)
    card = make_prospect(consultant, store, grade="C")
    day = day_after(card, 46)
    freeze(periods.at(day, "09:00"))
    out_of_control_sweep(store_id=store.pk, day=day)
    told: dict[str, Any] = {"prospect_id": card.pk, "reason": "unreachable", "explanation": WHY}
    with pytest.raises(NotAllowed):
        loss_apply(by=consultant, **told)
    row = loss_apply(by=manager, **told)
    with pytest.raises(NotAllowed):
        loss_decide(by=manager, application_id=row.pk, decision="agree")
    loss_decide(by=other, application_id=row.pk, decision="agree")
    assert status_of(card) == "lost"


def test_the_clock_asks_once_per_store_and_day(freeze, store, other_store):
    freeze("2026-11-22 00:19+08:00")
    plan_due(periods.now())
    kinds = ("leads.out_of_control", "leads.wake")
    assert not Job.objects.filter(kind__in=kinds, due_at__gte=periods.at(dt.date(2026, 11, 22))).exists()
    freeze("2026-11-22 09:00+08:00")
    for _ in range(2):
        plan_due(periods.now())
    keys = {f"{kind}:{place.pk}:2026-11-22" for kind in kinds for place in (store, other_store)}
    assert set(Job.objects.filter(kind__in=kinds).values_list("key", flat=True)) == keys


def rest(consultant: Any, manager: Any, store: Any, **told: Any) -> Prospect:
    card = make_prospect(consultant, store, grade="B", **told)
    row = make_rest(consultant, card, days=30)
    loss_decide(by=manager, application_id=row.pk, decision="agree")
    assert status_of(card) == "dormant"
    return card


def test_a_resting_card_wakes_on_its_day(freeze, store, consultant, manager):
    freeze(START)
    card = rest(consultant, manager, store)
    freeze("2026-10-30 08:00+08:00")
    assert dormancy_wake_due(store_id=store.pk, day=periods.today()) == 0
    freeze("2026-10-31 08:00+08:00")
    plan_due(periods.now())
    for job in Job.objects.filter(kind="leads.wake"):
        runner.run(job.pk)
    assert status_of(card) == "active"
    assert (card.grade, card.owner) == ("C", consultant)
    assert card.next_follow_up_at == periods.at(dt.date(2026, 10, 31), "18:00")
    assert FollowUpTask.objects.open().get(prospect=card).owner == consultant
    assert GradeChange.objects.filter(prospect=card).latest("id").from_grade == "B"
    assert LossApplication.objects.get(prospect=card).woken_at == periods.now()
    assert Notice.objects.filter(recipient=consultant, kind="prospect.woken").exists()
    assert dormancy_wake_due(store_id=store.pk, day=periods.today()) == 0


def test_without_its_owner_a_woken_card_stays_with_the_manager(freeze, store, consultant, manager):
    freeze(START)
    card = rest(consultant, manager, store)
    Membership.objects.filter(user=consultant).update(valid=(dt.date(2026, 1, 1), dt.date(2026, 10, 20)))
    freeze("2026-11-02 08:00+08:00")
    dormancy_wake_due(store_id=store.pk, day=periods.today())
    assert status_of(card) == "active"
    assert (card.owner, card.customer.owner) == (manager, manager)


@pytest.mark.parametrize("channel", ["walk_in", "phone_in"])
def test_a_resting_customer_who_shows_up_wakes_at_once(freeze, store, consultant, manager, channel):
    freeze(START)
    phone = new_phone()
    card = rest(consultant, manager, store, phone=phone)
    freeze("2026-10-09 15:00+08:00")
    visit = make_visit(consultant, store, phone=phone, channel=channel)
    assert visit.prospect == card
    assert status_of(card) == "active"
    assert Prospect.objects.filter(customer=card.customer).count() == 1


def test_a_card_asked_for_by_hand_wakes_the_resting_one(freeze, store, consultant, manager):
    freeze(START)
    card = rest(consultant, manager, store)
    assert card_create(by=consultant, customer_id=card.customer_id) == card
    assert status_of(card) == "active"


@pytest.mark.parametrize(("days", "to_first"), [(30, True), (31, False)])
def test_r_own_the_first_owner_of_a_lost_customer_has_30_days(
    freeze, store, consultant, colleague, manager, *, days, to_first
):
    freeze(START)
    phone = new_phone()
    lost = lose(make_prospect(consultant, store, grade="B", phone=phone), consultant, None, manager)
    before = Prospect.objects.filter(pk=lost.pk).values().get()
    freeze(periods.at(dt.date(2026, 10, 1) + dt.timedelta(days=days), "15:00"))
    visit = make_visit(colleague, store, phone=phone, grade="A")
    card, heir = visit.prospect, consultant if to_first else colleague
    assert (card.previous, card.status, card.owner, card.customer.owner) == (lost, "active", heir, heir)
    assert visit.owner == heir
    assert FollowUpTask.objects.open().get(prospect=card).owner == heir
    assert Prospect.objects.filter(pk=lost.pk).values().get() == before
    assert AuditEntry.objects.filter(action="customer.owner_after_loss").exists() is not to_first
    created = StatusChange.objects.get(prospect=card)
    assert (created.from_status, created.owner) == ("", heir)


def test_a_lost_customer_whose_seller_left_goes_to_who_captures(freeze, store, consultant, colleague, manager):
    freeze(START)
    phone = new_phone()
    lose(make_prospect(consultant, store, grade="B", phone=phone), consultant, None, manager)
    Membership.objects.filter(user=consultant).update(valid=(dt.date(2026, 1, 1), dt.date(2026, 10, 2)))
    freeze("2026-10-05 10:00+08:00")
    assert make_visit(colleague, store, phone=phone).prospect.owner == colleague


def test_a_buyer_whose_seller_left_gets_no_card_nobody_works(
    freeze, store, receptionist, consultant, colleague, *, manager
):
    """The new card is the capturer's; the front desk alone gives it to the manager, who also hears of a lead."""
    freeze(START)
    phones = [new_phone(), new_phone()]
    for number, phone in enumerate(phones):
        card = make_prospect(consultant, store, grade="H", phone=phone)
        prospect_ordered(by=manager, prospect_id=card.pk, at=periods.now())
        prospect_delivered(
            by=manager, prospect_id=card.pk, at=periods.now(), deal_id=number, vin=f"LSVAA49J13204737{number}",
            series=store.brand.series.all()[0], description="豪华版",
        )  # fmt: skip
    Membership.objects.filter(user=consultant).update(valid=(dt.date(2026, 1, 1), dt.date(2026, 10, 2)))
    freeze("2026-10-05 10:00+08:00")
    lead_create(by=manager, store=store, row=LeadRow(phone=phones[0], name="老客户"))
    assert not Notice.objects.filter(recipient=consultant, kind="lead.merged").exists()
    lead_create(by=colleague, store=store, row=LeadRow(phone=phones[1], name="老客户"))
    assert Notice.objects.filter(recipient=manager, kind="lead.merged", text__contains="请安排同事跟进").count() == 2
    assert make_visit(colleague, store, phone=phones[0]).prospect.owner == colleague
    assert make_visit(receptionist, store, phone=phones[1]).prospect.owner == manager


STATES = ProspectStatus.values


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("event", ["loss", "dormancy"])
def test_every_state_and_asking(freeze, store, consultant, manager, *, status, event):
    freeze(START)
    card = make_prospect(consultant, store, grade="B")
    refuse_twice(consultant, card)
    card.refresh_from_db()
    put_in(card, status, card.next_follow_up_at if status in ("active", "out_of_control") else None)
    asked = {"loss": lambda by: loss_apply(by=by, prospect_id=card.pk, reason="price", explanation=WHY),
             "dormancy": lambda by: make_rest(by, card)}[event]  # fmt: skip
    allowed = {
        ("loss", "active"): (consultant, manager), ("loss", "out_of_control"): (manager,),
        ("dormancy", "active"): (consultant, manager),
    }.get((event, status), ())  # fmt: skip
    before = (StatusChange.objects.count(), LossApplication.objects.count())
    for by in (consultant, manager):
        if by not in allowed:
            with pytest.raises(DomainError) as error:
                asked(by)
            assert error.value.status in (403, 409, 422)
            assert (StatusChange.objects.count(), LossApplication.objects.count()) == before
    if allowed:
        assert asked(allowed[0]).is_pending
        assert status_of(card) == {"loss": "loss_pending", "dormancy": "dormant_pending"}[event]


DECIDERS = {
    Role.SALES_CONSULTANT: False, Role.TEAM_LEADER: False, Role.DCC_AGENT: False, Role.RECEPTIONIST: False,
    Role.SALES_ADMIN: False, Role.FINANCE: False, Role.CARE_AGENT: False, Role.MARKETING: False,
    Role.SHOWROOM_MANAGER: True, Role.SALES_MANAGER: True, Role.GENERAL_MANAGER: True, Role.GROUP_OFFICE: True,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["loss", "dormancy"])
@pytest.mark.parametrize(("role", "may"), DECIDERS.items())
def test_who_answers(freeze, store, person, consultant, *, kind, role, may):
    freeze(START)
    card = make_prospect(consultant, store, grade="B")
    row = make_loss(consultant, card) if kind == "loss" else make_rest(consultant, card)
    by = person(role, None if role == Role.GROUP_OFFICE else store, group=store.group)
    if may:
        loss_decide(by=by, application_id=row.pk, decision="agree")
        assert status_of(card) == {"loss": "lost", "dormancy": "dormant"}[kind]
        return
    with pytest.raises(DomainError) as error:
        loss_decide(by=by, application_id=row.pk, decision="agree")
    assert error.value.status in (403, 404)
    assert status_of(card) in ("loss_pending", "dormant_pending")
