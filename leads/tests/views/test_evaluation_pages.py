"""Pages and API of evaluation, nurture pool and focus list: what people see, what is refused, the same statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import api_for, assert_same_query_count, client_for
from leads.evaluation_choices import ITEMS
from leads.models import CampaignInvite, FollowUp, NurtureStay, Prospect, ProspectEvaluation
from leads.selectors.focus import focus_at, focus_items
from leads.tests.builders import make_campaign, make_follow_up, make_prospect
from leads.tests.evaluation_builders import make_evaluation, make_nurtured

pytestmark = pytest.mark.django_db
YESTERDAY, NOON = "2026-11-09 12:00+08:00", "2026-11-10 12:00+08:00"


@pytest.fixture(autouse=True)
def noon(freeze: Any) -> None:
    freeze(NOON)


@pytest.fixture
def marketing(store: Any) -> Any:
    return make_person(Role.MARKETING, store, name="市场专员")


def test_five_taps_on_the_card(consultant, manager, store):
    card = make_prospect(consultant, store, grade="B")
    client, url = client_for(consultant), reverse("leads:evaluation", args=[card.pk])
    detail = reverse("leads:prospect_detail", args=[card.pk])
    assert "还没有评估，点五下就好" in client.get(detail).text
    answer = client.post(url, {"note": "先聊了十分钟"})
    assert answer.status_code == 422
    assert "请至少回答一项" in answer.text
    assert "先聊了十分钟" in answer.text
    assert client.post(url, {"urgency": "9"}).status_code == 422
    assert not ProspectEvaluation.objects.exists()
    told = {**dict.fromkeys(ITEMS, "3"), "budget": "", "idempotency_key": "5b1f8c86-6b1e-4f0e-9d06-1f8a1c1f0a11"}
    page = client.post(url, told, follow=True).text
    assert "目前 51.0 分，补齐其余各项后才有结论" in page
    assert "最高可达 66.0 分" in page
    client.post(url, told)
    assert ProspectEvaluation.objects.count() == 1
    assert "未达标，客户已进入培育池" in client.post(url, dict.fromkeys(ITEMS, "2"), follow=True).text
    assert "起在培育池" in client.get(detail).text
    assert "意向评估 · 40.0 分 · 未达标" in client_for(manager).get(detail).text


def test_the_pool_is_for_marketing_and_managers(consultant, manager, marketing, store):
    card, other = (make_prospect(consultant, store, grade="C", name=name) for name in ("周明", "吴霞"))
    make_nurtured(consultant, card)
    make_nurtured(consultant, other)
    url = reverse("leads:nurture_list")
    assert client_for(consultant).get(url).status_code == 403
    boss, client = client_for(manager), client_for(marketing)
    assert "周明" in boss.get(url).text
    campaign = make_campaign(store, marketing)
    assert "请先勾选" in client.post(url, {"campaign": campaign.pk}).text
    assert client.post(url, {"id": [card.pk]}).status_code == 422
    page = client.post(url, {"campaign": campaign.pk, "id": [card.pk, "x"]}, follow=True).text
    assert "已邀请 1 位客户" in page
    assert CampaignInvite.objects.get().prospect == card
    assert "吴霞" not in client.get(url, {"invited": "true"}).text
    assert "周明" not in client.get(url, {"invited": "false"}).text
    assert "周明" not in client.get(url, {"grade": "H"}).text
    back = reverse("leads:nurture_return", args=[NurtureStay.objects.get(prospect=card).pk])
    assert client.post(back, {"reason": "急"}).status_code == 422
    answer = client.post(back, {"reason": "客户到活动现场问了落地价", "next": f"{url}?grade=C"})
    assert (answer.status_code, answer.url) == (302, f"{url}?grade=C")
    assert client.post(back, {"reason": "客户到活动现场问了落地价"}).status_code == 409
    assert "周明" not in client.get(url).text
    assert "退回顾问：客户到活动现场问了落地价" in client.get(url, {"state": "left"}).text
    assert "离开培育池 · 退回顾问" in client_for(consultant).get(f"/customers/prospects/{card.pk}/").text


def test_o2_dcc_works_the_pool_of_its_stores_and_of_no_other(consultant, store, other_store, marketing):
    card, kept = (make_prospect(consultant, store, grade="C", name=name) for name in ("周明", "吴霞"))
    stay = make_nurtured(consultant, card)
    dcc, foreign = (make_person(Role.DCC_AGENT, place) for place in (store, other_store))
    url, detail = reverse("leads:nurture_list"), reverse("leads:prospect_detail", args=[card.pk])
    client, stranger = client_for(dcc), client_for(foreign)
    page = client.get(url).text
    assert "周明" in page
    worth = reverse("leads:evaluation", args=[card.pk])
    assert worth in page
    assert ("当前得分" in client.get(worth).text, "保存评估" in client.get(worth).text) == (True, False)
    assert client.post(worth, dict.fromkeys(ITEMS, "3")).status_code == 404  # judging is the consultant's
    assert stranger.get(worth).status_code == 404
    assert url in client.get("/today/").text
    assert "周明" not in stranger.get(url).text
    assert api_for(foreign).get("/api/v1/nurture/").json()["results"] == []
    assert [row["id"] for row in api_for(dcc).get("/api/v1/nurture/").json()["results"]] == [stay.pk]
    campaign = make_campaign(store, marketing)
    asked = {"campaign": campaign.pk, "prospects": [card.pk, kept.pk]}  # the second is in no pool
    assert api_for(foreign).post("/api/v1/nurture/invite/", asked, format="json").status_code == 404
    assert "已邀请 1 位客户" in client.post(url, {"campaign": campaign.pk, "id": [card.pk]}, follow=True).text
    assert api_for(dcc).post("/api/v1/nurture/invite/", asked, format="json").json() == {"invited": 0}
    assert client.get(reverse("leads:campaign_detail", args=[campaign.pk])).status_code in (403, 404)
    told = {"outcome": "reached", "channel": "phone", "content": "客户想等年底活动再看车", "grade": "C"}
    log = reverse("leads:follow_up_new", args=[card.pk])
    assert "客户在培育池：跟进记在您名下，客户仍归 李明" in client.get(detail).text
    assert client.post(log, told).status_code == 302
    assert FollowUp.objects.get(done_by=dcc).owner == consultant
    hidden = reverse("leads:prospect_detail", args=[kept.pk])
    assert [client.get(hidden).status_code, stranger.get(detail).status_code] == [404, 404]
    assert stranger.post(log, told).status_code == 404
    back = reverse("leads:nurture_return", args=[stay.pk])
    assert stranger.post(back, {"reason": "客户来电问落地价"}).status_code == 404
    assert client.post(back, {"reason": "客户来电问落地价"}).status_code == 302
    gone = client.get(url, {"state": "left"}).text
    assert ("周明" in gone, detail in gone) == (True, False)
    assert client.get(detail).status_code == 404  # out of the pool the card is the consultant's alone


def test_the_api_does_what_the_pages_do(consultant, marketing, store):
    card = make_prospect(consultant, store, grade="C")
    url, mine, theirs = f"/api/v1/prospects/{card.pk}/evaluations/", api_for(consultant), api_for(marketing)
    assert mine.post(url, {"urgency": 6}, format="json").status_code == 400
    assert mine.post(url, {}, format="json").json()["code"] == "no_answer"
    assert theirs.post(url, {"urgency": 1}, format="json").status_code == 403
    made = mine.post(url, dict.fromkeys(ITEMS, 1), format="json")
    assert (made.status_code, made.json()["score"], made.json()["verdict"]) == (201, "20.0", "below")
    assert [row["id"] for row in mine.get(url).json()] == [made.json()["id"]]
    assert mine.get("/api/v1/nurture/").status_code == 403
    row = theirs.get("/api/v1/nurture/").json()["results"][0]
    assert (row["prospect"], row["score"], row["is_invited"]) == (card.pk, "20.0", False)
    assert "****" in row["customer"]["phone"]
    campaign = make_campaign(store, marketing)
    asked = {"campaign": campaign.pk, "prospects": [card.pk]}
    assert theirs.post("/api/v1/nurture/invite/", asked, format="json").json() == {"invited": 1}
    assert mine.post("/api/v1/nurture/invite/", asked, format="json").status_code == 403
    back = f"/api/v1/nurture/{row['id']}/return/"
    assert theirs.post(back, {"reason": "客户来电问价格"}, format="json").json()["end"] == "returned"
    assert theirs.post(back, {"reason": "客户来电问价格"}, format="json").status_code == 409
    assert theirs.get("/api/v1/nurture/?state=left").json()["results"][0]["left_by"]["name"] == "市场专员"


def test_o12_the_days_h_customers_one_by_one(freeze, consultant, colleague, manager, store):
    freeze("2026-11-08 12:00+08:00")
    first = make_prospect(consultant, store, grade="H", name="孙一")
    freeze(YESTERDAY)
    second, third = (make_prospect(consultant, store, grade="H", name=name) for name in ("孙二", "孙三"))
    make_prospect(consultant, store, grade="A", name="不急")
    theirs = make_prospect(colleague, store, grade="H", name="别人")
    freeze(NOON)
    make_prospect(consultant, store, grade="H", name="明天")
    client, url = client_for(consultant), reverse("leads:focus")
    page = client.get(url).text
    assert [item.name for item in focus_items(user=consultant)] == ["孙一", "孙二", "孙三"]
    assert "第 1 / 3 位" in page
    assert "已完成 0 位" in page
    assert "孙一" in client.get(url, {"card": theirs.pk}).text
    told = {"outcome": "reached", "channel": "phone", "content": "客户约好周末带家人看车", "grade": "A", "next": url}
    answer = client.post(reverse("leads:follow_up_new", args=[first.pk]), told, follow=True)
    assert answer.redirect_chain == [(url, 302)]
    assert "第 2 / 3 位" in answer.text
    assert "已完成 1 位" in answer.text
    make_follow_up(consultant, second, outcome="no_answer")
    focus = focus_at(focus_items(user=consultant), None)
    assert [(item.name, item.is_done, item.said) for item in focus.items] == [
        ("孙一", True, "已联系"), ("孙二", True, "未接通"), ("孙三", False, ""),
    ]  # fmt: skip
    assert (focus.current.prospect_id, focus.previous.name, focus.following) == (third.pk, "孙二", None)
    boss = client_for(manager)
    assert "第 3 / 4 位" in boss.get(url).text
    assert "第 1 / 1 位" in boss.get(url, {"owner": colleague.pk}).text
    assert client.get(url, {"owner": colleague.pk, "card": "²"}).status_code == 200
    leader = make_person(Role.TEAM_LEADER, store, team=colleague.memberships.get().team)
    assert "今天没有要跟进的H级客户" in client_for(leader).get(url).text
    assert "第 1 / 1 位" in client_for(leader).get(url, {"owner": "all"}).text


def test_r_fu_3_an_unanswered_call_that_moves_nothing_is_not_done(freeze, consultant, store):
    freeze("2026-11-06 12:00+08:00")
    card = make_prospect(consultant, store, grade="H")
    for _ in range(2):
        make_follow_up(consultant, card, outcome="no_answer")
    freeze(NOON)
    make_follow_up(consultant, card, outcome="no_answer")
    item = focus_items(user=consultant)[0]
    assert (item.said, item.is_done) == ("未接通", False)


def test_the_focus_api(freeze, consultant, colleague, manager, store):
    freeze(YESTERDAY)
    card = make_prospect(consultant, store, grade="H", name="孙一")
    freeze(NOON)
    rows = api_for(consultant).get("/api/v1/focus/").json()
    assert [(row["prospect"], row["is_done"]) for row in rows] == [(card.pk, False)]
    assert api_for(colleague).get(f"/api/v1/focus/?owner={consultant.pk}").json() == []
    assert len(api_for(manager).get(f"/api/v1/focus/?owner={consultant.pk}").json()) == 1
    assert api_for(manager).get("/api/v1/focus/?owner=x").status_code == 400
    assert api_for(make_person(Role.MARKETING, store)).get("/api/v1/focus/").status_code == 403


def test_the_same_statements_for_one_and_three(freeze, consultant, manager, store):
    freeze(YESTERDAY)
    made = [make_prospect(consultant, store, grade="H") for _ in range(3)]
    make_nurtured(consultant, made[0])
    freeze(NOON)
    boss, api, card = client_for(manager), api_for(manager), made[0].pk
    pages = ("/customers/nurture/", f"/customers/prospects/{card}/evaluation/")
    calls = ("/api/v1/nurture/", f"/api/v1/prospects/{card}/evaluations/")

    def add() -> None:
        make_evaluation(consultant, made[0], 1)
        for row in made[1:]:
            make_nurtured(consultant, row)

    def act() -> None:
        for page in pages:
            assert boss.get(page).status_code == 200
        for call in calls:
            assert api.get(call).status_code == 200

    assert_same_query_count(act, add, limit=26)
    assert NurtureStay.objects.count() == 3


def test_the_same_statements_for_one_and_three_h_customers(freeze, consultant, store):
    freeze(YESTERDAY)
    make_prospect(consultant, store, grade="H")
    freeze(NOON)
    client, api = client_for(consultant), api_for(consultant)

    def add() -> None:
        freeze(YESTERDAY)
        make_prospect(consultant, store, grade="H")
        make_prospect(consultant, store, grade="H")
        freeze(NOON)

    assert_same_query_count(lambda: (client.get("/customers/focus/"), api.get("/api/v1/focus/")), add, limit=14)
    assert Prospect.objects.filter(next_follow_up_at__lt=periods.end_of_day(periods.today())).count() == 3
