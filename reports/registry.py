"""The list of all KPIs. Each is declared once, in the app that owns its rows; this only gathers them."""

from __future__ import annotations

from dealership.core.kpi import Grain, Kpi
from leads.kpis import KPIS as LEADS
from reports.kpis import KPIS as REPORTS
from sales.kpis import KPIS as SALES

KPIS: tuple[Kpi, ...] = (*LEADS, *SALES, *REPORTS)
BY_KEY: dict[str, Kpi] = {kpi.key: kpi for kpi in KPIS}
STORED: tuple[Kpi, ...] = tuple(kpi for kpi in KPIS if kpi.minus is None)


def stored(grain: Grain) -> tuple[Kpi, ...]:
    """KPIs of one grain that have facts (differences are taken when read)."""
    return tuple(kpi for kpi in STORED if kpi.grain == grain)
