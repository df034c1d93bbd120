"""From the page of a cancelled deal to the application for loss, the reason brought along."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from dealership.tests.clients import client_for
from leads.models import LossApplication
from sales.choices import DealStatus
from sales.services import deal as deals
from sales.tests import builders as build
from sales.tests.builders import Staff

pytestmark = pytest.mark.django_db
WAY = "确定放弃可直接申请战败"


def test_the_cancelled_deal_leads_to_the_application(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    client, page = client_for(staff.consultant), reverse("sales:deal_page", args=[deal.pk])
    apply = reverse("leads:loss_apply", args=[deal.prospect_id])
    assert WAY not in client.get(page).text
    deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="loan_refused", note="银行拒批")
    assert WAY not in client.get(page).text
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    assert apply in client.get(page).text
    card = reverse("leads:prospect_detail", args=[deal.prospect_id])
    assert "订单已退订 · 贷款未批" in client.get(card).text
    form = client.get(apply).text
    assert "无需再做二次追踪" in form
    assert "已退订：贷款未批。银行拒批" in form
    assert "checked" in form.split('value="funds"')[1][:60]
    told = {"reason": "funds", "explanation": "订单已退订，银行拒批，客户不再考虑"}
    assert client.post(apply, told).status_code == 302
    row = LossApplication.objects.get()
    assert row.cancellation is not None
    assert "同意退订" in client.get(reverse("leads:loss_detail", args=[row.pk])).text
    for address in (page, card):
        assert WAY not in client.get(address).text


def test_a_reason_the_list_does_not_know_is_left_to_the_seller(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="other", note="客户没有说明")
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    form = client_for(staff.consultant).get(reverse("leads:loss_apply", args=[deal.prospect_id])).text
    assert "已退订：其他。客户没有说明" in form
    assert " checked" not in form
    assert WAY not in client_for(staff.cashier).get(reverse("sales:deal_page", args=[deal.pk])).text
