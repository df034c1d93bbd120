"""Stores with their people: who signs in, what they may do, and how well they work."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from django.contrib.auth.hashers import make_password
from psycopg.types.range import DateRange

from dealership.accounts.models import User
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Membership, Store, Team
from reports.demo.bulk import Bulk
from reports.demo.identity import person_name
from reports.demo.shape import StoreShape

# Share of follow-ups done on time, best first (domain.md §6.2: mean 86 %, best 97 %, worst 61 %).
ON_TIME = (97, 95, 93, 92, 91, 90, 88, 86, 84, 80, 71, 61)
COPY_PASTER, ALL_C = 8, 9  # planted: the ninth consultant pastes one text, the tenth grades everybody C


@dataclass
class Seller:
    """Somebody who holds customers."""

    user_id: int
    name: str
    team_id: int | None
    weight: int
    on_time: int
    pastes: bool = False
    all_c: bool = False


@dataclass
class StorePeople:
    """The people of one store that the other parts of the seed name."""

    store_id: int
    sellers: list[Seller] = field(default_factory=list)
    agents: list[Seller] = field(default_factory=list)
    by_role: dict[str, int] = field(default_factory=dict)

    def one(self, role: Role) -> int:
        """The first person of a role."""
        return self.by_role[role]


@dataclass
class Account:
    """A line of the list of demo accounts."""

    username: str
    name: str
    role: str
    store: str


class Hiring:
    """Creates stores, teams, users and memberships."""

    def __init__(self, bulk: Bulk, group_id: int, password: str, start: dt.date, rng: random.Random) -> None:
        self._bulk = bulk
        self._group_id = group_id
        self._password = make_password(password)
        self._since = periods.add_months(start, -14)
        self._rng = rng
        self._number = 0
        self.accounts: list[Account] = []

    def staff_group(self) -> None:
        """The group office and the administrator of the system."""
        self._hire("group", Role.GROUP_OFFICE, None, None)
        self._hire("admin", Role.SYS_ADMIN, None, None)

    def staff(self, shape: StoreShape, brand_id: int) -> StorePeople:
        """A store with everybody in it."""
        store = self._bulk.add(
            Store,
            group_id=self._group_id,
            brand_id=brand_id,
            code=shape.code,
            name=shape.name,
            short_name=shape.short_name,
            address=shape.address,
        )
        teams = [self._bulk.add(Team, store_id=store["id"], name=name)["id"] for name in ("销售一组", "销售二组")]
        people = StorePeople(store["id"])
        self._sellers(shape, people, teams)
        self._agents(shape, people)
        for username, role, more in self._posts(shape):
            people.by_role[role] = self._hire(shape.key + username, role, store["id"], shape)
            for number in range(2, more + 2):
                self._hire(f"{shape.key}{username}{number}", role, store["id"], shape)
        return people

    def _sellers(self, shape: StoreShape, people: StorePeople, teams: list[int]) -> None:
        last = len(shape.spread) - 1
        for index, weight in enumerate(shape.spread):
            team = teams[index % 2]
            role = Role.TEAM_LEADER if index in (2, 3) else Role.SALES_CONSULTANT
            username = f"{shape.key}consultant{index + 1}"
            user = self._hire(username, role, people.store_id, shape, team=team, probation=index >= last - 1)
            paste, all_c = index == COPY_PASTER, index == ALL_C
            on_time = ON_TIME[index * len(ON_TIME) // len(shape.spread)]
            name = self.accounts[-1].name
            people.sellers.append(Seller(user, name, team, weight, on_time, pastes=paste, all_c=all_c))
            people.by_role.setdefault(role, user)

    def _agents(self, shape: StoreShape, people: StorePeople) -> None:
        for index in range(shape.dcc_agents):
            username = f"{shape.key}dcc{index + 1 if index else ''}"
            user = self._hire(username, Role.DCC_AGENT, people.store_id, shape)
            people.agents.append(Seller(user, self.accounts[-1].name, None, 10, 92))
            people.by_role.setdefault(Role.DCC_AGENT, user)

    @staticmethod
    def _posts(shape: StoreShape) -> list[tuple[str, Role, int]]:
        """Sign-in name, role, and how many more of them."""
        big = len(shape.spread) > 10
        return [
            ("manager", Role.SHOWROOM_MANAGER, int(big)),
            ("salesmanager", Role.SALES_MANAGER, 0),
            ("gm", Role.GENERAL_MANAGER, 0),
            ("reception", Role.RECEPTIONIST, int(big)),
            ("salesadmin", Role.SALES_ADMIN, int(big)),
            ("delivery", Role.DELIVERY_SPECIALIST, int(big)),
            ("care", Role.CARE_AGENT, int(big)),
            ("marketing", Role.MARKETING, 0),
            ("cashier", Role.CASHIER, 0),
            ("finance", Role.FINANCE, int(big)),
        ]

    def _hire(
        self,
        username: str,
        role: Role,
        store_id: int | None,
        shape: StoreShape | None,
        *,
        team: int | None = None,
        probation: bool = False,
    ) -> int:
        self._number += 1
        name, _ = person_name(self._rng)
        joined = self._since if not probation else periods.add_months(periods.today(), -1)
        user = self._bulk.add(
            User,
            username=username,
            name=name,
            password=self._password,
            employee_no=f"YL{self._number:05d}",
            joined_on=joined,
            date_joined=periods.at(self._since),
        )
        self._bulk.add(
            Membership,
            user_id=user["id"],
            group_id=self._group_id,
            store_id=store_id,
            team_id=team,
            role=role,
            valid=DateRange(self._since, None),
            rest_weekday=self._number % 5 if team else None,
        )
        self.accounts.append(Account(username, name, str(role.label), shape.short_name if shape else "集团"))
        return int(user["id"])
