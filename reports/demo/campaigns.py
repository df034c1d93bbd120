"""What a demo store has spent on sources in the months behind, and who came when it invited."""

from __future__ import annotations

import datetime as dt
import random

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from leads.campaign_choices import CampaignKind, InviteAnswer
from leads.models import Campaign, CampaignInvite, Prospect, Visit
from reports.demo.bulk import Row
from reports.demo.shape import money
from reports.demo.site import Site

# kind, name, source, cost of a month
EVERY_MONTH = (
    (CampaignKind.ONLINE, "懂车帝首页投放", "dongchedi", 38_000),
    (CampaignKind.ONLINE, "汽车之家线索包", "autohome", 32_600),
    (CampaignKind.ONLINE, "抖音直播投流", "douyin", 21_500),
    (CampaignKind.SHOW, "车展展位", "show", 16_800),
)
INVITED, CAME = 90, 40


class Campaigns:
    """Monthly spending, and one weekend to which customers were invited."""

    def __init__(self, site: Site, rng: random.Random) -> None:
        self.site, self.bulk, self.rng = site, site.bulk, rng
        self.by = site.people.one(Role.MARKETING)

    def run(self) -> None:
        """What has ended has its cost; this month's is known when it is over."""
        today = periods.local_date(self.site.now)
        for month in self.site.span:
            last = Period.containing("month", month).last_day
            self._spending(month, last, is_over=last < today)
        saturday = today - dt.timedelta(days=(today.weekday() + 2) % 7 + 7)
        self._weekend(saturday)

    def _spending(self, month: dt.date, last: dt.date, *, is_over: bool) -> None:
        for kind, name, source, cost in EVERY_MONTH:
            share = 100 if self.site.shape.number == 1 else 40
            spent = cost * share // 100 * self.rng.randrange(90, 113) // 100 // 10 * 10
            self._campaign(
                kind, f"{month.month}月{name}", (month, last), source, (cost * share // 100, spent if is_over else None)
            )

    def _campaign(
        self, kind: CampaignKind, name: str, days: tuple[dt.date, dt.date], source: str, cost: tuple[int, int | None]
    ) -> Row:
        return self.bulk.add(
            Campaign, store_id=self.site.people.store_id, kind=kind, name=name, starts_on=days[0], ends_on=days[1],
            source_id=self.site.catalogue.sources[source], cost_budget=money(cost[0]),
            cost_actual=None if cost[1] is None else money(cost[1]),
            created_by_id=self.by, created_at=periods.at(days[0] - dt.timedelta(days=6), dt.time(11)),
        )  # fmt: skip

    def _weekend(self, saturday: dt.date) -> None:
        """Warm customers of that time were invited; those who visited on the two days came for it."""
        days = (saturday, saturday + dt.timedelta(days=1))
        row = self._campaign(CampaignKind.EVENT, "周末试驾品鉴会", days, "outside", (12_000, 10_860))
        came = {visit["prospect_id"]: visit["visited_at"] for visit in self._visits(days)}
        begins = periods.at(saturday)
        known = [card for card in self.bulk.rows(Prospect) if card["card_created_at"] < begins]
        guests = [card for card in known if card["id"] in came][:CAME]
        others = [card for card in known if card["grade"] in "HAB" and card["id"] not in came]
        for card in (*guests, *self.rng.sample(others, min(INVITED, len(others)))):
            self._invite(row, card, begins - dt.timedelta(days=3, hours=-14), came.get(card["id"]))

    def _visits(self, days: tuple[dt.date, dt.date]) -> list[Row]:
        return [row for row in self.bulk.rows(Visit) if row["prospect_id"] and row["visited_on"] in days]

    def _invite(self, campaign: Row, card: Row, at: dt.datetime, came_at: dt.datetime | None) -> None:
        answer = self.rng.choices(list(InviteAnswer), weights=(30, 35, 35))[0]
        self.bulk.add(
            CampaignInvite, campaign_id=campaign["id"], store_id=card["store_id"], team_id=card["team_id"],
            owner_id=card["owner_id"], customer_id=card["customer_id"], prospect_id=card["id"], invited_by_id=self.by,
            invited_at=at, attended_at=came_at, answer=InviteAnswer.COMING if came_at else answer,
        )  # fmt: skip
