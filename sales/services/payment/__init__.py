"""Every write of money."""

from sales.services.payment.receipts import (
    payment_clear,
    payment_reconcile,
    payment_register,
    payment_reject,
    payment_reverse,
    payment_withdraw,
)
from sales.services.payment.refunds import refund_pay, refund_request

__all__ = [
    "payment_clear",
    "payment_reconcile",
    "payment_register",
    "payment_reject",
    "payment_reverse",
    "payment_withdraw",
    "refund_pay",
    "refund_request",
]
