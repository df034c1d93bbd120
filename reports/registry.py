"""The list of all KPIs. Each is declared once, in the app that owns its rows; this only gathers them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Grain, Kpi
from leads.kpis import KPIS as LEADS
from reports.kpis import KPIS as REPORTS
from reviews.kpis import KPIS as REVIEWS
from sales.kpis import KPIS as SALES

KPIS: tuple[Kpi, ...] = (*LEADS, *SALES, *REVIEWS, *REPORTS)
BY_KEY: dict[str, Kpi] = {kpi.key: kpi for kpi in KPIS}
STORED: tuple[Kpi, ...] = tuple(kpi for kpi in KPIS if kpi.minus is None)


def stored(grain: Grain) -> tuple[Kpi, ...]:
    """KPIs of one grain that have facts (differences are taken when read)."""
    return tuple(kpi for kpi in STORED if kpi.grain == grain)


def groups() -> list[tuple[Any, tuple[Kpi, ...]]]:
    """The definitions page: KPIs under the subject they belong to."""
    return [
        (_("客流与潜客"), LEADS),
        (_("月初存量与转化"), REPORTS),
        (_("订单、交车、金额与库存"), SALES),
        (_("日报"), REVIEWS),
    ]
