"""撤回登记: a receipt entered by mistake is taken back until the cashier has answered it (§4.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealership.audit.models import AuditEntry
from dealership.core.errors import Conflict, NotAllowed, NotFound
from sales.choices import DealStatus, PaymentStatus
from sales.models import Payment
from sales.selectors.money import outstanding
from sales.services import payment as payments
from sales.tests import builders as build
from sales.tests.builders import Staff


def test_r_pay_a_waiting_entry_is_taken_back_by_its_seller_alone(store: Any, staff: Staff, person: Any) -> None:
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    row = build.pay(staff, deal, 5000, "deposit", clear=False)
    for other, refusal in ((staff.cashier, NotAllowed), (staff.admin, NotAllowed), (staff.finance, NotAllowed),
                           (person("sales_consultant", store), NotFound)):  # fmt: skip
        with pytest.raises(refusal):
            payments.payment_withdraw(by=other, payment_id=row.pk)
    assert payments.payment_withdraw(by=staff.consultant, payment_id=row.pk).status == PaymentStatus.WITHDRAWN
    assert AuditEntry.objects.filter(action="payment.withdraw", actor=staff.consultant).count() == 1
    for again in (payments.payment_withdraw, payments.payment_clear):
        with pytest.raises(Conflict, match="已撤回"):
            again(by=staff.consultant if again is payments.payment_withdraw else staff.cashier, payment_id=row.pk)
    second = build.pay(staff, deal, 5000, "deposit")  # what was taken back takes no room of the receivable
    deal.refresh_from_db()
    assert (deal.status, outstanding(deal)) == (DealStatus.ORDERED, deal.contract_amount - 5000)
    before = Payment.objects.filter(pk=second.pk).values().get()
    with pytest.raises(Conflict, match="不能撤回；如登记有误，请财务冲销"):
        payments.payment_withdraw(by=staff.consultant, payment_id=second.pk)
    assert Payment.objects.filter(pk=second.pk).values().get() == before
    mine = payments.payment_register(
        by=staff.cashier, deal_id=deal.pk, purpose="balance", method="cash", amount=Decimal(1)
    )
    assert payments.payment_withdraw(by=staff.cashier, payment_id=mine.pk).status == PaymentStatus.WITHDRAWN
