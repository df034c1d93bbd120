"""What the tests of reports stand on: a store with people and the morning's reports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dealership.accounts.models import User
from dealership.org.choices import Role
from dealership.org.models import Store, Team
from dealership.tests.builders import make_person, make_team
from reviews.choices import ReviewKind
from reviews.models import Review
from reviews.services.opening import review_open
from reviews.services.writing import review_submit

DAY = dt.date(2026, 11, 20)  # a Friday
PLAN = "明天上午回访三位A级客户，下午约陈先生看车。"


@dataclass
class Floor:
    """One store's people."""

    store: Store
    team: Team
    consultant: User
    leader: User
    manager: User
    sales_manager: User


def make_floor(store: Store) -> Floor:
    """A consultant, the leader of the same team, the showroom manager and the sales manager."""
    team = make_team(store)
    return Floor(
        store=store,
        team=team,
        consultant=make_person(Role.SALES_CONSULTANT, store, team=team, name="周敏"),
        leader=make_person(Role.TEAM_LEADER, store, team=team, name="何涛"),
        manager=make_person(Role.SHOWROOM_MANAGER, store, name="顾芳"),
        sales_manager=make_person(Role.SALES_MANAGER, store, name="秦岚"),
    )


def open_day(floor: Floor, day: dt.date = DAY) -> dict[str, Review]:
    """The morning of a day: `consultant`, `leader` and `manager` (evening) reports."""
    review_open(day=day, store=floor.store)
    rows = Review.objects.filter(store=floor.store, starts_on=day)
    names = {floor.consultant.pk: "consultant", floor.leader.pk: "leader", floor.manager.pk: "manager"}
    return {names.get(row.owner_id, f"other{row.owner_id}"): row for row in rows}


def day_report(floor: Floor, day: dt.date = DAY) -> Review:
    """The consultant's open report."""
    open_day(floor, day)
    return Review.objects.get(owner=floor.consultant, starts_on=day, kind=ReviewKind.DAY)


def submitted(floor: Floor, day: dt.date = DAY) -> Review:
    """The consultant's report, handed in."""
    return review_submit(by=floor.consultant, review_id=day_report(floor, day).pk, words={"tomorrow_plan": PLAN})
