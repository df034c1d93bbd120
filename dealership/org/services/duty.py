"""Writes of the rota (排班): a person's day, last week again, who takes over, and leave (R-TIME, R-FLOOR)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.urls import reverse

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods, request_cache
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.periods import Period
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.org.choices import DutyKind, LeaveState, Role
from dealership.org.duty import OFF_KINDS, duties
from dealership.org.models import DutyDay, LeaveRequest, Membership, Store
from dealership.org.reach import can, people_in, require
from dealership.org.roles import ROTA_ROLES, SELLING_ROLES
from dealership.org.telling import tell

LONGEST_LEAVE = 60
FURTHEST = dt.timedelta(days=366)


@service
def duty_set(*, by: User, store: Store, user: User, day: dt.date, kind: str) -> DutyDay:
    """Plan a person's day. Nobody gives themselves a day off, and days gone by stay as they were worked."""
    require(by, "duty.manage", store.pk)
    if kind not in DutyKind:
        raise DomainError("bad_duty", "请选择班次。", {"kind": ["请选择班次。"]})
    if user.pk == by.pk and kind in OFF_KINDS:
        raise NotAllowed("自己的休息和请假须由其他管理者安排。", code="own_duty")
    _check_day(day)
    _check_person(store, user, day)
    row = _write(by, store, user, day, DutyKind(kind))
    record(by=by, action="duty.set", target=row, changes={"user": user.pk, "day": day, "kind": kind})
    return row


@service
def duty_clear(*, by: User, store: Store, user: User, day: dt.date) -> None:
    """Back to what calendar and rest weekday say. A day off of one's own is not touched."""
    require(by, "duty.manage", store.pk)
    _check_day(day)
    row = _rows(store, user, day).first()
    if row is None:
        return
    if user.pk == by.pk:
        raise NotAllowed("自己的排班须由其他管理者恢复默认。", code="own_duty")
    record(by=by, action="duty.clear", target=row, changes={"user": user.pk, "day": day, "kind": row.kind})
    row.delete()
    request_cache.forget("duty")


@service
def duty_hand_over(*, by: User, store: Store, user: User, day: dt.date, replacement: User | None) -> DutyDay:
    """Say who takes over a person's duty of the day (替岗) with the follow-ups due then (代跟进); None ends it.

    The replacement sells in the store and works that day. Any manager may say it, and again: the last word counts.
    """
    require(by, "duty.manage", store.pk)
    _check_day(day)
    _check_person(store, user, day)
    if replacement is not None:
        _check_replacement(store, user, day, replacement)
    row = _rows(store, user, day).first()
    if row is None:
        known = duties(store.pk, Period.day(day), user_ids=[user.pk])
        row = _write(by, store, user, day, known[user.pk, day].kind)
    row.replacement, row.set_by, row.set_at = replacement, by, periods.now()
    row.save(update_fields=["replacement", "set_by", "set_at"])
    request_cache.forget("duty")
    taker = replacement.pk if replacement else None
    record(by=by, action="duty.hand_over", target=row, changes={"user": user.pk, "day": day, "replacement": taker})
    return row


@service
def rota_copy_week(*, by: User, store: Store, monday: dt.date) -> int:
    """Last week's rest days, late shifts and duties again in the week of `monday`; returns how many days were planned.

    Leave and replacements are not copied, and a day that is planned already stays as it is.
    """
    require(by, "duty.manage", store.pk)
    week = Period.containing("week", monday)
    first = max(week.start, periods.today())
    there = set(DutyDay.objects.filter(store=store, **week.filter("day", is_date=True)).values_list("user_id", "day"))
    known = duties(store.pk, week, roles=ROTA_ROLES)
    made: list[DutyDay] = []
    for row in DutyDay.objects.filter(store=store, **week.previous().filter("day", is_date=True)).order_by("id"):
        day = row.day + dt.timedelta(days=7)
        own_rest = row.user_id == by.pk and row.kind in OFF_KINDS
        skipped = row.kind == DutyKind.LEAVE or own_rest or day < first
        if not skipped and (row.user_id, day) in known and (row.user_id, day) not in there:
            made.append(
                DutyDay(store=store, user_id=row.user_id, day=day, kind=row.kind, set_by=by, set_at=periods.now())
            )
    DutyDay.objects.bulk_create(made)
    request_cache.forget("duty")
    record(by=by, action="duty.copy_week", target=store, changes={"week": week.start, "count": len(made)})
    return len(made)


@service
def leave_ask(*, by: User, store: Store, first_day: dt.date, last_day: dt.date, reason: str) -> LeaveRequest:
    """Ask for days off in one's store, from today on; a request that overlaps a waiting or approved one is refused."""
    require(by, "leave.ask", store.pk)
    reason = clean_text(reason)
    if not 2 <= len(reason) <= 100:
        _refuse("reason", "请用 2 至 100 个字写明请假原因。")
    if last_day < first_day:
        _refuse("last_day", "结束日期不能早于开始日期。")
    if first_day < periods.today():
        _refuse("first_day", "不能为已经过去的日子请假，请联系展厅经理。")
    if (last_day - first_day).days >= LONGEST_LEAVE or last_day > periods.today() + FURTHEST:
        _refuse("last_day", f"一次请假最长 {LONGEST_LEAVE} 天，且须在一年以内。")
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    waiting = LeaveRequest.objects.filter(store=store, user=by, state__in=(LeaveState.ASKED, LeaveState.APPROVED))
    if waiting.filter(first_day__lte=last_day, last_day__gte=first_day).exists():
        _refuse("first_day", "这些日子里已有您的请假，请先撤回或改选日期。")
    row = LeaveRequest.objects.create(store=store, user=by, first_day=first_day, last_day=last_day, reason=reason)
    record(by=by, action="leave.ask", target=row, changes={"first_day": first_day, "last_day": last_day})
    return row


