"""Reads of spot checks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from dealership.core.errors import NotFound
from leads.models import SpotCheck


def spot_check_list(*, user: Any) -> QuerySet[SpotCheck]:
    """Checks within reach with what a row shows."""
    rows = SpotCheck.objects.visible_to(user)
    return rows.select_related("owner", "prospect__customer", "follow_up", "checked_by")  # type: ignore[no-any-return]


def spot_check_get(*, user: Any, pk: int) -> SpotCheck:
    """One check within reach; 404 otherwise."""
    row: SpotCheck | None = spot_check_list(user=user).select_related("store").filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row
