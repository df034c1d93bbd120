# ruff: noqa: INP001  a script beside its pictures, no package
"""Pictures of the main pages at 375 and 1440 px, taken from a running demo.

    ./dev up --detach
    .venv/bin/python docs/screenshots/make.py http://127.0.0.1:8000

The password is read from DEMO_PASSWORD or var/demo-password. Needs Debian's chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
SIZES = {375: 812, 1440: 900}
# who, name of the picture, address; `first:` opens the first link of that kind on the page before
PICTURES = (
    ("consultant1", "today", "/today/"),
    ("consultant1", "visit-new", "/customers/visits/new/"),
    ("consultant1", "prospects", "/customers/prospects/"),
    ("consultant1", "prospect-card", "first:/customers/prospects/"),
    ("consultant1", "grade-board", "/customers/prospects/board/"),
    ("consultant1", "bulk", "/customers/prospects/bulk/"),
    ("consultant1", "calendar", "/customers/calendar/"),
    ("consultant1", "focus", "/customers/focus/"),
    ("consultant1", "leads", "/customers/leads/"),
    ("consultant1", "lead", "first:/customers/leads/"),
    ("consultant1", "drives", "/customers/test-drives/"),
    ("consultant1", "drive-list", "/customers/test-drives/all/"),
    ("consultant1", "drive", "first:/customers/test-drives/"),
    ("consultant1", "deals", "/sales/deals/"),
    ("consultant1", "deal", "first:/sales/deals/"),
    ("consultant1", "stock", "/sales/stock/"),
    ("consultant1", "daily-report", "/reviews/mine/"),
    ("consultant1", "profile", "/me/"),
    ("dcc", "lead-pool", "/customers/leads/pool/"),
    ("manager", "loss-applications", "/customers/losses/"),
    ("manager", "loss-application", "first:/customers/losses/"),
    ("manager", "out-of-control", "/customers/out-of-control/"),
    ("manager", "dormant", "/customers/dormant/"),
    ("manager", "approvals", "/approvals/"),
    ("manager", "stand-in", "/customers/stand-in/"),
    ("manager", "rota", "/rota/"),
    ("manager", "visit-register", "/reports/registers/visits/"),
    ("manager", "grade-table", "/reports/registers/grades/"),
    ("manager", "progress-table", "/reports/registers/progress/"),
    ("manager", "activity-sheet", "/reports/registers/activity/"),
    ("manager", "follow-up-quality", "/customers/quality/"),
    ("manager", "hand-over", "/customers/handovers/new/"),
    ("manager", "imports", "/customers/imports/"),
    ("manager", "import", "first:/customers/imports/"),
    ("manager", "import-new", "/customers/imports/new/"),
    ("manager", "lead-settings", "/customers/leads/settings/"),
    ("manager", "campaigns", "/customers/campaigns/"),
    ("manager", "campaign", "first:/customers/campaigns/"),
    ("manager", "sources", "/reports/sources/"),
    ("manager", "loss-analysis", "/reports/losses/"),
    ("manager", "today-manager", "/today/"),
    ("manager", "team-reports", "/reviews/team/"),
    ("manager", "board", "/reports/board/"),
    ("manager", "month", "/reports/month/"),
    ("manager", "month-process", "/reports/month/?part=process"),
    ("manager", "targets", "/sales/targets/"),
    ("manager", "audit", "/settings/audit/"),
    ("group", "policies", "/settings/policies/"),
    ("group", "policy", "/settings/policies/care.schedule/"),
    ("group", "working-calendar", "/settings/calendar/"),
    ("admin", "people", "/settings/people/"),
    ("admin", "stores", "/settings/stores/"),
    ("salesmanager", "spot-checks", "/customers/spot-checks/"),
    ("salesmanager", "spot-check", "first:/customers/spot-checks/"),
    ("care", "call-backs", "/customers/call-backs/"),
    ("marketing", "nurture-pool", "/customers/nurture/"),
    ("cashier", "payments", "/sales/payments/"),
    ("finance", "day-close", "/sales/day-close/"),
    ("finance", "month-closes", "/reports/closes/"),
    ("finance", "month-close", "first:/reports/closes/"),
    ("finance", "workbook", "/reports/workbook/"),
)


def password() -> str:
    """The demo's password, from the environment or where `./dev up` keeps it."""
    kept = Path("var/demo-password")
    return os.environ.get("DEMO_PASSWORD") or kept.read_text().strip()


def sign_in(browser: Browser, base: str, user: str, width: int) -> Page:
    """A window of this width with somebody in it."""
    size = ViewportSize(width=width, height=SIZES[width])
    context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{base}/accounts/login/")
    page.fill("[name=login]", user)
    page.fill("[name=password]", password())
    page.click("button[type=submit]")
    page.wait_for_url("**/today/")
    return page


def take(page: Page, base: str, name: str, address: str, width: int) -> None:
    """One picture; a page that scrolls sideways is said aloud."""
    if address.startswith("first:"):
        stem = address.removeprefix("first:")
        links = page.locator("main a[href]").evaluate_all("nodes => nodes.map(node => node.getAttribute('href'))")
        address = next(link for link in links if link.startswith(stem) and link.removeprefix(stem).strip("/").isdigit())
    page.goto(base + address)
    page.wait_for_load_state("networkidle")
    if page.evaluate("document.documentElement.scrollWidth") > width:
        print(f"{address} is wider than {width} px", file=sys.stderr)  # noqa: T201
    page.screenshot(path=HERE / f"{name}-{width}.png", animations="disabled")


def main(base: str) -> None:
    """All pictures."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    # Chromium's own words (date fields, file fields) in Chinese, where its language packs are installed.
    language: dict[str, str | float | bool] = {**os.environ, "LANGUAGE": "zh_CN", "LC_ALL": "zh_CN.UTF-8"}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments, env=language)
        for width in SIZES:
            who, page = "", None
            for user, name, address in PICTURES:
                if page is None or user != who:
                    who, page = user, sign_in(browser, base, user, width)
                take(page, base, name, address, width)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
