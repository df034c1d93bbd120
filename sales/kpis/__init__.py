"""KPIs of the sales app (domain.md §3.1–§3.6): orders, money, stock and targets; orders against their customers."""

from dealership.core.kpi import Kpi
from sales.kpis import customers, orders
from sales.kpis.orders import (
    DELIVERIES,
    GP_PER_UNIT,
    ORDERS,
    RECEIVABLE_BALANCE,
    STOCK_DAYS,
    STOCK_UNITS,
    orders_standing_at,
    vehicles_standing_at,
)

KPIS: tuple[Kpi, ...] = (*orders.KPIS, *customers.KPIS)
BY_KEY = {kpi.key: kpi for kpi in KPIS}

__all__ = [
    "BY_KEY",
    "DELIVERIES",
    "GP_PER_UNIT",
    "KPIS",
    "ORDERS",
    "RECEIVABLE_BALANCE",
    "STOCK_DAYS",
    "STOCK_UNITS",
    "orders_standing_at",
    "vehicles_standing_at",
]
