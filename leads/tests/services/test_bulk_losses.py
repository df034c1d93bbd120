"""Losses and dormancy asked for in bulk, and the API of the bulk acts: every guard per card, a second person each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.approvals.models import Approval
from dealership.core import periods
from dealership.core.errors import NotAllowed
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import api_for, client_for
from leads.models import LossApplication, OwnerChange, Prospect
from leads.services.bulk import bulk_run, losing
from leads.services.loss_decision import loss_decide
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.loss_builders import BOUGHT, WHY, refuse_twice

pytestmark = pytest.mark.django_db
PAGE = "/customers/prospects/bulk/"
PREVIEW, RUN = "/api/v1/prospects/bulk/preview/", "/api/v1/prospects/bulk/"


def five(consultant: Any, store: Any) -> list[Prospect]:
    """One ready, one never refused, one whose second follow-up waits, an H without a manager, one asked already."""
    ready, fresh, waiting, asked = (make_prospect(consultant, store, grade="B") for _ in range(4))
    hot = make_prospect(consultant, store, grade="H")
    for card in (ready, hot, asked):
        refuse_twice(consultant, card)
    make_follow_up(consultant, waiting, outcome="refused")
    bulk_run(by=consultant, ids=[asked.pk], act=losing(by=consultant, reason="price", explanation=WHY), rehearse=False)
    return [ready, fresh, waiting, hot, asked]


SAID = ("", "请先登记客户的拒绝", "还没有完成二次追踪", "须由展厅经理或销售经理亲自联系", "不能申请战败")


def statuses(cards: list[Prospect]) -> list[str]:
    return [Prospect.objects.get(pk=card.pk).status for card in cards]


def test_the_page_previews_every_row_and_asks_for_those_that_may(store, consultant, colleague):
    cards = five(consultant, store)
    theirs = make_prospect(colleague, store, grade="B")
    refuse_twice(colleague, theirs)
    client = client_for(consultant)
    form = {"act": "lose", "id": [card.pk for card in [*cards, theirs]], "explanation": WHY, "loss_reason": "price"}
    assert "申请战败" in client.get(PAGE).text
    for missing, sentence in (("explanation", "请填写情况说明"), ("loss_reason", "请选择战败原因")):
        answer = client.post(PAGE, {**form, missing: ""})
        assert answer.status_code == 422
        assert sentence in answer.text
    before = (statuses(cards), LossApplication.objects.count(), Approval.objects.count())
    preview = client.post(PAGE, {**form, "step": "preview"}).text
    assert all(sentence in preview for sentence in SAID)
    assert f"/prospects/{theirs.pk}/" not in preview
    assert preview.count('name="id"') == 1
    assert (statuses(cards), LossApplication.objects.count(), Approval.objects.count()) == before
    assert "批量操作结果" in client.post(PAGE, {**form, "step": "do"}).text
    assert statuses(cards) == ["loss_pending", "active", "active", "active", "loss_pending"]
    row = LossApplication.objects.get(prospect=cards[0])
    assert (row.applied_by, row.decided_by, row.explanation) == (consultant, None, WHY)
    assert Prospect.objects.get(pk=theirs.pk).status == "active"


def test_bought_elsewhere_names_the_competitor_for_all(store, consultant):
    card = make_prospect(consultant, store, grade="B")
    refuse_twice(consultant, card)
    form = {"act": "lose", "id": [card.pk], "explanation": WHY, "loss_reason": "competitor", "step": "do"}
    client = client_for(consultant)
    assert "请填写成交品牌" in client.post(PAGE, form).text
    told = {name: str(value) for name, value in BOUGHT.items() if name != "reason"}
    client.post(PAGE, {**form, **told})
    assert LossApplication.objects.get().competitor_price == 168000


def test_the_api_previews_and_runs_like_the_page(store, consultant):
    cards = five(consultant, store)
    api, ids = api_for(consultant), [card.pk for card in cards]
    asked = {"act": "lose", "ids": ids, "reason": "price", "explanation": WHY}
    preview = api.post(PREVIEW, asked, format="json").json()
    found = {row["prospect"]: row["message"] for row in preview["rows"]}
    assert (preview["is_preview"], preview["done"], preview["refused"]) == (True, 1, 4)
    assert all(said in found[pk] for pk, said in zip(ids, SAID, strict=True))
    assert found[ids[0]] == ""
    assert statuses(cards)[0] == "active"
    ran = api.post(RUN, asked, format="json").json()
    assert (ran["is_preview"], ran["rows"]) == (False, preview["rows"])
    assert statuses(cards) == ["loss_pending", "active", "active", "active", "loss_pending"]
    again = api.post(RUN, asked, format="json").json()
    assert (again["done"], LossApplication.objects.count()) == (0, 2)


def test_dormancy_is_asked_for_in_bulk_and_decided_one_by_one(store, consultant, manager):
    """By page and API: B and C rest once somebody else agrees; H, A and who waits are told why not."""
    cool, waiting, cold = (make_prospect(consultant, store, grade=grade) for grade in "BBC")
    hot = make_prospect(consultant, store, grade="H")
    make_follow_up(consultant, waiting, outcome="refused")
    cards, client, api = [cool, waiting, hot], client_for(consultant), api_for(consultant)
    day = str(periods.today() + dt.timedelta(days=30))
    form = {"act": "rest", "id": [card.pk for card in cards], "rest_reason": "not_buying", "wake_on": day,
            "explanation": WHY}  # fmt: skip
    for missing, sentence in (
        ("wake_on", "请选择唤醒日期"),
        ("rest_reason", "请选择休眠原因"),
        ("explanation", "情况说明"),
    ):
        answer = client.post(PAGE, {**form, missing: ""})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    before = (statuses(cards), LossApplication.objects.count(), Approval.objects.count())
    preview = client.post(PAGE, {**form, "step": "preview"}).text
    assert all(said in preview for said in ("还没有完成二次追踪", "只有跟进中的 B、C 级客户可以申请休眠"))
    assert f'name="wake_on" value="{day}"' in preview
    assert (statuses(cards), LossApplication.objects.count(), Approval.objects.count()) == before
    assert "批量操作结果" in client.post(PAGE, {**form, "step": "do"}).text
    assert statuses(cards) == ["dormant_pending", "active", "active"]
    asked = {"act": "rest", "ids": [cold.pk, hot.pk], "reason": "not_buying", "wake_on": day, "explanation": WHY}
    for url, done, status in ((PREVIEW, 1, "active"), (RUN, 1, "dormant_pending"), (RUN, 0, "dormant_pending")):
        told = api.post(url, asked, format="json").json()
        assert (told["done"], Prospect.objects.get(pk=cold.pk).status) == (done, status)
    far = {**asked, "ids": [hot.pk], "wake_on": str(periods.today() + dt.timedelta(days=9999))}
    assert api.post(RUN, far, format="json").json()["done"] == 0
    marketing = api_for(make_person(Role.MARKETING, store))
    assert marketing.post(RUN, asked, format="json").status_code == 403
    row = LossApplication.objects.get(prospect=cool)
    assert (row.kind, row.applied_by, row.decided_by, str(row.wake_on)) == ("dormancy", consultant, None, day)
    with pytest.raises(NotAllowed):
        loss_decide(by=consultant, application_id=row.pk, decision="agree")
    loss_decide(by=manager, application_id=row.pk, decision="agree")
    assert statuses([cool, cold]) == ["dormant", "dormant_pending"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"act": "lose", "reason": "because", "explanation": WHY}, "reason"),
        ({"act": "lose", "reason": "price"}, "explanation"),
        ({"act": "rest", "reason": "price", "explanation": WHY}, "wake_on"),
        ({"act": "rest", "reason": "because", "explanation": WHY, "wake_on": "2026-12-01"}, "reason"),
        ({"act": "reschedule", "reason": "客户改时间"}, "day"),
        ({"act": "reassign", "reason": "轮换"}, "new_owner"),
        ({"act": "delete", "reason": "轮换"}, "act"),
    ],
)
def test_what_an_act_needs_is_named_by_the_api(store, consultant, body, field):
    card = make_prospect(consultant, store)
    answer = api_for(consultant).post(RUN, {**body, "ids": [card.pk]}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert api_for(consultant).post(RUN, {**body, "ids": []}, format="json").status_code == 400


def test_the_api_moves_contacts_and_hands_over(store, consultant, colleague, manager):
    card = make_prospect(consultant, store, grade="C")
    make_follow_up(consultant, card)
    day = periods.today() + dt.timedelta(days=1)
    asked = {"act": "reschedule", "ids": [card.pk], "day": str(day), "reason": "客户改时间"}
    assert api_for(consultant).post(RUN, asked, format="json").json()["done"] == 1
    card.refresh_from_db()
    assert periods.local_date(card.next_follow_up_at) == day
    give = {"act": "reassign", "ids": [card.pk], "new_owner": colleague.pk, "reason": "平衡客户数量"}
    assert api_for(consultant).post(RUN, give, format="json").status_code == 403
    boss = api_for(manager)
    assert boss.post(PREVIEW, give, format="json").json()["done"] == 1
    assert not OwnerChange.objects.exists()
    assert boss.post(RUN, give, format="json").json()["done"] == 1
    assert boss.post(RUN, {**give, "new_owner": 10**9}, format="json").status_code == 422
    assert api_for(make_person(Role.MARKETING, store)).post(RUN, give, format="json").status_code == 403
