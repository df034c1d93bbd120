"""Order and receipt numbers. Called inside the transaction of the event that needs the number."""

from __future__ import annotations

import datetime as dt

from dealership.org.models import Store
from sales.models import NumberSequence


def order_number(store: Store, day: dt.date) -> str:
    """`门店-YYYYMM-####`, one run per store and month."""
    return f"{store.code}-{day:%Y%m}-{_next(store, 'order', f'{day:%Y%m}'):04d}"


def receipt_number(store: Store, day: dt.date) -> str:
    """`门店-SJYYYYMMDD-####`, one run per store and day."""
    return f"{store.code}-SJ{day:%Y%m%d}-{_next(store, 'receipt', f'{day:%Y%m%d}'):04d}"


def _next(store: Store, kind: str, span: str) -> int:
    """A rollback gives the number back: the counter row stays locked until the event is committed."""
    NumberSequence.objects.get_or_create(store=store, kind=kind, span=span)
    row = NumberSequence.objects.select_for_update().get(store=store, kind=kind, span=span)
    row.last += 1
    row.save(update_fields=["last"])
    return row.last
