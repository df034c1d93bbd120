"""Settings and the organisation's API."""

from __future__ import annotations

import datetime as dt

from dealership.core import periods
from dealership.org.models import CalendarDay, LeadSource, LeaveRequest, Membership, PolicySetting, SavedView
from dealership.tests.matrix import CANARY, READ_WRITE, WRITE, Url, World, pages

PEOPLE = {"view": "settings.view", "act": "user.manage", "resource": "store"}
RULES = {"view": "settings.view", "act": "policy.change"}

URLS = {
    "org:people": Url(view="settings.view"),
    "org:person_new": Url(READ_WRITE, view="user.manage", act="user.manage"),
    "org:person": Url(READ_WRITE, row="person", **PEOPLE),
    "org:membership_add": Url(WRITE, row="person", **PEOPLE),
    "org:membership_end": Url(WRITE, row="person", kwargs={"membership": 999_999_999}, **PEOPLE),
    "org:person_password": Url(WRITE, row="person", **PEOPLE),
    "org:person_switch": Url(WRITE, row="person", kwargs={"act": "deactivate"}, **PEOPLE),
    "org:stores": Url(view="settings.view"),
    "org:store_new": Url(READ_WRITE, view="store.change", act="store.change"),
    "org:store": Url(READ_WRITE, row="store", resource="store", view="settings.view", act="store.change"),
    "org:team_save": Url(WRITE, row="store", resource="store", view="settings.view", act="store.change"),
    "org:sources": Url(READ_WRITE, **RULES),
    "org:source": Url(READ_WRITE, row="source", view="policy.change", act="policy.change"),
    "org:policies": Url(view="settings.view"),
    "org:policy": Url(READ_WRITE, kwargs={"key": "grade.H"}, **RULES),
    "org:policy_withdraw": Url(WRITE, row="policy", kwargs={"key": "grade.H"}, **RULES),
    "org:calendar": Url(READ_WRITE, **RULES),
    "org:calendar_remove": Url(WRITE, row="calendar_day", **RULES),
    **pages("org:audit", "org:reveals", "org:exports", resource="audit", also=frozenset({403})),
    "org:saved_view_save": Url(WRITE, data={"page": "leads:prospect_list", "name": "H级"}),
    # A view is its maker's alone, whoever shares a store with them.
    "org:saved_view_remove": Url(WRITE, row="saved_view", resource="job"),
    "rota:page": Url(view="leave.ask"),
    "rota:set": Url(WRITE, act="duty.manage", early=frozenset({404, 422})),
    "rota:copy": Url(WRITE, act="duty.manage"),
    "rota:leave_new": Url(WRITE, act="leave.ask"),
    "rota:leave_decide": Url(WRITE, row="leave", resource="duty", act="duty.manage"),
    "rota:leave_withdraw": Url(
        WRITE, row="leave", resource="duty", act="leave.ask", also=frozenset({404}), early=frozenset({404})
    ),
    "api-duties-list": Url(READ_WRITE, view="leave.ask", act="duty.manage", early=frozenset({400})),
    "api-leave-list": Url(READ_WRITE, view="leave.ask", act="leave.ask", early=frozenset({400})),
    "api-leave-decide": Url(WRITE, row="leave", resource="duty", act="duty.manage", early=frozenset({400})),
    "api-leave-withdraw": Url(
        WRITE, row="leave", resource="duty", act="leave.ask", also=frozenset({404}), early=frozenset({404})
    ),
    "api-me": Url(),
    **pages("api-store-list", "api-team-list", "api-user-list"),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """People and stores by place; the dictionaries belong to the group."""
    world.other_store.address = f"{CANARY}路1号"
    world.other_store.save()
    source = LeadSource.objects.filter(group=world.store.group).first()
    assert source is not None
    later = periods.today() + dt.timedelta(days=30)
    value = {"interval": 3, "first": 1, "out_of_control": 4, "horizon": "7天内"}
    policy = PolicySetting.objects.create(group=world.store.group, key="grade.H", value=value, effective_from=later)
    day = CalendarDay.objects.create(day=later, kind="closed")
    leave = {
        place: LeaveRequest.objects.create(
            store=world.other_store if place == "other" else world.store, user=world.user(key), first_day=later,
            last_day=later, reason=CANARY if place == "other" else "家中有事",
        ).pk
        for place, key in (("own", "consultant"), ("team", "colleague"), ("other", "stranger"))
    }  # fmt: skip
    everywhere = ("own", "team", "other")
    assert Membership.objects.filter(user=world.user("stranger"), store=world.other_store).exists()
    return {
        "saved_view": _saved_views(world),
        "person": {"own": world.user("consultant").pk, "team": world.user("colleague").pk,
                   "other": world.user("stranger").pk},
        "store": {"own": world.store.pk, "team": world.store.pk, "other": world.other_store.pk},
        "source": dict.fromkeys(everywhere, source.pk),
        "policy": dict.fromkeys(everywhere, policy.pk),
        "leave": leave,
        "calendar_day": dict.fromkeys(everywhere, day.pk),
    }  # fmt: skip


def _saved_views(world: World) -> dict[str, int]:
    owners = {"own": "consultant", "team": "colleague", "other": "stranger"}

    def shared(place: str, key: str) -> SavedView:
        name = CANARY if place == "other" else key
        return SavedView.objects.create(user=world.user(key), page="leads:prospect_list", name=name, is_shared=True)

    return {place: shared(place, key).pk for place, key in owners.items()}
