"""KPI definitions with their rows, and month close."""

from __future__ import annotations

from typing import Any

from dealership.core import periods
from dealership.core.periods import Period
from dealership.tests.matrix import WRITE, Url, World, pages
from reports.models import MonthClose

# A figure whose rows the reader never reaches is no address for them.
KPI: dict[str, Any] = {"kwargs": {"key": "first_visits"}, "resource": "visit", "hidden": 404}
CLOSE = {"row": "month_close", "resource": "month_close"}
UNSEEN = frozenset({404})
# A roll-up may be refused by the close's state.
BY_STATE = frozenset({403})

URLS = {
    "reports:kpi_list": Url(resource="figure"),
    "api-kpis-list": Url(),
    **pages("reports:kpi_rows", "api-kpis-detail", "api-kpis-rows", query="?period=2026-11", **KPI),
    **pages("reports:board", "reports:month", resource="figure"),
    "reports:losses": Url(resource="figure", needs=("loss_application",)),
    "reports:sources": Url(resource="figure", needs=("campaign",)),
    "reports:grade_rows": Url(resource="figure", needs=("prospect",), query="?week=2026-11-09"),
    "reports:registers": Url(resource="visit"),
    "reports:register": Url(resource="visit", kwargs={"kind": "visits"}),
    # The store is in the body: 404 for those who do not reach it.
    "reports:register_sign": Url(
        WRITE, act="register.sign", kwargs={"act": "sign"}, refs={"store": "store"}, also=UNSEEN, early=UNSEEN
    ),
    "reports:prospect_sheet": Url(row="prospect", resource="prospect"),
    "reports:owner_sheet": Url(row="owned_vehicle", resource="owned_vehicle"),
    "reports:workbook": Url(("GET", "POST"), view="workbook.make", act="workbook.make"),
    **pages("reports:close_list", "api-month-closes-list", resource="month_close"),
    **pages("reports:close_detail", "api-month-closes-detail", **CLOSE),
    "reports:close_version": Url(
        row="month_close", resource="month_close", kwargs={"number": 1}, also=frozenset({404})
    ),
    **pages("reports:close_recheck", "api-month-closes-recheck", methods=WRITE, act="month.recheck", **CLOSE),
    **pages("reports:close_confirm", "api-month-closes-confirm", methods=WRITE, act="month.confirm", **CLOSE),
    **pages("reports:close_close", "api-month-closes-close", methods=WRITE, act="month.close", **CLOSE),
    "reports:close_reopen": Url(WRITE, act="month.reopen", **CLOSE),
    "reports:close_reopen_confirm": Url(WRITE, act="month.reopen_confirm", **CLOSE),
    "api-month-closes-workbook": Url(("GET", "POST"), view="workbook.make", act="workbook.make", **CLOSE),
    # the same address asks (finance) and agrees (general manager), who is then told that nothing was asked
    "api-month-closes-reopen": Url(WRITE, also=BY_STATE, **CLOSE),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """Last month of both stores."""
    month = Period.containing("month", periods.today()).previous().start
    own = MonthClose.objects.create(store=world.store, month=month)
    other = MonthClose.objects.create(store=world.other_store, month=month)
    return {"month_close": {"own": own.pk, "team": own.pk, "other": other.pk}}
