"""Tables of the sheet 战败分析: the losses agreed in the month, one by one and grouped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from dealership.core import periods
from leads.choices import Grade
from leads.loss_choices import LossReason
from reports.selectors.losses import GAPS, Loss, band_of, loss_rows, losses_of
from reports.services.workbook_tables import UNKNOWN_SOURCE, MonthScope, Row

# What a line reads of these wide rows.
SHOWN = (
    *("decided_at", "reason", "competitor_brand", "competitor_model", "competitor_price", "grade"),
    *("customer__name", "customer__gender", "customer__kind", "owner__name", "owner__username"),
    *("decided_by__name", "decided_by__username", "prospect__source__name"),
)
NO_RIVAL = "未填竞品"
GROUPS = ("按原因", "按竞品", "按价差", "按顾问", "按申请时级别", "按来源")


def _labels(row: Loss) -> tuple[str, ...]:
    """The line a loss stands on in each group."""
    return (
        str(LossReason(row.reason).label),
        row.rival or NO_RIVAL,
        str(GAPS[band_of(row.gap)].label),
        row.owner,
        str(Grade(row.grade).label),
        row.source or UNKNOWN_SOURCE,
    )


def group_rows(scope: MonthScope) -> Iterator[Row]:
    """Every group's lines, biggest first; each group adds up to all losses."""
    found = [_labels(row) for row in losses_of(reader=scope.reader, store_id=scope.store.pk, period=scope.period)]
    for place, group in enumerate(GROUPS):
        for label, count in Counter(labels[place] for labels in found).most_common():
            yield {"group": group, "label": label, "losses": count, "whole": len(found)}


def detail_rows(scope: MonthScope) -> Iterator[Row]:
    """One line per loss in the order of the decisions."""
    rows = loss_rows(reader=scope.reader, store_id=scope.store.pk, period=scope.period)
    rows = rows.select_related("customer", "owner", "decided_by", "prospect__source").only(*SHOWN)
    rows = rows.order_by("decided_at", "pk")
    for row in rows.iterator(chunk_size=500):
        yield _detail(row)


def _detail(row: Any) -> Row:
    return {
        "decided_on": periods.local_date(row.decided_at),
        "customer": row.customer.display_name,
        "consultant": str(row.owner),
        "reason": row.get_reason_display(),
        "rival": f"{row.competitor_brand} {row.competitor_model}".strip(),
        "rival_price": row.competitor_price,
        "asked": row.asked,
        "gap": row.gap,
        "grade": row.get_grade_display(),
        "source": str(row.prospect.source or UNKNOWN_SOURCE),
        "decided_by": str(row.decided_by),
        "count": 1,
    }
