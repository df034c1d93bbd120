"""Campaigns: who may make them, whom they invite, who came; nothing of another store."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.org.choices import Role
from dealership.org.models import ClosedMonth, LeadSource
from dealership.tests.builders import make_person, make_store
from dealership.tests.clients import assert_same_query_count
from leads.models import Campaign, CampaignInvite, Prospect, StatusChange
from leads.selectors.campaign import Effect, campaign_effect
from leads.services.campaign import campaign_change, campaign_create, campaign_invite, invite_mark
from leads.tests.builders import make_campaign, make_visit

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def noon(freeze):
    freeze("2026-11-22 12:00+08:00")


@pytest.fixture
def marketing(store):
    return make_person(Role.MARKETING, store, name="市场专员")


@pytest.fixture
def li(store):
    return make_person(Role.SALES_CONSULTANT, store, name="李明")


def facts(**told):
    return {"kind": "event", "name": "周末试驾会", "starts_on": TODAY, "ends_on": TODAY, **told}


def test_marketing_makes_a_campaign_and_enters_its_cost_later(store, marketing):
    row = campaign_create(by=marketing, store=store, **facts(cost_budget=Decimal(8000)))
    assert row.cost_actual is None
    campaign_change(by=marketing, campaign_id=row.pk, version=row.version, details={"cost_actual": Decimal(9000)})
    with pytest.raises(Conflict):
        campaign_change(by=marketing, campaign_id=row.pk, version=row.version, details={"cost_actual": Decimal(1)})
    row.refresh_from_db()
    assert row.cost_actual == 9000


@pytest.mark.parametrize(
    ("told", "code"), [({"ends_on": TODAY - dt.timedelta(days=1)}, "ends_before_start"), ({"name": " "}, "no_name")]
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(store, marketing, told, code):
    with pytest.raises(DomainError) as refused:
        campaign_create(by=marketing, store=store, **facts(**told))
    assert refused.value.code == code
    assert not Campaign.objects.exists()


def test_a_consultant_makes_none_and_another_store_is_not_found(store, li, marketing):
    with pytest.raises(NotAllowed):
        campaign_create(by=li, store=store, **facts())
    other = make_store("B")
    foreign = make_campaign(other, make_person(Role.MARKETING, other))
    with pytest.raises(NotFound):
        campaign_invite(by=marketing, campaign_id=foreign.pk, grades=["H"])


def test_the_cost_of_a_closed_month_is_refused(store, marketing):
    row = make_campaign(store, marketing, starts_on=dt.date(2026, 10, 30), ends_on=dt.date(2026, 10, 31))
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 10, 1))
    with pytest.raises(DomainError) as refused:
        campaign_change(by=marketing, campaign_id=row.pk, version=row.version, details={"cost_actual": Decimal(1)})
    assert "2026" in refused.value.message


def test_inviting_takes_open_cards_of_the_store_once_and_attendance_is_ticked(store, marketing, li):
    wanted = make_visit(li, store, grade="H").prospect
    make_visit(li, store, grade="C")
    other = make_store("B")
    make_visit(make_person(Role.SALES_CONSULTANT, other), other, grade="H")
    row = make_campaign(store, marketing)
    assert campaign_invite(by=marketing, campaign_id=row.pk, grades=["H", "A"]) == 1
    assert campaign_invite(by=marketing, campaign_id=row.pk, grades=["H", "A"]) == 0
    invite = CampaignInvite.objects.get()
    assert (invite.prospect_id, invite.owner_id) == (wanted.pk, li.pk)
    invite_mark(by=marketing, campaign_id=row.pk, invite_id=invite.pk, answer="coming")
    came = invite_mark(by=marketing, campaign_id=row.pk, invite_id=invite.pk, attended=True)
    assert (came.answer, came.attended_at) == ("coming", periods.now())
    assert invite_mark(by=marketing, campaign_id=row.pk, invite_id=invite.pk, attended=False).attended_at is None
    with pytest.raises(DomainError):
        invite_mark(by=marketing, campaign_id=row.pk, invite_id=invite.pk, answer="perhaps")


def test_nobody_attends_before_it_begins_and_nobody_is_invited_after_it_ended(store, marketing, li):
    make_visit(li, store, grade="H")
    soon = make_campaign(store, marketing, starts_on=TODAY + dt.timedelta(days=1), ends_on=TODAY + dt.timedelta(days=1))
    campaign_invite(by=marketing, campaign_id=soon.pk, grades=["H"])
    with pytest.raises(DomainError, match="还没有开始"):
        invite_mark(by=marketing, campaign_id=soon.pk, invite_id=CampaignInvite.objects.get().pk, attended=True)
    past = make_campaign(store, marketing, starts_on=TODAY - dt.timedelta(days=1), ends_on=TODAY - dt.timedelta(days=1))
    with pytest.raises(DomainError, match="已经结束"):
        campaign_invite(by=marketing, campaign_id=past.pk, grades=["H"])


def test_pages_from_the_form_to_the_tick(store, marketing, li, client_for):
    make_visit(li, store, grade="H", name="赵先生")
    client = client_for(marketing)
    source = LeadSource.objects.get(code="dongchedi")
    told = {
        "kind": "event",
        "name": "周末试驾会",
        "starts_on": "2026-11-22",
        "ends_on": "2026-11-21",
        "source": source.pk,
    }
    refused = client.post(reverse("leads:campaign_new"), told)
    assert refused.status_code == 422
    assert "结束日期不能早于开始日期" in refused.content.decode()
    assert client.post(reverse("leads:campaign_new"), {**told, "ends_on": "2026-11-22"}).status_code == 302
    row = Campaign.objects.get()
    page = reverse("leads:campaign_detail", args=[row.pk])
    assert client.post(page, {"grades": ["H"]}).status_code == 302
    invite = CampaignInvite.objects.get()
    assert (
        client.post(reverse("leads:campaign_invite", args=[row.pk, invite.pk]), {"attended": "yes"}).status_code == 302
    )
    assert "取消到场" in client.get(page).content.decode()
    shown = client.get(reverse("leads:campaign_list")).content.decode()
    assert "到场 1 / 邀请 1" in shown
    edit = client.get(reverse("leads:campaign_edit", args=[row.pk]))
    assert edit.status_code == 200
    told |= {"ends_on": "2026-11-22", "cost_actual": "1.2万", "version": row.version}
    assert client.post(reverse("leads:campaign_edit", args=[row.pk]), told).status_code == 302
    row.refresh_from_db()
    assert (row.cost_actual, row.source) == (12000, source)


def test_lists_need_the_same_statements_for_one_row_and_for_many(store, marketing, li, client_for):
    row = make_campaign(store, marketing)
    make_visit(li, store, grade="H")
    campaign_invite(by=marketing, campaign_id=row.pk, grades=["H"])
    client = client_for(marketing)

    def more() -> None:
        for _ in range(2):
            make_campaign(store, marketing)
            make_visit(li, store, grade="H")
        campaign_invite(by=marketing, campaign_id=row.pk, grades=["H"])

    def both() -> None:
        client.get(reverse("leads:campaign_list"))
        client.get(reverse("leads:campaign_detail", args=[row.pk]))

    assert_same_query_count(both, more, limit=40)


def _ordered(card, at):
    StatusChange.objects.create(
        prospect=card, store=card.store, owner=card.owner, by=card.owner, at=at,
        from_status="active", to_status="ordered",
    )  # fmt: skip


def test_what_a_campaign_brought_cards_of_its_source_and_orders_of_cards_and_guests(
    store, other_store, marketing, li, client_for
):
    """New cards in its days; orders until the last moment of the 30th day after it, of those cards and of who came."""
    source = LeadSource.objects.filter(group=store.group).first()
    start = TODAY - dt.timedelta(days=40)
    row = make_campaign(store, marketing, starts_on=start, ends_on=start, source=source)
    assert campaign_effect(user=marketing, campaign=row) == Effect(cards=0, orders=0, days=30)

    def card(opened, source):
        found = make_visit(li, store).prospect
        Prospect.objects.filter(pk=found.pk).update(card_created_at=opened, source=source)
        return Prospect.objects.get(pk=found.pk)

    def came(card, attended):
        CampaignInvite.objects.create(
            campaign=row, store=store, customer=card.customer, prospect=card, invited_by=marketing,
            invited_at=periods.at(start), attended_at=attended,
        )  # fmt: skip

    first, limit = periods.at(start), periods.end_of_day(start + dt.timedelta(days=30))
    moment = dt.timedelta(microseconds=1)
    brought = [card(first, source), card(periods.end_of_day(start) - moment, source)]
    card(first - moment, source), card(periods.end_of_day(start), source), card(first, None)
    guest, absent = card(first - dt.timedelta(days=9), None), card(first - dt.timedelta(days=9), None)
    came(guest, periods.at(start, "10:00"))
    came(absent, None)
    _ordered(brought[0], first)
    _ordered(brought[0], limit - moment)  # once more after a cancellation: still one customer
    _ordered(brought[1], limit)  # too late
    _ordered(guest, limit - moment)
    _ordered(absent, first)
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    Prospect.objects.filter(pk=make_visit(stranger, other_store).prospect.pk).update(
        card_created_at=first, source=source
    )
    assert campaign_effect(user=marketing, campaign=row) == Effect(cards=2, orders=2, days=30)
    Campaign.objects.filter(pk=row.pk).update(cost_actual=9000)
    page = client_for(marketing).get(reverse("leads:campaign_detail", args=[row.pk])).content.decode()
    assert "每单 4,500.00" in page
    assert page.count("活动开始至结束后30天") == 1
    assert campaign_effect(user=li, campaign=row).cards == 2
    colleague = make_person(Role.SALES_CONSULTANT, store)
    assert campaign_effect(user=colleague, campaign=row) == Effect(cards=0, orders=0, days=30)
