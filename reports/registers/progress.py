"""意向客户进度管控表 of a store's month: per consultant where the cards came from and went, and what is due.

The balance is a hard check: opening + new + returned + taken over − handed over − ordered − lost − dormant = closing,
against the cards that really stand (reports/selectors/identity.py).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.prepared import rows_of
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from leads.choices import LIVE_STATUSES, Grade
from leads.models import FollowUpTask, Prospect
from reports.registers.register import URL, Register, card_name
from reports.selectors.identity import Identity, IdentityRow, identity_of
from reports.workbook.columns import Column, Row

CALL_ORDER = "HANBCO"
# So many names of a person's call list stand on the sheet.
NAMED = 12
GRADES = (Grade.H, Grade.A, Grade.B, Grade.C, Grade.N)
COLUMNS = (
    Column("person", "销售顾问", "text", 11),
    *(Column(f"open_{grade.value}", f"月初{grade.value}", "count", 7, total=True) for grade in GRADES),
    Column("opening", "月初合计", "count", 9, total=True),
    Column("new", "新建卡", "count", 8, total=True),
    Column("reactivated", "回流", "count", 7, total=True),
    Column("transferred_in", "转入", "count", 7, total=True),
    Column("transferred_out", "转出", "count", 7, total=True),
    Column("won", "订车", "count", 7, total=True),
    Column("lost", "战败", "count", 7, total=True),
    Column("dormant", "休眠", "count", 7, total=True),
    Column("closing", "期末合计", "count", 9, total=True),
    *(Column(f"close_{grade.value}", f"期末{grade.value}", "count", 7, total=True) for grade in GRADES),
    Column("check", "平衡", "centre", 9),
    Column("due", "应跟进", "count", 8, total=True),
    Column("done", "已跟进", "count", 8, total=True),
    Column("overdue", "逾期", "count", 7, total=True),
    Column("today", "今日必打", "count", 9, total=True),
)


def progress_register(*, user: Any, store: Store, month: Period) -> Register:
    """People whose cards the reader reaches; a consultant sees their own line."""
    identity = identity_of(store_id=store.pk, month=month.start)
    people = _people(user, store, [row.person_id for row in identity.people])
    tasks = _tasks(store, month)
    rows = [
        _row(identity, row, person, tasks[person.pk], f"?store={store.pk}&person={person.pk}&month={month.code}")
        for row in identity.people
        if (person := people.get(row.person_id or 0)) is not None
    ]
    calls = _must_call(store, people) if month.contains(periods.today()) else []
    broken = [row["person"] for row in rows if row["check"] != "平"]
    return Register(
        title=card_name("progress", store), note=f"{store.name} · {month.label}", columns=COLUMNS, rows=rows,
        total="合计", facts=(("平衡校验", "全部相符" if not broken else "不符：" + "、".join(broken)),),
        words=("月初 + 新建卡 + 回流 + 转入 − 转出 − 订车 − 战败 − 休眠 = 期末", *calls),
        signatures=("展厅经理签字", "销售经理签字"), empty="本月还没有意向客户。",
        on_phone=("person", "opening", "closing", "today"),
    )  # fmt: skip


def _people(user: Any, store: Store, ids: list[int | None]) -> dict[int, User]:
    """The people of the table within reach: all of the store, of the team, or oneself."""
    rows = User.objects.filter(pk__in=[pk for pk in ids if pk])
    reach = reach_for(user, "prospect")
    if store.pk not in reach.store_ids and store.group_id not in reach.group_ids:
        seen = Prospect.objects.visible_to(user).filter(store=store).order_by().values("owner_id").distinct()
        rows = rows.filter(Q(pk=user.pk) | Q(pk__in=seen))
    return {person.pk: person for person in rows}


def _tasks(store: Store, month: Period) -> dict[int, dict[str, int]]:
    """Due in the month and done of those, overdue and to be called today, by owner.

    A past month says how it ended: what was overdue then, and nothing to be called any more.
    """
    is_past = month.end_at <= periods.now()
    found: dict[int, dict[str, int]] = defaultdict(lambda: {} if is_past else {"today": 0})
    for row in rows_of((_due, month), lambda ids: _due(ids[0], month), [store.pk]):
        found[row.pop("owner_id")] |= row
    if is_past:
        waiting = rows_of((_left, month), lambda ids: _left(ids[0], month), [store.pk])
    else:
        waiting = rows_of(_waiting, lambda ids: _waiting(*ids), [store.pk])
    for row in waiting:
        found[row.pop("owner_id")] |= row
    return found


def _due(store_id: int, month: Period) -> QuerySet[Any, Any]:
    rows = FollowUpTask.objects.filter(store_id=store_id, cancelled_at=None, **month.filter("due_at"))
    return rows.order_by().values("owner_id").annotate(due=Count("pk"), done=Count("done_at"))


def _waiting(store_id: int) -> QuerySet[Any, Any]:
    tonight = periods.end_of_day(periods.today())
    rows = FollowUpTask.objects.open().filter(store_id=store_id, due_at__lt=tonight, prospect__status__in=LIVE_STATUSES)
    late = Q(due_at__lt=periods.now())
    return rows.order_by().values("owner_id").annotate(overdue=Count("pk", filter=late), today=Count("pk"))


def _left(store_id: int, month: Period) -> QuerySet[Any, Any]:
    """Overdue when the month ended, also what was done or given up since."""
    end = month.end_at
    waiting = (Q(done_at=None) | Q(done_at__gte=end)) & (Q(cancelled_at=None) | Q(cancelled_at__gte=end))
    rows = FollowUpTask.objects.filter(waiting, store_id=store_id, due_at__lt=end, created_at__lt=end)
    return rows.order_by().values("owner_id").annotate(overdue=Count("pk"))


def _must_call(store: Store, people: dict[int, User]) -> list[str]:
    """今日必打: per person the customers due by tonight, the hottest first; the list page has them all."""
    tonight = periods.end_of_day(periods.today())
    tasks = FollowUpTask.objects.open().filter(
        store=store, owner__in=people, due_at__lt=tonight, prospect__status__in=LIVE_STATUSES
    )
    named: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
    columns = ("owner_id", "prospect_id", "prospect__grade", "prospect__customer__name")
    for owner, card, grade, name in tasks.order_by("due_at", "id").values_list(*columns):
        named[owner][card] = (grade, name)
    return [_called(people[pk].name, list(named[pk].values())) for pk in people if pk in named]


def _called(person: str, cards: list[tuple[str, str]]) -> str:
    cards.sort(key=lambda card: CALL_ORDER.index(card[0]) if card[0] in CALL_ORDER else len(CALL_ORDER))
    names = "、".join(f"{name}({grade})" for grade, name in cards[:NAMED])
    rest = f" 等 {len(cards)} 位" if len(cards) > NAMED else ""
    return f"今日必打 {person}：{names}{rest}"


def _row(identity: Identity, flow: IdentityRow, person: User, tasks: dict[str, int], detail: str) -> Row:
    flows = ("opening", "new", "reactivated", "transferred_in", "transferred_out", "won", "lost", "dormant", "closing")
    opening, closing = identity.opening.get(person.pk, {}), identity.counted.get(person.pk, {})
    return {
        "person": person.name,
        **{f"open_{grade.value}": opening.get(grade.value, 0) for grade in GRADES},
        **{name: getattr(flow, name) for name in flows},
        **{f"close_{grade.value}": closing.get(grade.value, 0) for grade in GRADES},
        "check": f"差{flow.difference:+d}" if flow.difference else "平",
        **{name: tasks.get(name, 0) for name in ("due", "done", "overdue")},
        "today": tasks.get("today"),
        URL: reverse("reports:register", args=["grades"]) + detail,
    }
