"""Where a row named by `kind` and id is shown; kinds without a page of their own have no link."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

PAGES: dict[str, str] = {
    "prospect": "leads:prospect_detail",
    "visit": "leads:prospect_detail",
    "deal": "sales:deal_page",
    "payment": "sales:payment_list",
    "day_close": "sales:day_close",
    "approval": "approvals:list",
    "vehicle": "sales:vehicle_page",
    "review": "reviews:detail",
    "campaign": "leads:campaign_detail",
    "lead": "leads:lead_detail",
    "loss": "leads:loss_detail",
    "drive": "leads:drive_detail",
    "spot_check": "leads:spot_check",
    "incomplete_visit": "leads:visit_complete",
    "kpi": "reports:kpi_rows",
}
LISTS = {"sales:payment_list", "approvals:list"}
# Pages of a day: the id is the day.
DAYS = {"sales:day_close"}


def page_of_row(kind: str, target_id: int | str | None) -> str:
    """The address, or empty when the row has no page."""
    name = PAGES.get(kind, "")
    if not name or (target_id is None and name not in LISTS):
        return ""
    if name in DAYS:
        return f"{reverse(name)}?day={target_id}"
    try:
        return reverse(name, args=() if name in LISTS else (target_id,))
    except NoReverseMatch:
        return ""
