"""Who holds a card: protection, claims, transfer requests and shared credit (R-OWN, §5.11)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.urls import reverse

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import ask
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.phones import normalise_phone
from dealership.core.services import service
from dealership.core.text import clean_text
from dealership.org.models import Store
from dealership.org.reach import people_in, require
from dealership.org.roles import SELLING_ROLES
from leads import policies
from leads.choices import LIVE_STATUSES, ClaimWish, ProspectStatus
from leads.models import CreditShare, CustomerPhone, Prospect
from leads.services.handover import hand_over, locked_with_customer, reactivate

CLAIM, TRANSFER = "prospect.claim", "prospect.transfer"
HALF = Decimal("0.50")
DETAIL_LABELS = {
    "wish": "申请",
    "from": "现归属",
    "to_name": "转给",
    "grade": "级别",
    "last_contact": "最近联系",
    "protection": "保护期",
}


def check_taker(card: Prospect, taker: Any) -> None:
    """Only somebody else who sells in the store may take a live card over."""
    if card.status not in LIVE_STATUSES:
        raise DomainError("card_ended", f"该卡已{card.get_status_display()}，不能转移。")
    if taker is None or not people_in([card.store_id], SELLING_ROLES).filter(pk=taker.pk).exists():
        raise DomainError("bad_owner", "请选择本店在职的销售顾问。", {"new_owner": ["请选择本店在职的销售顾问。"]})
    if taker.pk == card.owner_id:
        raise DomainError("same_owner", "该客户已归属此顾问。", {"new_owner": ["该客户已归属此顾问。"]})


@service
def transfer_ask(*, by: Any, prospect_id: int, new_owner: Any, reason: str) -> Approval:
    """The owner asks to give a card to a colleague; the showroom manager decides."""
    card = locked_with_customer(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.change", card.store_id)
    if card.owner_id != by.pk:
        raise DomainError("not_owner", "只有归属顾问可以申请转移；经理请直接转移。")
    check_taker(card, new_owner)
    detail = {"wish": "转给同事", "from": str(card.owner), "to": new_owner.pk, "to_name": str(new_owner)}
    title = f"客户转移：{card.owner} → {new_owner}"
    return _ask(card, TRANSFER, title, detail, _reason(reason), by=by)


@service
def claim_ask(*, by: Any, store: Store, phone: str, wish: str, reason: str) -> Approval:
    """撞单: somebody who serves a colleague's customer asks for the card or for half of the credit.

    Taking over is refused while the owner is protected (§5.11), which nobody is whose card is out of control; sharing
    may always be asked. The answer says nothing about the customer the claimant does not know already.
    """
    require(by, "prospect.claim", store.pk)
    if wish not in ClaimWish.values:
        raise DomainError("bad_wish", "请选择接手或分成。", {"wish": ["请选择接手或分成。"]})
    row = CustomerPhone.objects.filter(store=store, number=normalise_phone(phone)).first()
    live = Prospect.objects.filter(customer_id=row.customer_id if row else 0, status__in=LIVE_STATUSES)
    found = live.values_list("pk", flat=True).first()
    if found is None:
        text = "该号码没有跟进中的客户卡，无需申请，直接登记即可。"
        raise DomainError("no_card", text, {"phone": [text]})
    card = locked_with_customer(Prospect.objects.filter(store=store), found)
    check_taker(card, by)
    until = protected_until(card)
    # Who let the card get out of control has lost the protection, whatever days the grade would still give.
    forgotten = card.status == ProspectStatus.OUT_OF_CONTROL
    if wish == ClaimWish.TAKE and until >= periods.today() and not forgotten:
        text = f"该客户在归属顾问保护期内（至 {periods.day_label(until)}），只能申请分成。"
        raise DomainError("protected", text, {"wish": [text]})
    last = card.last_contact_at or card.card_created_at
    detail = {
        "wish": ClaimWish(wish).label, "code": wish, "to": by.pk, "to_name": by.name, "from": str(card.owner),
        "grade": card.grade, "last_contact": periods.day_label(periods.local_date(last)),
        "protection": "已失控，不再保护" if forgotten else f"至 {periods.day_label(until)}",
    }  # fmt: skip
    return _ask(card, CLAIM, f"撞单：{by.name} 申请{ClaimWish(wish).label}", detail, _reason(reason), by=by)


def protected_until(card: Prospect) -> dt.date:
    """The last day of the owner's protection: so many days after the last contact as 失控 needs, for C longer."""
    last = card.last_contact_at or card.card_created_at
    days = policies.protection_days(card.grade, card.store_id, periods.local_date(last))
    return periods.local_date(last) + dt.timedelta(days=days)


def answer_approved(approval: Approval, by: Any) -> None:
    """Inside the deciding transaction: the card goes over, or both hold half of the credit."""
    card = locked_with_customer(Prospect.objects.all(), approval.subject_id)
    taker = User.objects.filter(pk=approval.detail["to"]).first()
    check_taker(card, taker)
    if approval.detail.get("code") == ClaimWish.SHARE:
        _share(card, taker, by=by)
        return
    giver = card.owner_id
    if card.status == ProspectStatus.OUT_OF_CONTROL:
        reactivate(card, by=by, reason=approval.reason)
    hand_over(card, taker, by=by, reason=approval.reason)
    record(by=by, action="prospect.reassign", target=card, changes={"from": giver, "to": approval.detail["to"]})


def answer_rejected(approval: Approval, by: Any) -> None:
    """The owner goes on; the approval itself tells the asker."""
    card = Prospect.objects.get(pk=approval.subject_id)
    record(by=by, action="prospect.claim_rejected", target=card)


def answer_url(approval: Approval) -> str:
    """Where the answer is read: a claimant whose claim failed reaches only the list of requests."""
    if approval.kind == CLAIM:
        return "/approvals/"
    return reverse("leads:prospect_detail", args=[approval.subject_id])


def answer_opens(approval: Approval, reader: Any) -> str:
    """The card, for whoever reaches it: who decides about a claim looks at it, who claims does not see it."""
    seen = Prospect.objects.visible_to(reader).filter(pk=approval.subject_id).exists()
    return reverse("leads:prospect_detail", args=[approval.subject_id]) if seen else ""


def _share(card: Prospect, other: Any, *, by: Any) -> None:
    """Half each (§5.11); a later decision writes over an earlier one."""
    CreditShare.objects.filter(prospect=card).delete()
    CreditShare.objects.bulk_create(
        CreditShare(prospect=card, user=person, share=HALF, given_by=by, given_at=periods.now())
        for person in (card.owner, other)
    )
    record(by=by, action="prospect.share", target=card, changes={"with": other.pk, "share": HALF})


def _ask(card: Prospect, kind: str, title: str, detail: dict[str, Any], reason: str, *, by: Any) -> Approval:
    row = ask(
        by=by, store=card.store, kind=kind, subject_id=card.pk, title=title, level=1, reason=reason, detail=detail
    )  # fmt: skip
    record(by=by, action=kind, target=card, changes={"to": detail["to"]})
    return row


def _reason(text: str) -> str:
    reason = clean_text(text)[:200]
    if len(reason) < 2:
        raise DomainError("reason_missing", "请填写原因。", {"reason": ["请填写原因。"]})
    return reason
