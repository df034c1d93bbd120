"""Every write of a deal, in the order of its life."""

from sales.services.deal.allocation import deal_allocate, deal_release_unpaid, deal_release_vehicle
from sales.services.deal.cancel import deal_cancel_request
from sales.services.deal.closing import (
    deal_close,
    deal_deliver,
    deal_invoice,
    deal_pdi,
    delivery_exception,
    document_set,
    documents_arrived,
)
from sales.services.deal.draft import (
    deal_ask_below_cost,
    deal_change,
    deal_create,
    deal_recall,
    deal_submit,
    deal_void,
)
from sales.services.deal.promise import deal_promise
from sales.services.deal.quote import deal_is_below_cost, deal_quote, default_deposit, quote_of
from sales.services.deal.red import deal_ask_red, deal_invoice_red
from sales.services.deal.settle import deal_loan_approve, deal_mark_paid

__all__ = [
    "deal_allocate",
    "deal_ask_below_cost",
    "deal_ask_red",
    "deal_cancel_request",
    "deal_change",
    "deal_close",
    "deal_create",
    "deal_deliver",
    "deal_invoice",
    "deal_invoice_red",
    "deal_is_below_cost",
    "deal_loan_approve",
    "deal_mark_paid",
    "deal_pdi",
    "deal_promise",
    "deal_quote",
    "deal_recall",
    "deal_release_unpaid",
    "deal_release_vehicle",
    "deal_submit",
    "deal_void",
    "default_deposit",
    "delivery_exception",
    "document_set",
    "documents_arrived",
    "quote_of",
]
