"""KPIs of the customers' app (domain.md §3.1–§3.3) by topic. Who may see them is the reach of their rows.

Figures that stand on month openings are declared in `reports.kpis`, those over orders in `sales.kpis`.
"""

from dealership.core.kpi import Kpi
from leads.kpis import campaigns, cards, drives, losses, raw_leads, spot_checks, visits
from leads.kpis.cards import (
    CARDS_CREATED,
    CONTACTS,
    FOLLOW_UP_COUNT,
    FOLLOW_UP_ON_TIME_RATE,
    HEADCOUNT,
    NEW_CARDS,
    PROSPECTS_BY_GRADE,
    cards_open_at,
)
from leads.kpis.drives import DRIVES
from leads.kpis.grades import RISES
from leads.kpis.losses import LOSSES, LOSSES_AGREED
from leads.kpis.visits import FIRST_VISITS_KNOWN, INVITED_ARRIVED, RECEIVED, visit_rows

KPIS: tuple[Kpi, ...] = (
    *visits.KPIS,
    *raw_leads.KPIS,
    *cards.KPIS,
    *losses.KPIS,
    *drives.KPIS,
    *campaigns.KPIS,
    *spot_checks.KPIS,
)
BY_KEY = {kpi.key: kpi for kpi in KPIS}

__all__ = [
    "BY_KEY",
    "CARDS_CREATED",
    "CONTACTS",
    "DRIVES",
    "FIRST_VISITS_KNOWN",
    "FOLLOW_UP_COUNT",
    "FOLLOW_UP_ON_TIME_RATE",
    "HEADCOUNT",
    "INVITED_ARRIVED",
    "KPIS",
    "LOSSES",
    "LOSSES_AGREED",
    "NEW_CARDS",
    "PROSPECTS_BY_GRADE",
    "RECEIVED",
    "RISES",
    "cards_open_at",
    "visit_rows",
]
