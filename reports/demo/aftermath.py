"""What the clock and the people would have done after the bulk rows: reports, roll-ups, month closes.

These go through the services, so that figures, versions and history are the real ones.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from dealership.accounts.models import User
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.reach import people_in
from reports.models import MonthClose
from reports.services.close import month_close, month_confirm, month_snapshot
from reports.services.rollup import rollup_month
from reports.services.snapshot import opening_snapshot_take
from reviews.choices import NOT_HANDED_IN, ReviewKind, ReviewState
from reviews.models import Review, ReviewComment, ReviewStateChange
from reviews.services.opening import review_open

LATE_IN, MISSING_IN = 7, 3  # percent of reports
PROBLEMS = (
    "客户对比竞品价格较多，现有政策说服力不足。",
    "星屿X 白色现车只剩一台，两位客户在等。",
    "今天到店客户偏少，邀约两组没有到。",
    "按揭资料补件慢，影响一单交车时间。",
    "",
)
HELP = ("请协助和银行确认放款时间。", "希望申请一台试驾车周末使用。", "", "", "")
PLANS = (
    "上午回访三位 H 级客户，下午陪同试驾两组，争取一单下订。",
    "联系本周逾期客户，约周末到店；整理两位客户的置换方案。",
    "跟进昨天到店未成交客户，发金融方案；准备明天的交车。",
    "重点邀约 A 级客户参加周六活动，更新报价，补全客户资料。",
)
COMMENTS = (
    "邀约量还不够，明天至少再约两组。",
    "H 级客户先打电话，不要只发微信。",
    "报价前先把需求问清楚，试驾后再谈价格。",
    "做得好，交车后当天请客户转介绍。",
    "逾期的客户今晚必须清完。",
)


class Aftermath:
    """Runs over one store after its rows are written."""

    def __init__(self, store_id: int, span: list[dt.date], rng: random.Random) -> None:
        self.store = Store.objects.get(pk=store_id)
        self.span = span
        self.rng = rng
        self.managers = self._people(Role.SHOWROOM_MANAGER)

    def run(self, *, reports_from: dt.date) -> None:
        """Openings and facts of every month, reports from a day on, and the close of all but the last two months."""
        for month in self.span:
            opening_snapshot_take(store_id=self.store.pk, month=month)
        day = reports_from
        while day <= periods.today():
            self._reports_of(day)
            day += dt.timedelta(days=1)
        for month in self.span:
            if periods.add_months(month, 1) <= periods.today():
                self._end_month(month, close=periods.add_months(month, 2) <= periods.today())
            rollup_month(store_id=self.store.pk, month=month)

    def _end_month(self, month: dt.date, *, close: bool) -> None:
        row = month_snapshot(store_id=self.store.pk, month=month)
        if not close:
            return
        told = dict.fromkeys(row.open_blocks, "已逐项核对，月底前补齐，不影响本月数字。")
        sales_manager, finance = self._people(Role.SALES_MANAGER)[0], self._people(Role.FINANCE)[0]
        month_confirm(by=sales_manager, close_id=row.pk, explanations=told)
        month_close(by=finance, close_id=MonthClose.objects.get(pk=row.pk).pk)

    def _people(self, role: Role) -> list[User]:
        return list(people_in([self.store.pk], [role]))

    # --- daily reports ------------------------------------------------------------------------

    def _reports_of(self, day: dt.date) -> None:
        """Open the day's reports; of past days most are handed in, commented and locked."""
        opened = review_open(day=day, store=self.store)
        changes: list[ReviewStateChange] = []
        comments: list[ReviewComment] = []
        for review in opened:
            if day < periods.today():
                self._hand_in(review, changes)
                self._comment(review, changes, comments)
        handed = [review for review in opened if review.state not in NOT_HANDED_IN or review.is_missed]
        Review.objects.bulk_update(handed, _CHANGED)
        ReviewStateChange.objects.bulk_create(changes)
        ReviewComment.objects.bulk_create(comments)

    def _hand_in(self, review: Review, changes: list[ReviewStateChange]) -> None:
        chance = self.rng.randrange(100)
        if chance < MISSING_IN:
            review.is_missed = True
            return
        review.is_late = chance < MISSING_IN + LATE_IN
        minutes = self.rng.randrange(5, 150) if review.is_late else -self.rng.randrange(2, 130)
        review.submitted_at = review.due_at + dt.timedelta(minutes=minutes)
        review.submitted_figures = review.figures
        review.problems = self.rng.choice(PROBLEMS)
        review.help_wanted = self.rng.choice(HELP)
        review.tomorrow_plan = self.rng.choice(PLANS)
        self._move(review, ReviewState.SUBMITTED, review.submitted_at, review.owner_id, changes)

    def _comment(self, review: Review, changes: list[ReviewStateChange], comments: list[ReviewComment]) -> None:
        """The first manager comments nearly everything, the second one nothing (a planted fault)."""
        at = review.comment_due_at - dt.timedelta(minutes=self.rng.randrange(30, 200))
        due = review.submitted_at is not None and at < periods.now()
        if not due or review.kind == ReviewKind.EVENING or self.rng.random() > 0.84:
            return
        by = self.managers[0]
        text = self.rng.choice(COMMENTS)
        comments.append(ReviewComment(review=review, by=by, at=at, text=text))
        review.first_commented_at = at
        self._move(review, ReviewState.REVIEWED, at, by.pk, changes)

    @staticmethod
    def _move(review: Review, state: ReviewState, at: dt.datetime, by: Any, changes: list[ReviewStateChange]) -> None:
        changes.append(ReviewStateChange(review=review, from_state=review.state, to_state=state, at=at, by_id=by))
        review.state = state
        review.version += 1


_CHANGED = (
    "state version submitted_at is_late is_missed submitted_figures problems help_wanted tomorrow_plan "
    "first_commented_at"
).split()
