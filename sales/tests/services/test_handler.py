"""Who took an order over works its money too: sees the receipts of the seller and asks for refunds of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dealership.core.errors import DomainError, NotFound
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from sales.models import Payment, Refund
from sales.selectors.payment import payment_list, payments_of
from sales.services.payment import refund_request
from sales.tests.builders import deal_in, make_staff

pytestmark = pytest.mark.django_db


def test_the_handler_reaches_receipts_and_refunds_of_the_order_and_nothing_else(store, other_store):
    staff = make_staff(store)
    taken, other = deal_in("ordered", staff, store), deal_in("ordered", staff, store)
    handler, colleague = (make_person(Role.SALES_CONSULTANT, store) for _ in range(2))
    assert not payment_list(user=handler).exists()
    taken.handler = handler
    taken.save(update_fields=["handler"])
    receipts = list(Payment.objects.filter(deal=taken))
    assert receipts
    assert list(payment_list(user=handler).order_by("pk")) == receipts
    assert list(payments_of(user=handler, deal=other)) == []
    # For the handler the refusal is about the money; for a colleague there is no such receipt.
    refund = {"payment_id": receipts[0].pk, "amount": Decimal(100), "reason": "客户多付了"}
    for person, refusal in ((handler, DomainError), (colleague, NotFound)):
        with pytest.raises(refusal) as refused:
            refund_request(by=person, **refund)
        assert type(refused.value) is refusal
    assert not Refund.objects.exists()
    # Somebody who handles it in a store where they do not work any more sees nothing.
    abroad = make_person(Role.SALES_CONSULTANT, other_store)
    taken.handler = abroad
    taken.save(update_fields=["handler"])
    assert not payment_list(user=abroad).exists()
