"""Puts the page together from the roles a person holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.reach import home_store, memberships_of, roles_of
from dealership.org.roles import SELLING_ROLES
from reports.today import desk, office
from reports.today.managing import managers_ask, managing
from reports.today.month import Month
from reports.today.parts import Parts, Section, Tile
from reports.today.selling import recent_reviews, recent_reviews_asked, sellers_ask, selling

LEADING_ROLES = frozenset({Role.TEAM_LEADER, Role.SHOWROOM_MANAGER, Role.SALES_MANAGER, Role.GENERAL_MANAGER})
DESKS: dict[Role, Callable[[Any], Parts]] = {
    Role.RECEPTIONIST: desk.reception,
    Role.SALES_ADMIN: desk.sales_admin,
    Role.DELIVERY_SPECIALIST: desk.delivery,
    Role.CASHIER: desk.cashier,
    Role.FINANCE: desk.finance,
    Role.CARE_AGENT: desk.care,
    Role.MARKETING: office.marketing,
}


@dataclass
class TodayPage:
    """What the template shows; sections in the order of urgency, each once."""

    day: dt.date
    store: Store | None
    tiles: list[Tile] = field(default_factory=list)
    month: list[Tile] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    actions: list[tuple[Any, str]] = field(default_factory=list)

    def take(self, parts: Parts) -> None:
        """Add what is not there yet."""
        known = {section.key for section in self.sections}
        self.tiles += parts.tiles
        self.sections += [section for section in parts.sections if section.key not in known]
        self.actions += [action for action in parts.actions if action not in self.actions]


def today_page(user: Any) -> TodayPage:
    """The day's work of a person with all their roles."""
    page = TodayPage(periods.today(), home_store(user))
    roles = roles_of(user)
    leads, sells = bool(roles & LEADING_ROLES), bool(roles & set(SELLING_ROLES))
    if leads or sells:
        asked = [recent_reviews_asked(user), *(sellers_ask(user, leads_team=leads) if sells else [])]
        asked += managers_ask(user) if leads else []
        month = Month(user, stores_of(user), None if leads else user.pk, also=asked)
        reviews = recent_reviews(user)
        if sells:
            page.take(selling(user, reviews, leads_team=leads))
        if leads:
            page.take(managing(user, reviews, month))
        page.month = month.tiles()
    for parts in _desks(user, roles):
        page.take(parts)
    return page


def _desks(user: Any, roles: set[Role]) -> Iterable[Parts]:
    for role, build in DESKS.items():
        if role in roles:
            yield build(user)
    if Role.GROUP_OFFICE in roles:
        yield office.group_office(user, list(Store.objects.visible_to(user).values_list("pk", flat=True)))
    if Role.SYS_ADMIN in roles:
        yield office.administration()


def stores_of(user: Any) -> list[int]:
    """The stores a person works in."""
    return sorted({row.store_id for row in memberships_of(user) if row.store_id})