@service
def leave_decide(*, by: User, leave_id: int, approve: bool) -> LeaveRequest:
    """Approve or refuse; never one's own. Approved days stand in the rota as leave at once."""
    row = lock(LeaveRequest.objects.visible_to(by), leave_id)
    if row.user_id == by.pk and can(by, "duty.manage", row.store_id):
        raise NotAllowed("不能批准自己的请假，请由其他管理者办理。", code="own_request")
    require(by, "duty.manage", row.store_id)
    if row.state != LeaveState.ASKED:
        raise DomainError("leave_decided", f"这份请假{row.get_state_display()}，不能再次审批。")
    row.state = LeaveState.APPROVED if approve else LeaveState.REFUSED
    row.decided_by, row.decided_at = by, periods.now()
    row.touch()
    row.save()
    if approve:
        days = Period(row.first_day, row.last_day + dt.timedelta(days=1))
        held = duties(row.store_id, days, user_ids=[row.user_id])
        for user_id, day in held:
            if user_id == row.user_id:
                _write(by, row.store, row.user, day, DutyKind.LEAVE)
    record(by=by, action="leave.decide", target=row, changes={"state": row.state, "user": row.user_id})
    _tell_of_leave(row, by)
    return row


def _tell_of_leave(row: LeaveRequest, by: User) -> None:
    """The answer to who asked; approved leave also to who plans the rota, leads the team or takes a day over."""
    days = (
        f"{row.first_day:%m-%d} 至 {row.last_day:%m-%d}" if row.last_day > row.first_day else f"{row.first_day:%m-%d}"
    )
    word = "已批准" if row.state == LeaveState.APPROVED else "未获批准"
    told = {"kind": "leave", "key": f"leave:{row.pk}:{row.state}", "url": reverse("rota:page")}
    tell(to=[row.user], text=f"您 {days} 的请假{word}（{by}）。", **told)
    if row.state != LeaveState.APPROVED:
        return
    posts = Membership.objects.filter(store=row.store, valid__contains=row.first_day, user__is_active=True)
    teams = posts.filter(user=row.user).exclude(team=None).values("team")
    planners = Q(role=Role.SHOWROOM_MANAGER) | Q(role=Role.TEAM_LEADER, team__in=teams)
    span = {"user": row.user, "day__gte": row.first_day, "day__lte": row.last_day}
    takers = DutyDay.objects.filter(store=row.store, replacement__isnull=False, **span).values("replacement")
    people = User.objects.filter(Q(pk__in=posts.filter(planners).values("user")) | Q(pk__in=takers))
    tell(
        to=people.exclude(pk__in=[row.user_id, by.pk]).order_by("pk"),
        text=f"{row.user} {days} 请假，请安排当天的接待和跟进。", **told,
    )  # fmt: skip


@service
def leave_withdraw(*, by: User, leave_id: int) -> LeaveRequest:
    """Take back one's own request; of approved leave the days from today on are worked again."""
    row = lock(LeaveRequest.objects.visible_to(by).filter(user=by), leave_id)
    require(by, "leave.ask", row.store_id)
    if row.state not in (LeaveState.ASKED, LeaveState.APPROVED) or row.last_day < periods.today():
        raise DomainError("leave_over", "这份请假已经结束，不能再撤回。")
    DutyDay.objects.filter(
        store=row.store, user=by, kind=DutyKind.LEAVE, day__gte=max(row.first_day, periods.today()),
        day__lte=row.last_day,
    ).delete()  # fmt: skip
    request_cache.forget("duty")
    row.state = LeaveState.WITHDRAWN
    row.touch()
    row.save()
    record(by=by, action="leave.withdraw", target=row)
    return row


def _write(by: User, store: Store, user: User, day: dt.date, kind: DutyKind) -> DutyDay:
    """One row per person and day; a replacement named for the day stays."""
    row, _made = DutyDay.objects.update_or_create(
        store=store, user=user, day=day, defaults={"kind": kind, "set_by": by, "set_at": periods.now()}
    )
    request_cache.forget("duty")
    return row


def _rows(store: Store, user: User, day: dt.date) -> QuerySet[DutyDay]:
    return DutyDay.objects.select_for_update(of=("self",)).filter(store=store, user=user, day=day)


def _check_day(day: dt.date) -> None:
    if day < periods.today():
        _refuse("day", "已经过去的日子不能再改排班。")
    if day > periods.today() + FURTHEST:
        _refuse("day", "只能排一年以内的班。")


def _check_person(store: Store, user: User, day: dt.date) -> None:
    held = Membership.objects.filter(store=store, user=user, role__in=ROTA_ROLES, valid__contains=day)
    if not held.exists():
        raise NotFound


def _check_replacement(store: Store, user: User, day: dt.date, replacement: User) -> None:
    if replacement.pk == user.pk:
        _refuse("replacement", "替岗人不能是本人。")
    if not people_in([store.pk], SELLING_ROLES, day).filter(pk=replacement.pk).exists():
        _refuse("replacement", "请选择本店在职的销售顾问替岗。")
    if duties(store.pk, Period.day(day), user_ids=[replacement.pk])[replacement.pk, day].is_off:
        _refuse("replacement", f"{replacement.name}当天休息或请假，请选择当天上班的同事。")


def _refuse(field: str, text: str) -> None:
    raise DomainError(f"bad_{field}", text, {field: [text]})
