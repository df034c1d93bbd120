"""KPI definitions with their rows, and month close."""

from __future__ import annotations

from dealership.core import periods
from dealership.core.periods import Period
from dealership.tests.matrix import WRITE, Url, World, pages
from reports.models import MonthClose

KPI = {"kwargs": {"key": "first_visits"}, "also": frozenset({403, 404})}
CLOSE = {"row": "month_close", "resource": "month_close"}
# A roll-up may be refused by the close's state.
BY_STATE = frozenset({403})

URLS = {
    **pages("reports:kpi_list", "api-kpis-list", also=frozenset({403, 404})),
    **pages("reports:kpi_rows", "api-kpis-detail", "api-kpis-rows", query="?period=2026-11", **KPI),
    **pages("reports:board", "reports:month", also=frozenset({403, 404})),
    **pages("reports:losses", "reports:sources", also=frozenset({403, 404})),
    # 422: the Monday must be given
    **pages("reports:grade_rows", query="?week=2026-11-09", also=frozenset({403, 404, 422})),
    "reports:registers": Url(also=frozenset({403})),
    # 403 for a role that reaches no such rows, 422 where the store has nobody who sells.
    "reports:register": Url(kwargs={"kind": "visits"}, also=frozenset({403, 404})),
    "reports:register_sign": Url(WRITE, kwargs={"act": "sign"}, also=frozenset({403, 404})),
    "reports:prospect_sheet": Url(row="prospect", resource="prospect"),
    "reports:owner_sheet": Url(row="owned_vehicle", resource="owned_vehicle"),
    "reports:workbook": Url(("GET", "POST"), also=frozenset({403, 404})),
    **pages("reports:close_list", "api-month-closes-list", also=frozenset({403, 404})),
    **pages("reports:close_detail", "api-month-closes-detail", **CLOSE),
    "reports:close_version": Url(
        row="month_close", resource="month_close", kwargs={"number": 1}, also=frozenset({404})
    ),
    **pages("reports:close_recheck", "api-month-closes-recheck", methods=WRITE, act="month.recheck", **CLOSE),
    **pages("reports:close_confirm", "api-month-closes-confirm", methods=WRITE, act="month.confirm", **CLOSE),
    **pages("reports:close_close", "api-month-closes-close", methods=WRITE, act="month.close", **CLOSE),
    "reports:close_reopen": Url(WRITE, act="month.reopen", **CLOSE),
    "reports:close_reopen_confirm": Url(WRITE, act="month.reopen_confirm", **CLOSE),
    "api-month-closes-workbook": Url(("GET", "POST"), act="workbook.make", also=frozenset({403, 404}), **CLOSE),
    # the same address asks (finance) and agrees (general manager), who is then told that nothing was asked
    "api-month-closes-reopen": Url(WRITE, also=BY_STATE, **CLOSE),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """Last month of both stores."""
    month = Period.containing("month", periods.today()).previous().start
    own = MonthClose.objects.create(store=world.store, month=month)
    other = MonthClose.objects.create(store=world.other_store, month=month)
    return {"month_close": {"own": own.pk, "team": own.pk, "other": other.pk}}
