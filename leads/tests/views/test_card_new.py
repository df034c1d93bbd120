"""建卡 without a visit, and who recommended the customer (R-OWN)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from leads.models import Customer, Prospect
from leads.tests.builders import make_prospect, new_phone

NEW = "/customers/prospects/new/"
pytestmark = pytest.mark.django_db


def form(**told: Any) -> dict[str, Any]:
    return {"phone": new_phone(), "name": "陈先生", "channel": "dcc", "grade": "A", **told}


def test_a_phone_in_customer_gets_a_card_with_the_first_call_due(store, consultant, client_for):
    answer = client_for(consultant).post(NEW, form())
    card = Prospect.objects.get()
    assert answer.url == reverse("leads:prospect_detail", args=[card.pk])
    assert (card.owner, card.card_channel, card.grade, card.visits.count()) == (consultant, "dcc", "A", 0)
    assert card.next_follow_up_at == card.tasks.get().due_at


def test_a_card_is_refused_as_typed_for_a_colleague_s_customer_and_for_a_live_card(
    store, consultant, colleague, client_for
):
    theirs, mine = make_prospect(colleague, store), make_prospect(consultant, store)
    client = client_for(consultant)
    for card, text in ((theirs, "归属 王芳"), (mine, "已有跟进中的意向卡")):
        answer = client.post(NEW, form(phone=card.customer.phones.get().number, name="李四"))
        assert answer.status_code == 422
        assert text in answer.text
        assert 'value="李四"' in answer.text
    assert Prospect.objects.count() == 2
    assert Customer.objects.count() == 2


def test_the_referrer_is_found_by_phone_or_name_within_reach_only(store, consultant, colleague, client_for):
    known = make_prospect(consultant, store, name="赵六").customer
    hidden = make_prospect(colleague, store, name="钱七").customer
    client = client_for(consultant)
    for text in (hidden.phones.get().number, "钱七", "没有这个人"):
        refused = client.post(NEW, form(referred_by=text))
        assert (refused.status_code, "没有找到这位转介绍人" in refused.text) == (422, True)
    client.post(NEW, form(channel="other", referred_by=known.phones.get().number.removeprefix("+86")))
    card = Prospect.objects.latest("id")
    assert card.referred_by == known
    assert "赵六" in client.get(reverse("leads:prospect_detail", args=[card.pk])).text
    assert "转介绍来的客户" in client.get(reverse("leads:customer_detail", args=[known.pk])).text


def test_the_referrer_is_set_kept_and_cleared_on_the_card_form(store, consultant, client_for):
    known = make_prospect(consultant, store, name="赵六").customer
    card = make_prospect(consultant, store)
    client, url = client_for(consultant), reverse("leads:prospect_edit", args=[card.pk])

    def save(text: str) -> Any:
        version = Prospect.objects.get(pk=card.pk).version
        answer = client.post(url, {"version": version, "referred_by": text})
        return answer.status_code, Prospect.objects.get(pk=card.pk).referred_by

    assert save("赵六") == (302, known)
    make_prospect(consultant, store, name="赵六")
    assert save("赵六") == (302, known)
    assert save("") == (302, None)
    assert save("赵六")[0] == 422
    assert save(card.customer.phones.get().number)[0] == 422


def test_a_new_customer_of_a_manager_follows_the_referrer_to_the_consultant(store, consultant, manager, client_for):
    known = make_prospect(consultant, store, name="赵六").customer
    client = client_for(manager)
    assert client.post(NEW, form()).status_code == 422
    client.post(NEW, form(referred_by="赵六"))
    card = Prospect.objects.latest("id")
    assert (card.owner, card.referred_by) == (consultant, known)


def test_the_api_makes_the_same_card(store, consultant, api_for):
    known = make_prospect(consultant, store).customer
    told = {"phone": new_phone(), "name": "陈先生", "grade": "B", "referred_by": known.pk}
    answer = api_for(consultant).post("/api/v1/prospects/", told, format="json")
    assert (answer.status_code, answer.json()["referred_by"]) == (201, known.pk)
