"""Pages and API of losses: the same refusals in Chinese sentences, nothing half written, the same statements."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.core.templatetags.ui import day
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.tests.clients import assert_same_query_count
from leads.models import FollowUpTask, LossApplication, Prospect
from leads.services.loss_call_back import loss_call_back
from leads.services.loss_decision import loss_decide
from leads.services.out_of_control import out_of_control_sweep
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.evaluation_builders import make_nurtured
from leads.tests.loss_builders import BOUGHT, WHY, make_loss, make_rest, refuse_twice

TOLD = {**BOUGHT, "explanation": WHY}


@pytest.fixture
def card(store, consultant):
    return make_prospect(consultant, store, grade="B")


def test_a_refused_application_keeps_what_was_typed(client_for, consultant, card):
    client, url = client_for(consultant), reverse("leads:loss_apply", args=[card.pk])
    assert client.get(url).status_code == 200
    answer = client.post(url, {**TOLD, "competitor_price": "16.8万"})
    assert answer.status_code == 422
    assert "请先登记客户的拒绝" in answer.text
    assert WHY in answer.text
    refuse_twice(consultant, card)
    answer = client.post(url, {**TOLD, "competitor_price": "", "explanation": "太贵"})
    assert answer.status_code == 422
    assert "请填写成交价" in answer.text
    assert "至少 10 个字" in answer.text
    assert not LossApplication.objects.exists()
    answer = client.post(url, {**TOLD, "competitor_price": "16.8万"}, follow=True)
    assert "申请已提交" in answer.text
    assert LossApplication.objects.get().competitor_price == 168000


def test_the_card_shows_the_refusal_and_the_application(client_for, consultant, manager, card):
    client, url = client_for(consultant), reverse("leads:prospect_detail", args=[card.pk])
    refusal = {
        "outcome": "refused",
        "channel": "phone",
        "content": "客户说今年不打算换车了",
        "idempotency_key": uuid4(),
    }
    answer = client.post(
        reverse("leads:follow_up_new", args=[card.pk]), {**refusal, "idempotency_key": uuid4()}, follow=True
    )
    assert f"下次跟进 {day(FollowUpTask.objects.get(kind='second').due_at)}" in answer.text
    assert "必须完成二次追踪" in answer.text
    make_follow_up(consultant, card, outcome="refused")
    row = make_loss(consultant, card)
    assert "战败申请待审批" in client.get(url).text
    loss_decide(by=manager, application_id=row.pk, decision="reject", comment="请再约一次试驾")
    assert "请再约一次试驾" in client.get(url).text
    again = client.get(reverse("leads:loss_apply", args=[card.pk])).context["form"].initial
    assert (again["competitor_model"], again["competitor_dealer"]) == (row.competitor_model, row.competitor_dealer)
    assert "explanation" not in again


def test_the_second_follow_up_given_to_a_colleague(client_for, consultant, colleague, manager, card):
    make_follow_up(consultant, card, outcome="refused")
    url = reverse("leads:second_assign", args=[card.pk])
    assert client_for(consultant).get(url).status_code == 403
    client_for(manager).post(url, {"person": colleague.pk})
    helper = client_for(colleague)
    assert "必须完成二次追踪" in helper.get(reverse("leads:prospect_detail", args=[card.pk])).text
    told = {"outcome": "refused", "channel": "phone", "content": "代同事再次联系，客户仍然拒绝"}
    assert helper.post(reverse("leads:follow_up_new", args=[card.pk]), told).status_code == 302
    assert helper.get(reverse("leads:prospect_detail", args=[card.pk])).status_code == 404


def test_deciding_on_the_page(client_for, consultant, manager, card):
    row = make_loss(consultant, card)
    client, url = client_for(manager), reverse("leads:loss_decide", args=[row.pk])
    page = client.get(reverse("leads:loss_detail", args=[row.pk])).text
    assert WHY in page
    assert client.post(url, {"decision": "reject"}).status_code == 422
    version = Prospect.objects.get(pk=card.pk).version
    answer = client.post(url, {"decision": "agree", "version": version - 1})
    assert answer.status_code == 409
    assert "刚刚被别人修改过" in answer.text
    assert client.post(url, {"decision": "agree", "version": version}).status_code == 302
    assert client.post(url, {"decision": "agree"}).status_code == 409
    assert Prospect.objects.get(pk=card.pk).status == "lost"


def test_the_api_asks_and_answers(api_for, consultant, colleague, manager, card):
    seller, decider = api_for(consultant), api_for(manager)
    apply = reverse("api-prospects-apply-loss", args=[card.pk])
    assert seller.post(apply, {}, format="json").status_code == 400
    refused = seller.post(apply, {"reason": "price", "explanation": WHY}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "second_missing")
    refuse_twice(consultant, card)
    asked = seller.post(apply, {"reason": "price", "explanation": WHY}, format="json")
    assert (asked.status_code, asked.json()["state"]) == (201, "pending")
    decide = reverse("api-losses-decide", args=[asked.json()["id"]])
    assert seller.post(decide, {"decision": "agree"}, format="json").status_code == 403
    given = decider.post(decide, {"decision": "reassign", "new_owner": colleague.pk}, format="json")
    assert (given.status_code, given.json()["state"], given.json()["new_owner"]["name"]) == (200, "reassigned", "王芳")
    again = decider.post(decide, {"decision": "agree"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "decided")
    listed = decider.get(reverse("api-losses-list"), {"state": "reassigned"}).json()["results"]
    assert [row["id"] for row in listed] == [asked.json()["id"]]
    assert decider.get(reverse("api-losses-list"), {"month": "nonsense"}).status_code == 400


def test_dormancy_and_call_back_over_the_api(api_for, person, store, consultant, card):
    care = person(Role.CARE_AGENT, store)
    seller = api_for(consultant)
    rest = {"reason": "not_buying", "explanation": WHY, "wake_on": "2099-01-01"}
    refused = seller.post(reverse("api-prospects-apply-dormancy", args=[card.pk]), rest, format="json")
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["wake_on"])
    row = make_loss(consultant, card)
    LossApplication.objects.filter(pk=row.pk).update(is_sampled=True)
    url = reverse("api-losses-call-back", args=[row.pk])
    assert seller.post(url, {"result": "no_answer"}, format="json").status_code == 404
    assert api_for(care).post(url, {"result": "confirmed", "note": "客户确认不买"}, format="json").status_code == 201
    assert [call["result"] for call in api_for(care).get(url).json()] == ["confirmed"]
    assert seller.post(reverse("api-losses-withdraw", args=[row.pk])).json()["state"] == "withdrawn"


def test_a_decider_may_want_the_customer_heard_first(client_for, api_for, person, store, consultant, *, manager, card):
    """Optional call-back before agreeing (§4.2): asked for, it counts like a drawn one."""
    row = make_loss(consultant, card)
    page, ask = (reverse(f"leads:{name}", args=[row.pk]) for name in ("loss_detail", "loss_call_ask"))
    boss, seller = client_for(manager), client_for(consultant)
    assert ask in boss.get(page).text
    assert ask not in seller.get(page).text
    assert seller.post(ask).status_code == 403
    assert "本店没有可以回访的客服或 DCC" in boss.post(ask).text
    care = person(Role.CARE_AGENT, store)
    assert boss.post(ask).status_code == 302
    assert Notice.objects.filter(recipient=care, kind="loss.call_back").exists()
    assert ask not in boss.get(page).text
    again = api_for(manager).post(reverse("api-losses-ask-call-back", args=[row.pk]))
    assert (again.status_code, again.json()["code"]) == (409, "asked")
    agreed = boss.post(reverse("leads:loss_decide", args=[row.pk]), {"decision": "agree", "comment": "同意"})
    assert "请等客服或 DCC 回访客户后再同意" in agreed.text
    loss_call_back(by=care, application_id=row.pk, result="confirmed", note="客户确认已买别家")
    assert loss_decide(by=manager, application_id=row.pk, decision="agree").state == "agreed"
    rest = make_rest(consultant, make_prospect(consultant, store, grade="C"))
    refused = api_for(manager).post(reverse("api-losses-ask-call-back", args=[rest.pk]))
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_loss")


def test_care_calls_from_the_list(client_for, person, store, consultant, card):
    row = make_loss(consultant, card)
    LossApplication.objects.filter(pk=row.pk).update(is_sampled=True)
    client = client_for(person(Role.CARE_AGENT, store))
    assert reverse("leads:loss_call", args=[row.pk]) in client.get(reverse("leads:loss_calls")).text
    number = card.customer.phones.get().number.removeprefix("+86")
    assert number not in client.get(reverse("leads:loss_call", args=[row.pk])).text
    assert number in client.post(reverse("leads:loss_number", args=[row.pk]), {"purpose": "call"}).text
    url = reverse("leads:loss_call", args=[row.pk])
    assert client.post(url, {"result": "confirmed"}).status_code == 422
    assert client.post(url, {"result": "confirmed", "note": "客户确认已买别家"}).status_code == 302
    assert reverse("leads:loss_call", args=[row.pk]) not in client.get(reverse("leads:loss_calls")).text


@pytest.mark.parametrize("name", ["loss_list", "dormant_list", "out_of_control"])
def test_h_lists_need_the_same_statements(settings, client_for, store, consultant, manager, *, name):
    settings.HEALTH_PROBE_SECONDS = 3600

    def one() -> None:
        card = make_prospect(consultant, store, grade="C")
        if name == "loss_list":
            make_loss(consultant, card)
        elif name == "dormant_list":
            loss_decide(by=manager, application_id=make_rest(consultant, card).pk, decision="agree")
        else:
            Prospect.objects.filter(pk=card.pk).update(next_follow_up_at=periods.at(periods.today().replace(year=2025)))
            out_of_control_sweep(store_id=store.pk, day=periods.today())

    client: Any = client_for(manager)
    one()
    client.get(reverse(f"leads:{name}"))
    assert_same_query_count(lambda: client.get(reverse(f"leads:{name}")), lambda: (one(), one()), limit=9)


def test_the_story_leads_only_where_its_reader_may_go(client_for, person, store, consultant, *, manager, card):
    """Marketing warms the customer up again and reads what happened; applications are not its business."""
    row = make_loss(consultant, card)
    loss_decide(by=manager, application_id=row.pk, decision="reject", comment="请再约一次试驾")
    make_nurtured(consultant, card)
    url, answer = reverse("leads:prospect_detail", args=[card.pk]), reverse("leads:loss_detail", args=[row.pk])
    assert f'href="{answer}"' in client_for(consultant).get(url).text
    marketing = client_for(person(Role.MARKETING, store))
    page = marketing.get(url).text
    assert "战败审批 · 已驳回" in page
    assert answer not in page
    assert f'href="{reverse("leads:evaluation", args=[card.pk])}">意向评估' in page
    assert marketing.get(answer).status_code == 404
