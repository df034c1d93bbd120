"""营业日报表 of one consultant and day: what was planned beside what was done, grade 原有→现在, and 主管指示事项."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from dealership.core.addresses import address
from dealership.core.masking import mask_phone
from dealership.core.periods import Period, day_label, local_date, local_time
from dealership.org.models import Store
from leads.choices import Grade, TaskKind, VisitPurpose, VisitType
from leads.models import FollowUp, FollowUpTask, Visit
from leads.selectors.customer import primary_phones
from reports.registers.register import NOTHING, URL, Register, card_name
from reports.workbook.columns import Column, Row
from reviews.choices import WORD_LABELS, ReviewKind
from reviews.models import Review, ReviewComment
from reviews.selectors.figures import figures_now, is_state, tiles
from reviews.selectors.lines import line_labels
from reviews.selectors.lists import owners_to_date
from reviews.selectors.reports import review_list

COLUMNS = (
    Column("time", "时间", "centre", 8),
    Column("name", "客户", "text", 12),
    Column("phone", "电话", "text", 14),
    Column("series", "意向车型", "text", 14),
    Column("plan", "计划", "centre", 14),
    Column("purpose", "目的", "centre", 10),
    Column("way", "方式", "centre", 12),
    Column("outcome", "结果", "centre", 14),
    Column("content", "内容", "wrap", 40),
    Column("minutes", "用时（分）", "count", 9, total=True, optional=True),
    Column("before", "原有", "centre", 7),
    Column("after", "现在", "centre", 7),
    Column("next", "下次跟进", "date", 12),
)
UNPLANNED = "计划外"
NOT_DONE = "未完成"
# 目的 of the paper form: 开拓 wins a new customer, 促进 brings a known one on, 手续 is an order under way.
NEW, ONWARD, PAPERS, CARE = "开拓", "促进", "手续", "售后回访"
VISIT_PURPOSES = {
    VisitPurpose.PAPERWORK: PAPERS, VisitPurpose.DELIVERY: PAPERS, VisitPurpose.CANCEL: PAPERS,
    VisitPurpose.SERVICE: CARE, VisitPurpose.OTHER: "其他",
}  # fmt: skip


def activity_register(*, user: Any, store: Store, person: Any, day: dt.date) -> Register:
    """Plan and result of the day within the reader's reach, and what superiors wrote on the day's report."""
    period = Period.day(day)
    rows = [*_contacts(user, store, person, period), *_visits(user, store, person, period)]
    met = {row["_card"] for row in rows}
    rows += [row for row in _open_plans(user, store, person, period) if row["_card"] not in met]
    rows.sort(key=lambda row: row["time"] or "99")
    review = review_list(user=user).filter(owner=person, store=store, kind=ReviewKind.DAY, starts_on=day).first()
    sheet = _with_figures(review or Review(store=store, owner=person, kind=ReviewKind.DAY, starts_on=day))
    return Register(
        title=card_name("activity", store), note=f"{store.name} · {person.name} · {day_label(day)}", columns=COLUMNS,
        rows=rows, total="合计", facts=tuple(_facts(user, sheet)), words=tuple(_words(review)),
        signatures=("销售顾问签字", "主管签字"), empty="这一天没有计划，也没有跟进和接待。",
        on_phone=("name", "purpose", "plan", "way", "minutes", "outcome", "content"),
    )  # fmt: skip


def _contacts(user: Any, store: Store, person: Any, period: Period) -> list[Row]:
    rows = FollowUp.objects.visible_to(user).filter(store=store, done_by=person, **period.filter("done_at"))
    rows = rows.select_related("prospect__series", "customer").prefetch_related(primary_phones())
    plans = _plans(rows, period)
    return [
        {
            "time": f"{local_time(row.done_at):%H:%M}",
            **_customer(row.customer, row.prospect),
            "plan": plans.get(row.pk, ("", UNPLANNED))[1],
            "purpose": _purpose(row.grade_before, plans.get(row.pk, ("", ""))[0]),
            "way": row.get_channel_display(),
            "outcome": row.get_outcome_display(),
            "content": row.content or None,
            "minutes": row.minutes,
            "before": row.grade_before,
            "after": row.grade_after,
            "next": local_date(row.next_follow_up_at) if row.next_follow_up_at else None,
        }
        for row in rows.order_by("done_at", "id")
    ]


def _plans(rows: Any, period: Period) -> dict[int, tuple[str, str]]:
    """Per contact kind and words of what it fulfilled: due on the day, or late; the second look names itself."""
    tasks = FollowUpTask.objects.filter(follow_up__in=rows, due_at__lt=period.end_at)
    found: dict[int, tuple[str, str]] = {}
    for task in tasks.order_by("due_at", "id"):
        if found.get(task.follow_up_id or 0, ("", ""))[0] != TaskKind.SECOND:
            late = "" if task.due_at >= period.start_at else "（逾期）"
            found[task.follow_up_id or 0] = (task.kind, f"{task.get_kind_display()}{late}")
    return found


def _purpose(grade: str, kind: str) -> str:
    """What a contact with a card of this grade is for."""
    if grade in (Grade.O, Grade.D, Grade.T):
        return PAPERS if grade == Grade.O else CARE
    return NEW if grade == Grade.N or kind == TaskKind.FIRST else ONWARD


def _received(visit: Visit) -> str:
    if visit.purpose != VisitPurpose.PURCHASE:
        return VISIT_PURPOSES[VisitPurpose(visit.purpose)]
    return ONWARD if visit.visit_type == VisitType.REPEAT else NEW


def _visits(user: Any, store: Store, person: Any, period: Period) -> list[Row]:
    mine = Q(received_by=person) | Q(received_by=None, owner=person)
    rows = Visit.objects.visible_to(user).filter(mine, store=store, **period.filter("visited_on", is_date=True))
    rows = rows.select_related("prospect__series", "customer").prefetch_related(primary_phones())
    return [
        {
            "time": f"{local_time(row.visited_at):%H:%M}",
            **_customer(row.customer, row.prospect),
            "plan": "接待",
            "purpose": _received(row),
            "way": row.get_channel_display(),
            "outcome": row.get_visit_type_display(),
            "content": row.note or None,
            "minutes": int((row.left_at - row.visited_at).total_seconds() // 60) if row.left_at else None,
            "after": row.prospect.grade if row.prospect else None,
        }
        for row in rows.order_by("visited_at", "id")
    ]


def _open_plans(user: Any, store: Store, person: Any, period: Period) -> list[Row]:
    """Planned for the day and not done on it."""
    tasks = FollowUpTask.objects.visible_to(user).filter(store=store, owner=person, cancelled_at=None)
    tasks = tasks.filter(**period.filter("due_at")).filter(Q(done_at=None) | Q(done_at__gte=period.end_at))
    tasks = tasks.select_related("prospect__series", "prospect__customer")
    phones = primary_phones()
    phones.add_prefix("prospect")
    return [
        {
            "time": f"{local_time(task.due_at):%H:%M}",
            **_customer(task.prospect.customer, task.prospect),
            "plan": task.get_kind_display(),
            "purpose": _purpose(task.prospect.grade, task.kind),
            "outcome": NOT_DONE,
            "before": task.prospect.grade,
        }
        for task in tasks.prefetch_related(phones).order_by("due_at", "id")
    ]


def _customer(customer: Any, card: Any) -> Row:
    return {
        "name": customer.display_name if customer else "未留资",
        "phone": mask_phone(customer.shown_phones[0].number) if customer and customer.shown_phones else None,
        "series": card.series.name if card and card.series else None,
        "_card": card.pk if card else None,
        URL: address("leads:prospect_detail", card.pk) if card else "",
    }


def _with_figures(review: Review) -> Review:
    """A day nobody reported yet has its figures all the same (§5.2: totals of the day and the month)."""
    if not review.figures.get("day"):
        review.figures = figures_now(review)
    return review


def _facts(user: Any, review: Review) -> list[tuple[str, str]]:
    """The day's figures with the month so far as the report shows them, prospects by grade and owners to date."""
    totals = [
        (tile.label, f"今日 {tile.value}" + ("" if is_state(tile.key) else f" / 本月 {tile.month}"))
        for tile in tiles(review)
    ]
    grades = review.figures.get("grades", {})
    counted = " ".join(f"{letter}{grades[letter]}" for letter in "HABCN" if grades.get(letter))
    own, taken_over = owners_to_date(user=user, review=review)
    return [*totals, ("在手意向", counted or NOTHING), ("保有客户", f"自销 {own} / 他销 {taken_over}")]


def _words(review: Review | None) -> list[str]:
    """The consultant's words and 主管指示事项."""
    if review is None:
        return ["当天没有日报。"]
    said = [f"{label}：{getattr(review, name) or NOTHING}" for name, label in WORD_LABELS.items()]
    lines = line_labels(review.kind)
    comments = ReviewComment.objects.filter(review=review, is_reply=False).select_related("by").order_by("id")
    for comment in comments:
        place = f"（{lines[comment.line]}）" if comment.line in lines else ""
        said.append(f"主管指示{place} {comment.by.name}：{comment.text}")
    return said
