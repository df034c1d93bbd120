"""Applications and call-backs on a customer's timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.core.money import show_wan
from leads.models import LossApplication, LossCallBack
from leads.selectors.timeline import PER_SOURCE, Entry


def loss_entries(user: Any, customer_id: int) -> Iterable[Entry]:
    """What was asked, answered and heard about giving the customer up. The caller has checked the customer's reach."""
    rows = _rows(customer_id)
    for row in rows:
        url = reverse("leads:loss_detail", args=[row.pk])
        title = _("%(kind)s申请 · %(reason)s") % {"kind": row.get_kind_display(), "reason": row.get_reason_display()}
        yield Entry(row.applied_at, "loss", title, _told(row), row.applied_by.name, url)
        if row.decided_at is not None and row.decided_by is not None:
            title = f"{row.get_kind_display()}审批 · {row.get_state_display()}"
            yield Entry(row.decided_at, "loss", title, row.comment, row.decided_by.name, url)
    calls = LossCallBack.objects.filter(application__in=[row.pk for row in rows]).select_related("called_by")
    for call in calls:
        title = _("战败确认回访 · %(result)s") % {"result": call.get_result_display()}
        yield Entry(call.called_at, "loss", title, call.note, call.called_by.name)


def _rows(customer_id: int) -> list[LossApplication]:
    found: QuerySet[LossApplication] = LossApplication.objects.filter(customer_id=customer_id)
    return list(found.select_related("applied_by", "decided_by").order_by("-applied_at", "-id")[:PER_SOURCE])


def _told(row: LossApplication) -> str:
    """Competitor and explanation in one line."""
    price = show_wan(row.competitor_price) if row.competitor_price else ""
    facts = (row.competitor_brand, row.competitor_model, price, row.competitor_dealer)
    bought = " ".join(text for text in facts if text)
    return "；".join(text for text in (bought, row.explanation) if text)
