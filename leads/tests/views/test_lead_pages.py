"""The raw leads' pages and API: what they show, refuse and keep."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import LeadSource
from dealership.tests.builders import make_person, make_store
from dealership.tests.clients import assert_same_query_count
from dealership.tests.numbers import plain_numbers_in
from leads.choices import LeadState
from leads.models import Lead, LeadAssignee, LeadAttempt
from leads.services.lead_assign import lead_assign
from leads.tests.builders import make_prospect, new_phone
from leads.tests.lead_builders import make_lead, nobody_takes

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def url(name, lead=None):
    return reverse(f"leads:lead_{name}", args=[lead.pk] if lead else [])


@pytest.fixture
def client(client_for, consultant):
    return client_for(consultant)


@pytest.fixture
def boss(client_for, manager):
    return client_for(manager)


@pytest.fixture
def agent(person, store):
    return person(Role.DCC_AGENT, store, name="网销小陈")


def new_form(**told):
    return {"phone": new_phone(), "to": "me", "idempotency_key": str(uuid.uuid4()), **told}


def test_enter_call_and_card_on_the_phone(client, consultant):
    form = new_form(phone="138 0013 8000", name="陈静")
    first, again = (client.post(url("new"), form) for _ in range(2))
    lead = Lead.objects.get()
    assert first.url == again.url == url("detail", lead)
    page = text_of(client.get(first.url))
    for words in ("138****8000", "待首次响应", "打通了", "未接通", "无意向", "建卡"):
        assert words in page
    assert plain_numbers_in(page) == []
    keys = re.findall(r'name="idempotency_key" value="([^"]+)"', page)
    for outcome, key in zip(("reached", "no_answer"), keys, strict=True):
        for _ in range(2):
            client.post(url("attempt", lead), {"outcome": outcome, "idempotency_key": key})
    assert sorted(LeadAttempt.objects.values_list("outcome", flat=True)) == ["no_answer", "reached"]
    lead.refresh_from_db()
    stale = client.post(url("convert", lead), {"name": "陈静", "grade": "A", "version": lead.version - 1})
    assert stale.status_code == 409
    card = client.post(url("convert", lead), {"name": "陈静", "grade": "A", "version": lead.version})
    lead.refresh_from_db()
    assert lead.state == LeadState.CARDED
    assert card.url == reverse("leads:prospect_detail", args=[lead.prospect_id])
    assert "线索联系" in text_of(client.get(card.url))


def test_what_a_known_number_says(client, store, colleague, stranger, other_store):
    phone = new_phone()
    make_prospect(colleague, store, phone=phone, name="欧阳小宝")
    said = text_of(client.post(url("new"), new_form(phone=phone), follow=True))
    assert "该号码本店已有档案，归属 王芳" in said
    assert "欧阳小宝" not in said
    elsewhere = new_phone()
    make_prospect(stranger, other_store, phone=elsewhere, name="金丝雀")
    said = text_of(client.post(url("new"), new_form(phone=elsewhere), follow=True))
    assert "集团其他门店已有" in said
    assert "金丝雀" not in said


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"phone": "123"}, "电话号码不正确"),
        ({"phone": "0791-88886666"}, "11 位手机号"),
        ({"name": "张\x00伟"}, "控制字符"),
        ({"source": "999999"}, "来源的选项无效"),
        ({"to": "x"}, "选项无效"),
    ],
)
def test_refusal_is_422_with_the_form_as_typed(client, told, sentence):
    answer = client.post(url("new"), new_form(note="看中红色顶配", **told))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "看中红色顶配" in text_of(answer)
    assert not Lead.objects.exists()


def test_invalid_and_transfer_forms_refuse_in_place(client, store, consultant, colleague):
    lead = make_lead(consultant, store, owner=consultant)
    few = client.post(url("invalid", lead), {"reason": "no_answer", "note": "打了一次"})
    assert few.status_code == 422
    assert "至少拨打 3 次" in text_of(few)
    assert "打了一次" in text_of(few)
    assert client.post(url("transfer", lead), {"new_owner": colleague.pk, "reason": ""}).status_code == 422
    assert client.post(url("transfer", lead), {"new_owner": colleague.pk, "reason": "老乡"}).status_code == 302
    assert "等待展厅经理审批" in text_of(client.get(url("detail", lead)))
    assert client.post(url("convert", lead), {"name": "陈静", "grade": "N"}).status_code == 409
    assert Lead.objects.get().state == LeadState.TRANSFER_PENDING


def test_filters_are_in_the_address(boss, store, consultant, colleague, freeze):
    freeze("2026-11-22 10:00+08:00")
    source = LeadSource.objects.get(code="dongchedi")
    make_lead(consultant, store, owner=consultant, name="早来", source=source, phone="13800138000")
    freeze("2026-11-22 12:00+08:00")
    make_lead(colleague, store, owner=colleague, name="刚来")

    def names(query):
        page = text_of(boss.get(f"{url('list')}?{query}"))
        return {name for name in ("早来", "刚来") if name in page}

    assert names("") == {"早来", "刚来"}
    assert names("overdue=true") == names(f"source={source.pk}") == names("q=8000") == {"早来"}
    assert names(f"owner={colleague.pk}") == names("q=刚来") == {"刚来"}
    assert names("state=carded") == set()
    page = text_of(boss.get(url("list")))
    assert "已超时 1 小时 30 分" in page
    assert "剩 30 分钟" in page
    assert page.index("早来") < page.index("刚来")


def test_pool_pick_and_the_second_hears_why(client_for, store, manager, agent, client):
    nobody_takes(store)
    lead = make_lead(manager, store, name="池中")
    other = client_for(make_person(Role.DCC_AGENT, store))
    assert "池中" in text_of(other.get(url("pool")))
    assert "池中" not in text_of(client.get(url("pool")))
    assert client_for(agent).post(url("pick", lead)).url == url("detail", lead)
    late = other.post(url("pick", lead))
    assert late.status_code == 409
    assert "刚刚被同事领走了" in text_of(late)
    again = client_for(agent).post(url("pick", lead))
    assert again.status_code == 409
    assert "已经在您名下" in text_of(again)


def test_assignment_settings(client_for, manager, consultant, agent, store):
    client = client_for(manager)
    page = text_of(client.get(url("settings")))
    assert "网销小陈" in page
    assert "可接收" in page
    bad = client.post(url("settings"), {f"p{agent.pk}-weight": "99"})
    assert bad.status_code == 422
    assert "权重请填 0 到 10 的整数" in text_of(bad)
    assert not LeadAssignee.objects.exists()
    form = {f"p{agent.pk}-weight": "5", f"p{agent.pk}-cap": "3", f"p{consultant.pk}-is_opted_out": "on"}
    assert client.post(url("settings"), form).status_code == 302
    seats = {row.user: (row.weight, row.cap, row.is_opted_out) for row in LeadAssignee.objects.all()}
    assert seats == {agent: (5, 3, False), consultant: (None, None, True)}


def test_masked_for_marketing_and_revealed_with_a_reason(client, client_for, person, store, consultant):
    lead = make_lead(consultant, store, owner=consultant, phone="13800138000")
    market = client_for(person(Role.MARKETING, store))
    page = text_of(market.get(url("detail", lead)))
    assert "138****8000" in page
    assert "查看号码" not in page
    assert market.post(url("reveal", lead), {"reason": "看看"}).status_code == 403
    assert client.post(url("reveal", lead), {"reason": ""}).status_code == 422
    assert "13800138000" in text_of(client.post(url("reveal", lead), {"reason": "电话联系"}))


@pytest.mark.parametrize(("name", "limit"), [("list", 8), ("pool", 7), ("settings", 13)])
def test_h_lists_need_the_same_statements_with_one_row_and_three(boss, store, consultant, name, limit):
    nobody_takes(store)
    source = LeadSource.objects.first()

    def add():
        make_lead(consultant, store, owner=consultant, source=source)
        make_lead(consultant, store, source=source)

    add()
    assert_same_query_count(lambda: boss.get(url(name)), lambda: (add(), add()), limit=limit)


def test_h_a_lead_needs_the_same_statements_with_a_long_history(client, store, consultant, colleague, manager):
    lead = make_lead(consultant, store, owner=consultant)
    client.post(url("attempt", lead), {"outcome": "no_answer"})

    def add():
        for person in (colleague, consultant):
            lead_assign(by=manager, lead_id=lead.pk, new_owner=person, reason="换班")
        client.post(url("attempt", lead), {"outcome": "no_answer"})

    assert_same_query_count(lambda: client.get(url("detail", lead)), add, limit=8)


# The API: the same services, the same reach, the same refusals.


def test_api_push_list_and_work(api_for, store, agent, freeze):
    freeze("2026-11-22 12:00+08:00")
    api, source = api_for(agent), LeadSource.objects.get(code="dongchedi")
    body = {"phone": "13800138000", "name": "陈静", "source": source.pk, "external_id": "DCD-9", "owner": agent.pk}
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    first = api.post("/api/v1/leads/", body, format="json", **key)
    assert (first.status_code, first.json()["outcome"]) == (201, "created")
    replay = api.post("/api/v1/leads/", body, format="json", **key)
    assert (replay.status_code, replay.headers["Idempotent-Replay"]) == (200, "true")
    without_key = api.post("/api/v1/leads/", body, format="json")
    assert (without_key.status_code, without_key.json()["outcome"]) == (200, "replayed")
    assert Lead.objects.count() == 1
    pk = first.json()["id"]
    row = api.get("/api/v1/leads/?state=assigned&waiting=true").json()["results"][0]
    assert (row["id"], row["phone"], row["owner"]["id"]) == (pk, "138****8000", agent.pk)
    assert row["response_minutes_left"] == 30
    assert api.post(f"/api/v1/leads/{pk}/attempts/", {"outcome": "no_answer"}, format="json").status_code == 201
    assert [row["outcome"] for row in api.get(f"/api/v1/leads/{pk}/attempts/").json()] == ["no_answer"]
    few = api.post(f"/api/v1/leads/{pk}/mark-invalid/", {"reason": "no_answer"}, format="json")
    assert (few.status_code, few.json()["code"]) == (422, "no_answer_few")
    done = api.post(f"/api/v1/leads/{pk}/convert/", {"name": "陈静", "grade": "B"}, format="json").json()
    assert (done["state"], done["prospect"] is not None) == ("carded", True)
    late = api.post(f"/api/v1/leads/{pk}/convert/", {"name": "陈静"}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "bad_transition")


def test_api_gives_and_picks_and_hides_what_is_out_of_reach(api_for, store, manager, agent, stranger):
    other_store = make_store("B")
    nobody_takes(store)
    theirs = make_lead(stranger, other_store, owner=stranger, name="金丝雀", phone="13700137000")
    lead = make_lead(manager, store)
    boss, desk = api_for(manager), api_for(agent)
    assert boss.get(f"/api/v1/leads/{theirs.pk}/").status_code == 404
    assert "金丝雀" not in str(boss.get("/api/v1/leads/").json())
    assert [row["id"] for row in boss.get("/api/v1/leads/").json()["results"]] == [lead.pk]
    assert api_for(stranger).get("/api/v1/leads/").json()["results"][0]["name"] == "金丝雀"
    picked = desk.post(f"/api/v1/leads/{lead.pk}/pick/")
    assert (picked.status_code, picked.json()["state"]) == (200, "assigned")
    asked = {"new_owner": stranger.pk, "reason": "改派"}
    assert boss.post(f"/api/v1/leads/{lead.pk}/assign/", asked, format="json").status_code == 422
    assert desk.post(f"/api/v1/leads/{lead.pk}/assign/", asked, format="json").status_code == 403
    told = desk.post("/api/v1/leads/", {"phone": new_phone(), "store": other_store.pk}, format="json")
    assert told.status_code in (403, 404)
    assert Lead.objects.count() == 2
    assert Lead.objects.get(pk=lead.pk).assigned_at <= periods.now()
