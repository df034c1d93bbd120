"""`campaigns/`, `owners/` and the small acts of customers: contract, refusals, replay, reach, statements."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.urls import reverse

from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count
from leads.models import Campaign, CampaignInvite, CustomerPhone, OwnedVehicle
from leads.selectors.choices import series_of
from leads.tests.builders import make_campaign, make_prospect, make_visit

MASKED = r"\d{3}\*{4}\d{4}"
FACTS = {"kind": "event", "name": "周末试驾会", "starts_on": "2026-11-22", "ends_on": "2026-11-22"}


@pytest.fixture(autouse=True)
def _noon(freeze: Any) -> None:
    freeze("2026-11-22 12:00+08:00")


@pytest.fixture
def marketing(store: Any) -> Any:
    return make_person(Role.MARKETING, store, name="市场专员")


@pytest.fixture
def api(api_for: Any, marketing: Any) -> Any:
    return api_for(marketing)


def url(name: str, *args: Any) -> str:
    return reverse(f"api-{name}", args=args)


def test_the_life_of_a_campaign(api, store, consultant):
    make_visit(consultant, store, grade="H")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post(url("campaigns-list"), {**FACTS, "cost_budget": "8000.00"}, format="json", headers=key)
    again = api.post(url("campaigns-list"), {**FACTS, "cost_budget": "8000.00"}, format="json", headers=key)
    assert (first.status_code, again.status_code, again["Idempotent-Replay"]) == (201, 200, "true")
    row = first.json()
    assert (row["store"], row["cost_budget"], row["cost_actual"], row["invited"]) == (store.pk, "8000.00", None, 0)
    one = url("campaigns-detail", row["id"])
    changed = api.patch(one, {"cost_actual": "9000.00", "version": row["version"]}, format="json").json()
    assert (changed["cost_actual"], changed["name"]) == ("9000.00", "周末试驾会")
    stale = api.patch(one, {"cost_actual": "1.00", "version": row["version"]}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    assert stale.json()["current"]["cost_actual"] == "9000.00"

    members = url("campaigns-members", row["id"])
    for expected in (1, 0):
        assert api.post(members, {"grades": ["H", "A"]}, format="json").json() == {"invited": expected}
    (member,) = api.get(members).json()["results"]
    assert re.fullmatch(MASKED, member["customer"]["phone"])
    assert (member["answer"], member["attended_at"], member["owner"]["name"]) == ("waiting", None, consultant.name)
    came = api.post(
        url("campaigns-attended", row["id"], member["id"]), {"answer": "coming", "attended": True}, format="json"
    ).json()
    assert (came["answer"], came["attended_at"]) == ("coming", "2026-11-22T12:00:00+08:00")
    (listed,) = api.get(url("campaigns-list"), {"month": "2026-11"}).json()["results"]
    assert (listed["id"], listed["invited"], listed["attended"]) == (row["id"], 1, 1)
    assert api.get(url("campaigns-list"), {"month": "2026-10"}).json()["results"] == []


def test_wrong_input_is_refused_by_field_and_writes_nothing(api, store):
    for told, status, field in (
        ({"ends_on": "2026-11-21"}, 422, "ends_on"),
        ({"source": 999_999}, 422, "source"),
        ({"kind": "party"}, 400, "kind"),
        ({"name": "a\u200bb"}, 400, "name"),
        ({"cost_actual": "-1"}, 400, "cost_actual"),
    ):
        answer = api.post(url("campaigns-list"), {**FACTS, **told}, format="json")
        assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])
    assert not Campaign.objects.exists()


def test_reach_and_acts(api, api_for, store, other_store, consultant):
    mine, foreign = make_campaign(store, consultant), make_campaign(other_store, consultant, name="外店活动")
    assert [row["id"] for row in api.get(url("campaigns-list")).json()["results"]] == [mine.pk]
    assert api.get(url("campaigns-detail", foreign.pk)).status_code == 404
    assert api.post(url("campaigns-members", foreign.pk), {"grades": ["H"]}, format="json").status_code == 404
    assert api.post(url("campaigns-list"), {**FACTS, "store": other_store.pk}, format="json").status_code == 404
    selling = api_for(consultant)
    assert selling.post(url("campaigns-list"), FACTS, format="json").status_code == 403
    assert selling.patch(url("campaigns-detail", mine.pk), {"note": "x"}, format="json").status_code in {403, 404}
    assert Campaign.objects.count() == 2


def test_lists_ask_the_same_number_of_statements(api_for, store, consultant, manager):
    campaign = make_campaign(store, manager)

    def more() -> None:
        make_campaign(store, manager)
        card = make_prospect(consultant, store)
        CampaignInvite.objects.create(
            campaign=campaign, store=store, customer=card.customer, prospect=card, owner=consultant,
            invited_by=manager, invited_at=card.created_at,
        )  # fmt: skip
        number = OwnedVehicle.objects.count()
        OwnedVehicle.objects.create(
            store=store, owner=consultant, customer=card.customer, series=series_of(store)[0],
            description="远景S5", vin=f"LVS{number:014d}", delivered_on=dt.date(2026, 11, 1),
        )  # fmt: skip

    more()
    above = api_for(manager)
    for address in (url("campaigns-list"), url("campaigns-members", campaign.pk), url("owners-list")):
        assert_same_query_count(lambda address=address: above.get(address), more, limit=8)
    one = above.get(url("owners-list")).json()["results"][0]
    assert re.fullmatch(MASKED, one["customer"]["phone"])
    assert above.get(url("owners-detail", one["id"])).json() == one


def test_a_further_number_and_telling_the_owner(api_for, store, consultant, colleague):
    card = make_prospect(consultant, store)
    mine, other = api_for(consultant), api_for(colleague)
    phones = url("customers-phones", card.customer_id)
    assert mine.post(phones, {"phone": "12345"}, format="json").status_code == 422
    answer = mine.post(phones, {"phone": "137 0000 1234", "make_primary": True}, format="json")
    assert (answer.status_code, answer.json()["phone"]) == (201, "137****1234")
    assert mine.post(phones, {"phone": "13700001234"}, format="json").json()["code"] == "phone_taken"
    assert other.post(phones, {"phone": "13700005678"}, format="json").status_code == 404
    assert CustomerPhone.objects.filter(customer=card.customer).count() == 2
    told = url("visits-notify-owner")
    assert other.post(told, {"phone": "13700001234"}, format="json").json() == {"owner_name": consultant.name}
    assert Notice.objects.filter(kind="customer.owner_notify", recipient=consultant).count() == 1
    assert mine.post(told, {"phone": "13700001234"}, format="json").json()["code"] == "nobody_to_notify"
