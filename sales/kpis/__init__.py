"""KPIs of the sales app (domain.md §3.1–§3.6): orders, money, stock and targets; orders against their customers."""

from dealership.core.kpi import Kpi
from sales.kpis import customers, delivery, orders
from sales.kpis.orders import (
    CANCELLATIONS,
    DELIVERIES,
    GP_PER_UNIT,
    INVOICE_AMOUNTS,
    ORDERS,
    RECEIVABLE_BALANCE,
    STOCK_DAYS,
    STOCK_UNITS,
    orders_standing_at,
    vehicles_standing_at,
)

KPIS: tuple[Kpi, ...] = (*orders.KPIS, *delivery.KPIS, *customers.KPIS)
BY_KEY = {kpi.key: kpi for kpi in KPIS}

__all__ = [
    "BY_KEY",
    "CANCELLATIONS",
    "DELIVERIES",
    "GP_PER_UNIT",
    "INVOICE_AMOUNTS",
    "KPIS",
    "ORDERS",
    "RECEIVABLE_BALANCE",
    "STOCK_DAYS",
    "STOCK_UNITS",
    "orders_standing_at",
    "vehicles_standing_at",
]
