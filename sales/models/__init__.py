"""Catalogue, stock, deals, money, delivery and targets."""

from sales.models.catalogue import Colour, Configuration, PriceEntry
from sales.models.day_close import DayClose, DayCloseLine
from sales.models.deal import Deal, DealLine, DealStateChange, PromiseChange
from sales.models.delivery import DeliveryDocument
from sales.models.payment import Invoice, Payment, Refund
from sales.models.sequence import NumberSequence
from sales.models.target import Target
from sales.models.vehicle import Allocation, Vehicle

__all__ = [
    "Allocation",
    "Colour",
    "Configuration",
    "DayClose",
    "DayCloseLine",
    "Deal",
    "DealLine",
    "DealStateChange",
    "DeliveryDocument",
    "Invoice",
    "NumberSequence",
    "Payment",
    "PriceEntry",
    "PromiseChange",
    "Refund",
    "Target",
    "Vehicle",
]
