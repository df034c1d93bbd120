"""The customers' resources: the contract's shapes, refusals, replays, reach and masks."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from dealership.org.models import Brand, LeadSource, Series
from dealership.tests.clients import assert_same_query_count
from dealership.tests.numbers import plain_numbers_in
from leads.models import Customer, FollowUp, Prospect, Visit
from leads.tests.builders import make_follow_up, make_prospect, make_visit, new_phone


@pytest.fixture
def api(api_for, consultant):
    return api_for(consultant)


def url(name, *args):
    return reverse(f"api-{name}", args=args)


def visit_body(**told):
    return {
        "channel": "walk_in", "captured": True, "party_size": 2, "purpose": "purchase",
        "customer": {"name": "孙丽", "phone": new_phone(), "gender": "female"}, **told,
    }  # fmt: skip


def problem(answer, status, code):
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
        status,
        "application/problem+json",
        code,
    )
    return answer.json()


def test_post_a_visit_and_read_it_again(api, store):
    series = Series.objects.filter(brand=store.brand).first()
    source = LeadSource.objects.get(code="dongchedi")
    answer = api.post(url("visits-list"), visit_body(models=[series.pk], source=source.pk, grade="H"), format="json")
    card = Prospect.objects.get()
    visit = Visit.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": visit.pk, "visit_type": "first_captured", "customer": card.customer_id, "prospect": card.pk,
        "owner_name": "李明",
    }  # fmt: skip
    row = api.get(url("visits-detail", visit.pk)).json()
    assert (row["models"], row["party_size"], row["visited_at"][-6:]) == (
        [{"id": series.pk, "name": series.name}],
        2,
        "+08:00",
    )
    assert re.fullmatch(r"139\*{4}\d{4}", row["customer"]["phone"])
    uncaptured = api.post(url("visits-list"), {"captured": False, "party_size": 3}, format="json")
    assert uncaptured.json()["visit_type"] == "first_uncaptured"


def test_r02_the_same_key_answers_the_first_result(api, store):
    key = str(uuid.uuid4())
    body = visit_body()
    first = api.post(url("visits-list"), body, format="json", headers={"Idempotency-Key": key})
    again = api.post(url("visits-list"), body, format="json", headers={"Idempotency-Key": key})
    assert (first.status_code, again.status_code, again["Idempotent-Replay"]) == (201, 200, "true")
    assert again.json() == first.json()
    assert Visit.objects.count() == 1
    problem(api.post(url("visits-list"), body, format="json", headers={"Idempotency-Key": "x"}), 400, "malformed")


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ({"party_size": "many"}, 400, "malformed"),
        ({"channel": "fax"}, 400, "malformed"),
        ({"next_follow_up_at": "2026-02-30T10:00"}, 400, "malformed"),
        ({"note": "长" * 501}, 400, "malformed"),
        ({"note": "坏\u0007字"}, 400, "malformed"),
        ({"customer": {"name": "孙丽", "phone": "12"}}, 422, "bad_phone"),
        ({"customer": {"name": "孙丽"}}, 422, "phone_missing"),
        ({"models": [987654]}, 422, "bad_series"),
        ({"source": 987654}, 422, "bad_source"),
        ({"received_by": 987654}, 422, "bad_receiver"),
        ({"store": 987654}, 404, "not_found"),
        ({"visited_at": "2999-01-01T10:00:00+08:00"}, 422, "in_future"),
    ],
)
def test_bad_visits_are_refused_in_chinese_and_write_nothing(api, store, told, status, code):
    body = problem(api.post(url("visits-list"), visit_body(**told), format="json"), status, code)
    assert re.search(r"[\u4e00-\u9fff]", body["detail"])
    assert code != "malformed" or body["detail"].partition("：")[0] in body["fields"]  # the sentence names its field
    assert (Visit.objects.count(), Customer.objects.count()) == (0, 0)


def test_a05_foreign_ids_are_refused(api, store, other_store, stranger, consultant):
    foreign = Series.objects.create(brand=Brand.objects.create(group=store.group, name="他牌"), name="他系", body="suv")
    for told, code in (
        ({"models": [foreign.pk]}, "bad_series"), ({"received_by": stranger.pk}, "bad_receiver"),
        ({"store": other_store.pk}, "not_found"),
    ):  # fmt: skip
        answer = api.post(url("visits-list"), visit_body(**told), format="json")
        assert answer.status_code in (404, 422)
        assert answer.json()["code"] == code
    card = make_prospect(consultant, store)
    problem(api.patch(url("prospects-detail", card.pk), {"series": foreign.pk}, format="json"), 422, "bad_series")


def test_a06_mass_assigned_fields_change_nothing(api, store, consultant, colleague):
    extra = {"visit_type": "repeat", "owner": colleague.pk, "customer_id": 1, "registered_by": colleague.pk}
    visit = Visit.objects.get(pk=api.post(url("visits-list"), visit_body(**extra), format="json").json()["id"])
    assert (visit.visit_type, visit.owner, visit.registered_by) == ("first_captured", consultant, consultant)
    card = visit.prospect
    before = Prospect.objects.filter(pk=card.pk).values("owner", "grade", "status", "store", "card_created_at").get()
    body = {"owner": colleague.pk, "grade": "H", "status": "lost", "store": 1, "card_created_at": "2020-01-01T00:00Z"}
    assert api.patch(url("prospects-detail", card.pk), body, format="json").status_code == 200
    assert Prospect.objects.filter(pk=card.pk).values(*before).get() == before
    body = {"owner": colleague.pk, "store": 1, "created_by": colleague.pk, "name": "孙大丽"}
    changed = api.patch(url("customers-detail", card.customer_id), body, format="json").json()
    assert (changed["name"], changed["owner"]["id"]) == ("孙大丽", consultant.pk)
    body = {
        "channel": "phone",
        "outcome": "reached",
        "content": "客户确认本周六上午来店",
        "grade": "A",
        "done_by": colleague.pk,
    }
    assert api.post(url("prospects-follow-ups", card.pk), body, format="json").json()["done_by"]["id"] == consultant.pk


def test_a04_orderings_and_filters_are_allow_listed(api, store, consultant):
    make_prospect(consultant, store)
    for bad in ("password", "-owner__password", "customer__phones__number"):
        problem(api.get(url("prospects-list"), {"ordering": bad}), 400, "malformed")
    everything = api.get(url("prospects-list")).json()["results"]
    assert api.get(url("prospects-list"), {"owner__password__startswith": "x"}).json()["results"] == everything
    problem(api.get(url("prospects-list"), {"grade": "Z"}), 400, "malformed")
    problem(api.get(url("prospects-list"), {"created_from": "gestern"}), 400, "malformed")


def test_lists_page_by_cursor_and_filter_like_the_page(api, store, consultant):
    cards = [make_prospect(consultant, store, grade=grade) for grade in "HAABC"]
    seen, address = [], f"{url('prospects-list')}?page_size=2&ordering=-card_created_at"
    while address:
        body = api.get(address).json()
        seen += [row["id"] for row in body["results"]]
        address = body["next"]
    assert seen == [card.pk for card in reversed(cards)]
    rows = api.get(url("prospects-list"), {"grade": "A"}).json()["results"]
    assert {row["id"] for row in rows} == {cards[1].pk, cards[2].pk}


def test_follow_ups_by_rule_version_and_key(api, store, consultant):
    card = make_prospect(consultant, store)
    follow_ups = url("prospects-follow-ups", card.pk)
    body = {"channel": "phone", "outcome": "reached", "content": "已联系", "version": card.version}
    refusal = problem(api.post(follow_ups, body, format="json"), 422, "content_short")
    assert list(refusal["fields"]) == ["content"]
    body |= {"content": "客户想先比较两家的置换价格", "minutes": 601}
    assert list(problem(api.post(follow_ups, body, format="json"), 400, "malformed")["fields"]) == ["minutes"]
    unheard = {**body, "outcome": "no_answer", "minutes": 3}
    problem(api.post(follow_ups, unheard, format="json"), 422, "minutes_without_contact")
    body["minutes"] = 12
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post(follow_ups, body, format="json", headers=key)
    assert (first.status_code, api.post(follow_ups, body, format="json", headers=key).status_code) == (201, 200)
    stale = problem(api.post(follow_ups, {**body, "content": "另一段足够长的沟通内容"}, format="json"), 409, "stale")
    assert stale["current"]["version"] == card.version + 1
    shown = [(row["id"], row["minutes"]) for row in api.get(follow_ups).json()["results"]]
    assert shown == [(FollowUp.objects.get().pk, 12)]


def test_lookup_is_masked_and_tells_the_prospect_only_within_reach(api_for, store, consultant, colleague):
    phone = new_phone()
    lookup = url("customers-lookup")
    mine, theirs = api_for(consultant), api_for(colleague)
    assert mine.get(lookup, {"phone": phone}).json()["exists"] is False
    card = make_prospect(consultant, store, phone=phone)
    found = mine.get(lookup, {"phone": phone}).json()
    assert (found["exists"], found["prospect"], found["state"]) == (True, card.pk, "mine")
    found = theirs.get(lookup, {"phone": phone}).json()
    assert (found["owner_name"], found["prospect"], found["state"]) == ("李明", None, "others")
    problem(theirs.get(lookup, {"phone": "12"}), 422, "bad_phone")


def test_reveal_is_logged_and_timeline_tells_the_story(api, store, consultant):
    phone = new_phone()
    card = make_prospect(consultant, store, phone=phone)
    make_follow_up(consultant, card, grade="H")
    reveal = url("customers-reveal", card.customer_id)
    assert api.post(reveal, {"field": "phone", "reason": "约试驾"}, format="json").json()["value"] == phone
    problem(api.post(reveal, {"field": "phone", "reason": ""}, format="json"), 422, "reason_missing")
    kinds = [row["kind"] for row in api.get(url("customers-timeline", card.customer_id)).json()["results"]]
    assert sorted(kinds) == ["follow_up", "grade", "grade", "status", "visit"]


def test_complete_leave_assign_and_transfer(api_for, store, receptionist, consultant, manager):
    desk, mine, boss = api_for(receptionist), api_for(consultant), api_for(manager)
    pk = desk.post(url("visits-list"), {"captured": None, "party_size": 2}, format="json").json()["id"]
    assert desk.post(url("visits-assign", pk), {"received_by": consultant.pk}, format="json").status_code == 200
    body = visit_body()
    done = mine.post(url("visits-complete", pk), body, format="json").json()
    assert done["visit_type"] == "first_captured"
    problem(mine.post(url("visits-complete", pk), body, format="json"), 422, "already_complete")
    assert mine.post(url("visits-leave", pk), {}, format="json").json()["left_at"]
    transfer = url("prospects-transfer", done["prospect"])
    told = {"new_owner": consultant.pk, "reason": "顾问休假"}
    problem(mine.post(transfer, told, format="json"), 403, "not_allowed")
    problem(boss.post(transfer, told, format="json"), 422, "same_owner")


def test_out_of_reach_is_404_and_nothing_plain_leaks(api_for, store, consultant, colleague, stranger):
    card = make_prospect(consultant, store, name="金丝雀")
    visit = Visit.objects.get()
    names = [("visits-detail", visit.pk), ("prospects-detail", card.pk), ("customers-detail", card.customer_id)]
    names += [("customers-timeline", card.customer_id), ("prospects-follow-ups", card.pk)]
    lists = ("visits-list", "prospects-list", "customers-list")
    mine = api_for(consultant)
    for name, pk in names:
        assert mine.get(url(name, pk)).status_code == 200
    for name in lists:
        body = mine.get(url(name)).content.decode()
        assert "金丝雀" in body
        assert plain_numbers_in(body) == []
    for somebody in (colleague, stranger):
        client = api_for(somebody)
        for name, pk in names:
            problem(client.get(url(name, pk)), 404, "not_found")
        for name in lists:
            assert client.get(url(name)).json()["results"] == []


def test_roles_without_the_rows_and_anonymous_people(api_for, person, store, client):
    cashier = api_for(person("cashier", store))
    for name in ("visits-list", "prospects-list"):
        problem(cashier.get(url(name)), 403, "not_allowed")
    assert client.get(url("prospects-list")).status_code == 401


@pytest.mark.parametrize(("name", "limit"), [("visits-list", 8), ("prospects-list", 6), ("customers-list", 6)])
def test_h_lists_need_the_same_statements_with_one_row_and_three(api, store, consultant, name, limit):
    def add():
        make_visit(consultant, store, series_ids=[Series.objects.first().pk], source=LeadSource.objects.first())

    add()
    assert_same_query_count(lambda: api.get(url(name)), lambda: (add(), add()), limit=limit)
