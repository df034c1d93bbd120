"""Who gets a lead: weighted round robin, by hand, from the pool; and back to the pool after twice the clock (§4.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.copying import copy_in
from dealership.core.errors import Conflict, NotFound
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.core.services import check_version, service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.hours import business_start
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import people_in, require
from dealership.org.roles import SELLING_ROLES
from leads.choices import LEAD_TRANSITIONS, POOL_STATES, AssignedHow, LeadEvent, LeadState
from leads.models import Lead, LeadAssignee, LeadAssignment, LeadChange, LeadDesk
from leads.selectors.lead_desk import Candidate, candidates, load_of
from leads.services import lead_state
from leads.services.lead_state import Clocks, begin_turn, change_row, locked, move, refused

TAKEN = "这条线索刚刚被同事领走了，请另选一条。"
Given = tuple[Lead, LeadAssignment, LeadChange]
GIVEN = "state owner team_id assigned_at first_assigned_at sla_due_at recycle_due_at clock_spans".split()
# How long a pool may have been open on a screen.
SEEN_LATELY = dt.timedelta(hours=12)


def next_of(team: list[Candidate], owed: dict[str, int]) -> Candidate | None:
    """Smooth weighted round robin: everybody who may take earns their weight, the richest takes and pays the total.

    Deterministic (ties go to the lower id) and fair: in a full round everybody has taken exactly their weight.
    """
    able = [person for person in team if person.may_take]
    if not able:
        return None
    for person in able:
        owed[person.key] = owed.get(person.key, 0) + person.weight
    chosen = max(able, key=lambda person: (owed[person.key], -person.user.pk))
    owed[chosen.key] -= sum(person.weight for person in able)
    chosen.load += 1
    return chosen


def distribute(store: Store, leads: Iterable[Lead], *, by: Any) -> int:
    """Give out new leads of one store inside the caller's transaction; answers how many found somebody.

    The store's desk row is locked, so two intakes at once share one round. People off duty on the day the clock
    starts, opted out, without weight or at their cap get nothing; what nobody can take waits in the pool.
    """
    LeadDesk.objects.get_or_create(store=store)
    desk = LeadDesk.objects.select_for_update().get(store=store)
    moment = periods.now()
    clock = lead_state.clocks(store.pk, moment)
    team = candidates(store, periods.local_date(business_start(moment, store.pk)))
    given: list[Given] = []
    for lead in leads:
        person = next_of(team, desk.credits)
        if person is None:
            break
        given.append(_given(lead, person.user, AssignedHow.AUTO, at=moment, by=None, clock=clock))
    if given:
        desk.save(update_fields=["credits"])
        _save(given, moment)
        _tell(given)
    return len(given)


def give_new(leads: list[Lead], owner: Any, how: AssignedHow, *, by: Any) -> None:
    """Give new leads of one store to one person: the same moment and clock for all, four statements for any number."""
    moment = periods.now()
    clock = lead_state.clocks(leads[0].store_id, moment)
    given = [_given(lead, owner, how, at=moment, by=by, clock=clock) for lead in leads]
    _save(given, moment)
    if owner.pk != by.pk:
        _tell(given)


def _given(lead: Lead, owner: Any, how: AssignedHow, *, at: dt.datetime, by: Any, clock: Clocks) -> Given:
    """A new lead with its turn and its history row, nothing saved yet."""
    before = move(lead, LeadEvent.ASSIGN)
    turn = begin_turn(lead, owner, how, at=at, by=by, clock=clock)
    lead.touch()
    return lead, turn, change_row(lead, LeadEvent.ASSIGN, before, at=at, by=by, from_owner_id=None)


def _save(given: list[Given], moment: dt.datetime) -> None:
    """Leads given to one person at one moment are alike: a statement for each person, two more for all."""
    by_person: dict[int | None, list[Lead]] = {}
    for lead, _, _ in given:
        by_person.setdefault(lead.owner_id, []).append(lead)
    for leads in by_person.values():
        same = {name: getattr(leads[0], name) for name in GIVEN}
        rows = Lead.objects.filter(pk__in=[lead.pk for lead in leads])
        rows.update(**same, version=F("version") + 1, updated_at=moment)
    copy_in(LeadAssignment, (turn for _, turn, _ in given))
    copy_in(LeadChange, (row for _, _, row in given))


def _tell(given: list[Given]) -> None:
    """One notice per person: the lead itself, or how many there are."""
    by_person: dict[int, list[tuple[Lead, LeadAssignment]]] = {}
    for lead, turn, _row in given:
        by_person.setdefault(turn.owner_id or 0, []).append((lead, turn))
    for rows in by_person.values():
        lead, turn = rows[0]
        lead_state.tell_owner(lead, turn, count=len(rows))


@service
def leads_distribute(*, store: Store) -> int:
    """Try again for new leads that found nobody (asked by the clock). Recycled ones stay for the pool."""
    rows = Lead.objects.select_for_update(of=("self",), skip_locked=True).filter(store=store, state=LeadState.NEW)
    return distribute(store, rows.order_by("received_at", "id")[:500], by=None)


@service
def lead_assign(*, by: Any, lead_id: int, new_owner: Any, reason: str = "", version: int | None = None) -> Lead:
    """Give a lead to a person by hand (showroom manager, DCC leader); a lead already held needs a reason.

    The manager may go past a cap or a rest day; the clock starts anew.
    """
    lead = locked(by, lead_id, "lead.assign")
    check_version(lead, version)
    reason = clean_text(reason)[:200]
    if lead.state not in LEAD_TRANSITIONS[LeadEvent.ASSIGN]:
        move(lead, LeadEvent.ASSIGN)
    check_owner(lead.store, new_owner)
    if lead.owner_id == new_owner.pk:
        raise refused("same_owner", "这条线索已在此同事名下。", "new_owner")
    if lead.owner is not None and len(reason) < 2:
        raise refused("reason_missing", "这条线索已有人负责，改派请填写原因。", "reason")
    old = lead.owner
    lead_state.give(lead, new_owner, LeadEvent.ASSIGN, AssignedHow.MANUAL, at=periods.now(), by=by, reason=reason)
    if old is not None and old.pk != by.pk:
        notify(
            to=[old], kind="lead.taken", key=f"lead:{lead.pk}:taken:{lead.version}",
            text=f"您名下一条线索已改派给{new_owner.name}。",
        )  # fmt: skip
    record(by=by, action="lead.assign", target=lead, changes={"from": old.pk if old else None, "to": new_owner.pk})
    return lead


def check_owner(store: Store, person: Any, field: str = "new_owner") -> None:
    """Only people of the store who hold customers may hold leads."""
    if person is None or not people_in([store.pk], SELLING_ROLES).filter(pk=person.pk).exists():
        raise refused("bad_owner", "请选择本店在职的销售顾问或网销专员。", field)


@service
def lead_pick(*, by: Any, lead_id: int) -> Lead:
    """领取: take a lead out of the pool. The first of two wins; the other is told who was faster.

    Refused past the daily limit or the cap of open leads, and for the one it was taken from during the cool-off.
    """
    try:
        lead = locked(by, lead_id, "lead.pick")
    except NotFound:
        _refuse_taken(by, lead_id)
        raise
    if lead.state not in LEAD_TRANSITIONS[LeadEvent.PICK]:
        if lead.owner_id == by.pk and lead.state == LeadState.ASSIGNED:
            raise Conflict("picked", "这条线索已经在您名下，请直接联系。")
        raise Conflict("picked", TAKEN)
    check_owner(lead.store, by, "lead")
    # Two picks of one person at once meet here, so the daily limit holds.
    LeadAssignee.objects.get_or_create(store=lead.store, user=by)
    seat = LeadAssignee.objects.select_for_update().get(store=lead.store, user=by)
    moment = periods.now()
    _check_pick(lead, seat, by, moment)
    lead_state.give(lead, by, LeadEvent.PICK, AssignedHow.PICK, at=moment, by=by)
    record(by=by, action="lead.pick", target=lead)
    return lead


def _refuse_taken(by: Any, lead_id: int) -> None:
    """Who saw the lead in their pool a while ago is told that it is gone; any other lead stays unknown (404)."""
    pools = reach_for(by, "lead", "lead.pick").own_store_ids
    since = periods.now() - SEEN_LATELY
    left = LeadChange.objects.filter(lead_id=lead_id, store_id__in=pools, from_state__in=POOL_STATES, at__gte=since)
    if left.filter(Q(event=LeadEvent.PICK) | Q(event=LeadEvent.ASSIGN, by__isnull=False) & ~Q(by=F("owner"))).exists():
        raise Conflict("picked", TAKEN)


def _check_pick(lead: Lead, seat: LeadAssignee, by: Any, moment: dt.datetime) -> None:
    store_id = lead.store_id
    turns = LeadAssignment.objects.filter(owner=by, store_id=store_id)
    limit = int(policy("lead.pick_daily", store_id))
    today = Period.day(periods.local_date(moment)).filter("assigned_at")
    if turns.filter(how=AssignedHow.PICK, **today).count() >= limit:
        raise refused("pick_limit", f"每人每天最多领取 {limit} 条，您今天已领满，请明天再领。")
    cap = seat.cap if seat.cap is not None else int(policy("lead.open_cap", store_id))
    if load_of(by, store_id) >= cap:
        raise refused("cap_reached", f"您未处理的线索已有 {cap} 条，请先处理完再领取。")
    days = int(policy("lead.cool_off_days", store_id))
    lost = turns.filter(lead=lead, ended_by_event=LeadEvent.RECYCLE).order_by("-ended_at").first()
    if lost is not None and lost.ended_at is not None:
        free = periods.local_date(lost.ended_at) + dt.timedelta(days=days)
        if periods.local_date(moment) < free:
            text = f"这条线索因您超时未联系被回收，{periods.day_label(free)} 起才能再领，请让同事跟进。"
            raise refused("cool_off", text)


@service
def lead_recycle(*, lead_id: int, assignment_id: int) -> bool:
    """回收: twice the clock passed without a call, the lead goes back to the pool. By the clock; done once per turn."""
    lead = Lead.objects.select_for_update(of=("self",)).filter(pk=lead_id).first()
    turn = LeadAssignment.objects.filter(pk=assignment_id, lead_id=lead_id, ended_at=None).first()
    moment = periods.now()
    if lead is None or turn is None or not lead.is_waiting or lead.recycle_due_at is None:
        return False
    if moment < lead.recycle_due_at:
        return False
    old = lead.owner
    before = move(lead, LeadEvent.RECYCLE)
    lead_state.end_turn(lead, LeadEvent.RECYCLE, at=moment)
    lead.previous_owner, lead.owner, lead.team_id = old, None, None
    lead.sla_due_at = lead.recycle_due_at = lead.assigned_at = None
    lead.recycled_count += 1
    reason = "超过首次响应时限未联系"
    lead_state.save(
        lead, LeadEvent.RECYCLE, before, at=moment, by=None, from_owner_id=turn.owner_id, reason=reason
    )  # fmt: skip
    key = f"lead:{lead.pk}:recycled:{turn.pk}"
    notify(to=[turn.owner], kind="lead.recycled", key=key, text="您有一条线索超时未联系，已回收到公共池。")
    managers = people_in([lead.store_id], [Role.SHOWROOM_MANAGER])
    text = f"{turn.owner} 有一条线索超时未联系，已回收到公共池，请安排跟进。"
    notify(to=managers, kind="lead.recycled", key=key, text=text, url=reverse("leads:lead_pool"))
    record(by=None, action="lead.recycle", target=lead, changes={"from": turn.owner_id})
    return True


@service
def assignee_set(
    *, by: Any, store: Store, person: Any, weight: int | None, cap: int | None, is_opted_out: bool
) -> LeadAssignee:
    """How a person takes part in the assignment; empty weight or cap means the store's policy."""
    require(by, "lead.settings", store.pk)
    check_owner(store, person, "person")
    for value, top, field, label in ((weight, 10, "weight", "权重"), (cap, 500, "cap", "未处理上限")):
        if value is not None and not 0 <= value <= top:
            raise refused("bad_number", f"{person.name}的{label}请填 0 到 {top} 的整数，或留空按门店策略。", field)
    row, _fresh = LeadAssignee.objects.select_for_update().get_or_create(store=store, user=person)
    wanted = {"weight": weight, "cap": cap, "is_opted_out": is_opted_out}
    if any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save()
        record(by=by, action="lead.assignee", target=row, changes={"user": person.pk, **wanted})
    return row


@service
def assignees_set(*, by: Any, store: Store, rows: Iterable[tuple[Any, dict[str, Any]]]) -> None:
    """The whole settings page at once: all of it or nothing."""
    for person, told in rows:
        assignee_set(by=by, store=store, person=person, **told)
