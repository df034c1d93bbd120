"""Stored figures, opening snapshots and month closes."""

from reports.models.close import MonthClose, MonthVersion
from reports.models.fact import Fact, FillState
from reports.models.snapshot import (
    HotProspect,
    HotWeek,
    OpeningOrder,
    OpeningProspect,
    OpeningSnapshot,
    OpeningVehicle,
)
from reports.models.workbook import MonthRow

__all__ = [
    "Fact",
    "FillState",
    "HotProspect",
    "HotWeek",
    "MonthClose",
    "MonthRow",
    "MonthVersion",
    "OpeningOrder",
    "OpeningProspect",
    "OpeningSnapshot",
    "OpeningVehicle",
]
