"""R-FU-2 代跟进: a stand-in works the due cards of an absent colleague, today only; credit and ownership stay apart."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from dealership.core.errors import NotFound
from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.org.services.duty import duty_hand_over, duty_set
from dealership.tests.builders import make_person
from dealership.tests.clients import api_for, client_for, count_queries
from leads.kpis import FOLLOW_UP_COUNT, FOLLOW_UP_ON_TIME_RATE
from leads.models import FollowUp, Prospect
from leads.selectors.prospect import prospect_list
from leads.services.follow_up import follow_up_log
from leads.tests.builders import make_follow_up, make_prospect

SATURDAY = dt.date(2026, 11, 21)
TODAY = dt.date(2026, 11, 22)
WORDS = "客户对X7价格满意，明天下午来店签约"
pytestmark = pytest.mark.django_db


@pytest.fixture
def card(store: Any, consultant: Any, freeze: Any) -> Prospect:
    """A card made on Saturday, due on Sunday; it is Sunday morning."""
    freeze("2026-11-21 10:00+08:00")
    card = make_prospect(consultant, store, grade="H")
    freeze("2026-11-22 09:00+08:00")
    return card


@pytest.fixture
def far_card(store: Any, consultant: Any, card: Any) -> Prospect:
    """Another card of the same owner that is due later only."""
    return make_prospect(consultant, store, grade="B")


@pytest.fixture
def hand_over(store: Any, consultant: Any, colleague: Any, manager: Any) -> Any:
    def act(day: dt.date = TODAY, taker: Any = colleague) -> None:
        duty_hand_over(by=manager, store=store, user=consultant, day=day, replacement=taker)

    return act


def test_r_fu_2_a_stand_in_reaches_due_cards_while_standing_in_and_not_before_or_after(
    card, far_card, colleague, hand_over, freeze
):
    pages = [reverse("leads:prospect_detail", args=[card.pk]), reverse("leads:follow_up_new", args=[card.pk])]
    reveal = reverse("leads:customer_reveal", args=[card.customer_id])
    client, api, asked = client_for(colleague), api_for(colleague), {"field": "phone", "reason": "代同事电话回访"}

    def seen() -> list[int]:
        client = client_for(colleague)
        codes = [client.get(url).status_code for url in pages]
        return [*codes, client.post(reveal, asked).status_code, api.get(f"/api/v1/prospects/{card.pk}/").status_code]

    assert seen() == [404] * 4
    hand_over()
    assert seen() == [200] * 4
    closed = ("leads:prospect_edit", "leads:prospect_reassign", "leads:customer_detail", "leads:customer_edit")
    ids = (card.pk, card.pk, card.customer_id, card.customer_id)
    assert [client.get(reverse(name, args=[pk])).status_code for name, pk in zip(closed, ids, strict=True)] == [404] * 4
    assert client.get(reverse("leads:prospect_detail", args=[far_card.pk])).status_code == 404
    assert not prospect_list(user=colleague).exists()
    hand_over(taker=None)
    assert seen() == [404] * 4
    hand_over()
    freeze("2026-11-23 00:00+08:00")
    assert seen() == [404] * 4


def test_r_fu_2_the_credit_goes_to_who_did_it_and_the_rest_to_the_owner(
    card, consultant, colleague, manager, hand_over
):
    store = card.store
    duty_set(by=manager, store=store, user=consultant, day=TODAY, kind="rest")
    hand_over()
    make_follow_up(colleague, card, content=WORDS)
    card.refresh_from_db()
    row = FollowUp.objects.get()
    assert (card.owner, row.owner, row.done_by) == (consultant, consultant, colleague)

    def counted(kpi: Any, person: Any, reader: Any) -> tuple[Any, Any]:
        figure = kpi.figure(Scope((store.pk,), person_id=person.pk), Period.day(TODAY), reader)
        return figure.numerator, figure.denominator

    assert counted(FOLLOW_UP_COUNT, colleague, colleague)[0] == 1
    assert counted(FOLLOW_UP_COUNT, consultant, manager)[0] == 0
    assert counted(FOLLOW_UP_ON_TIME_RATE, consultant, consultant) == (1, 1)
    assert counted(FOLLOW_UP_ON_TIME_RATE, colleague, colleague) == (0, 0)
    # The card that was just logged stays open to the stand-in until midnight; the owner reads who it was.
    assert client_for(colleague).get(reverse("leads:prospect_detail", args=[card.pk])).status_code == 200
    assert "王芳代跟进" in client_for(consultant).get(reverse("leads:prospect_detail", args=[card.pk])).text


def test_r_fu_2_nobody_logs_for_a_colleague_without_standing_in(card, colleague, stranger, hand_over):
    other = make_person("sales_consultant", card.store)
    hand_over()
    told = {"prospect_id": card.pk, "channel": "phone", "outcome": "reached", "content": WORDS}
    for nobody in (other, stranger):
        with pytest.raises(NotFound):
            follow_up_log(by=nobody, **told)
    assert follow_up_log(by=colleague, **told).done_by == colleague


def test_r_fu_2_the_due_list_appears_on_today_of_the_stand_in(card, far_card, colleague, hand_over):
    client = client_for(colleague)
    assert "代跟进（李明）" not in client.get("/today/").text
    before = count_queries(lambda: client.get("/today/"))
    hand_over()
    page = client.get("/today/").text
    assert "代跟进（李明）" in page
    assert reverse("leads:follow_up_new", args=[card.pk]) in page
    assert reverse("leads:prospect_detail", args=[far_card.pk]) not in page
    assert count_queries(lambda: client.get("/today/")) == before <= 15


def test_r_fu_2_the_manager_hands_the_list_over_in_one_tap(card, consultant, colleague, manager):
    store = card.store
    duty_set(by=manager, store=store, user=consultant, day=TODAY, kind="leave")
    client = client_for(manager)
    assert "还没有人代跟进" in client.get("/today/").text
    assert count_queries(lambda: client.get("/today/")) <= 16
    page = client.get(reverse("leads:stand_in")).text
    assert f'value="{colleague.pk}" selected' in page
    answer = client.post(
        reverse("leads:stand_in"), {"store": store.pk, "person": consultant.pk, "taker": colleague.pk}, follow=True
    )
    assert "由 王芳 代跟进" in answer.text
    assert client_for(colleague).get(reverse("leads:prospect_detail", args=[card.pk])).status_code == 200
    assert "今天请您代李明跟进" in colleague.notices.get().text
    client.post(reverse("leads:stand_in"), {"store": store.pk, "person": consultant.pk, "taker": ""})
    assert client_for(colleague).get(reverse("leads:prospect_detail", args=[card.pk])).status_code == 404
    assert client_for(colleague).get(reverse("leads:stand_in")).status_code == 403
