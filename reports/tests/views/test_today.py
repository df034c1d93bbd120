"""The home page is today's work, for every role, with the same statements for one row and for three."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.org.choices import Role
from dealership.tests.clients import client_for, count_queries
from leads.services.campaign import campaign_invite_cards
from leads.tests.builders import make_campaign, make_follow_up, make_prospect, make_visit
from leads.tests.evaluation_builders import make_nurtured
from leads.tests.lead_builders import make_lead
from reports.today import today_page
from sales.tests.builders import deal_in, make_staff, pay

pytestmark = pytest.mark.django_db
QUERIES = 15
NOON = "2026-11-18T12:00:00+08:00"


def _later(freeze: Any, days: int) -> None:
    freeze(dt.datetime.fromisoformat(NOON) + dt.timedelta(days=days))


def _titles(user: Any, key: str) -> list[str]:
    return [line.title for section in today_page(user).sections if section.key == key for line in section.lines]


def test_a_visitor_signs_in_first(client):
    answer = client.get(reverse("today"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_the_call_list_has_h_first_and_overdue_red(store, person, freeze):
    freeze(NOON)
    seller, colleague = person(Role.SALES_CONSULTANT, store), person(Role.SALES_CONSULTANT, store)
    make_prospect(seller, store, grade="C", name="陈缓")
    make_prospect(seller, store, grade="H", name="黄急")
    make_prospect(seller, store, grade="A", name="安中")
    make_prospect(colleague, store, grade="H", name="别人")
    _later(freeze, 4)
    section = next(s for s in today_page(seller).sections if s.key == "calls")
    assert [line.title for line in section.lines] == ["黄急", "安中", "陈缓"]
    assert [line.is_late for line in section.lines] == [True, True, True]
    assert section.late == 3
    assert section.lines[0].act_url.endswith("next=%2Ftoday%2F")
    shown = client_for(seller).get(reverse("today")).content.decode()
    assert "黄急" in shown
    assert "逾期" in shown
    assert "别人" not in shown


def test_today_shows_who_must_be_called_first(store, person, freeze):
    consultant, colleague = person(Role.SALES_CONSULTANT, store), person(Role.SALES_CONSULTANT, store)
    freeze("2026-11-22 12:00+08:00")
    make_lead(colleague, store, owner=colleague, name="别人的")
    make_lead(consultant, store, owner=consultant, name="先来")
    freeze("2026-11-22 12:40+08:00")
    make_lead(consultant, store, owner=consultant, name="后来")
    section = next(part for part in today_page(consultant).sections if part.key == "leads")
    assert [(line.title, line.side, line.is_late) for line in section.lines] == [
        ("先来", "已超时 10 分钟", True),
        ("后来", "剩 30 分钟", False),
    ]
    assert section.late == 1


def test_an_appointment_of_today_is_shown_and_one_of_tomorrow_is_not(store, person, freeze):
    freeze(NOON)
    seller = person(Role.SALES_CONSULTANT, store)
    for name, days in (("今到", 1), ("明到", 2)):
        card = make_prospect(seller, store, name=name)
        when = periods.at(periods.today() + dt.timedelta(days=days), "15:00")
        make_follow_up(seller, card, outcome="appointment", next_follow_up_at=when)
    _later(freeze, 1)
    assert _titles(seller, "appointments") == ["今到"]


def test_a_manager_sees_decisions_and_overdue_calls_of_the_own_store_only(store, other_store, freeze):
    freeze(NOON)
    here, there = make_staff(store), make_staff(other_store)
    deal_in("price_approval", here, store)
    deal_in("price_approval", there, other_store)
    make_prospect(there.consultant, other_store)
    _later(freeze, 3)
    assert len(_titles(here.manager, "approvals")) == 1
    assert _titles(here.manager, "overdue") == ["李明"]
    assert _titles(here.consultant, "approvals") == []


@pytest.mark.parametrize(
    ("who", "status", "key"),
    [("admin", "ordered", "allocate"), ("finance", "paid", "invoice"), ("delivery", "invoiced", "prepare"),
     ("delivery", "ready", "ready")],
)  # fmt: skip
def test_each_desk_has_its_queue(store, freeze, who, status, key):
    freeze(NOON)
    staff = make_staff(store)
    deal_in(status, staff, store)
    assert len(_titles(getattr(staff, who), key)) == 1


def test_the_cashier_sees_money_that_was_announced(store, freeze):
    freeze(NOON)
    staff = make_staff(store)
    deal = deal_in("pending_deposit", staff, store)
    pay(staff, deal, deal.deposit_amount, "deposit", clear=False)
    assert len(_titles(staff.cashier, "payments")) == 1


def test_h_customers_lead_to_the_focus_list_and_marketing_to_the_nurture_pool(store, person, freeze):
    freeze(NOON)
    seller, marketing = person(Role.SALES_CONSULTANT, store), person(Role.MARKETING, store)
    cool = make_prospect(seller, store, grade="B", name="周小川")
    make_nurtured(seller, cool)
    _later(freeze, 4)
    focus = reverse("leads:focus")
    assert focus not in _calls(seller)
    make_prospect(seller, store, grade="H", name="黄急")
    _later(freeze, 6)
    assert focus in _calls(seller)
    assert _titles(marketing, "nurture") == ["周小川"]
    campaign_invite_cards(by=marketing, campaign_id=make_campaign(store, marketing).pk, prospect_ids=[cool.pk])
    assert _titles(marketing, "nurture") == []


def _calls(user: Any) -> str:
    """The call list as it is shown."""
    return client_for(user).get(reverse("today")).text.split('id="s-calls"')[1].split("</section>")[0]


def test_care_calls_that_are_due_wait_for_the_agent(store, person, freeze):
    freeze(NOON)
    agent = person(Role.CARE_AGENT, store)
    deal_in("delivered", make_staff(store), store)
    assert _titles(agent, "care") == []
    _later(freeze, 7)
    assert _titles(agent, "care") == ["张伟"]


def _statements(user: Any) -> int:
    """Statements of the page for a person who just signed in."""
    client = client_for(user)
    answer = client.get(reverse("today"))
    assert answer.status_code == 200, user
    assert "None" not in answer.content.decode(), user
    return count_queries(lambda: client.get(reverse("today")))


def test_every_role_has_a_page_with_the_same_few_statements_for_one_row_and_three(store, freeze, person):
    freeze(NOON)
    staff = make_staff(store)
    group_wide = (Role.GROUP_OFFICE, Role.SYS_ADMIN)
    people = {role: person(role, None if role in group_wide else store, group=store.group) for role in Role}

    def one_of_everything() -> None:
        for seller in (people[Role.SALES_CONSULTANT], people[Role.TEAM_LEADER], people[Role.DCC_AGENT]):
            make_nurtured(seller, make_prospect(seller, store))
        make_visit(staff.consultant, store, captured=None)
        for status in ("price_approval", "ordered", "paid", "ready"):
            deal_in(status, staff, store)

    one_of_everything()
    _later(freeze, 3)
    people = {**people, "the seller of these orders": staff.consultant, "their manager": staff.manager}
    one = {role: _statements(user) for role, user in people.items()}
    one_of_everything()
    one_of_everything()
    _later(freeze, 6)
    three = {role: _statements(user) for role, user in people.items()}
    assert one == three
    assert {role: count for role, count in three.items() if count > QUERIES} == {}
