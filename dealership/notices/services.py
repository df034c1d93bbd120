"""Telling people something once, and marking it read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.services import service
from dealership.notices.models import Notice


@service
def notify(*, to: Iterable[User], kind: str, key: str, text: str, url: str = "") -> None:
    """One notice per person and key; called inside the transaction of the event."""
    rows = [Notice(recipient=person, kind=kind, key=key, text=text[:200], url=url) for person in to]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


@service
def mark_read(*, by: Any, notice_id: int | None = None) -> None:
    """Mark one notice of mine (or all of them) as read."""
    rows = Notice.objects.filter(recipient=by, read_at=None)
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    rows.update(read_at=periods.now())
