"""The menu in the order of product.md §6. An entry is shown when its page exists and the person reaches its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dealership.core.scoping import reach_for
from dealership.org.choices import Role
from dealership.org.reach import can, has_role, memberships_of
from dealership.org.roles import SELLING_ROLES


@dataclass(frozen=True)
class Entry:
    """`resource` must be within reach; `act`, when given, permitted; one of `roles`, when given, held.

    `short` is the word on the phone's bar.
    """

    label: Any
    icon: str
    url_name: str
    resource: str = ""
    act: str = ""
    roles: tuple[Role, ...] = ()
    short: Any = ""


SECTIONS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    ("", (Entry(_("今日"), "outline/home.svg", "today"),)),
    (
        _("客户"),
        (
            Entry(
                _("来店登记"), "outline/user-plus.svg", "leads:visit_new", "visit", "visit.register", short=_("登记")
            ),
            Entry(_("来店/来电登记表"), "outline/door-enter.svg", "leads:visit_list", "visit", short=_("登记表")),
            Entry(_("线索"), "outline/inbox.svg", "leads:lead_list", "lead"),
            Entry(_("线索公共池"), "outline/hand-grab.svg", "leads:lead_pool", "lead", "lead.pick"),
            Entry(_("导入"), "outline/table-import.svg", "leads:import_list", "import_batch", "lead.import"),
            Entry(_("意向客户"), "outline/users.svg", "leads:prospect_list", "prospect", short=_("客户")),
            Entry(_("今日H级客户"), "outline/focus-2.svg", "leads:focus", "follow_up", "follow_up.log", short=_("H级")),
            Entry(_("级别看板"), "outline/layout-kanban.svg", "leads:prospect_board", "prospect"),
            Entry(_("跟进质量"), "outline/zoom-check.svg", "leads:quality_list", "follow_up", "spot_check.record"),
            Entry(_("表卡抽查"), "outline/checkup-list.svg", "leads:spot_check_list", "prospect", "spot_check.record"),
            Entry(_("客户交接"), "outline/users-group.svg", "leads:handover_list", "prospect", "prospect.handover"),
            Entry(_("跟进日历"), "outline/calendar-event.svg", "leads:calendar", "follow_up"),
            Entry(_("代跟进安排"), "outline/user-share.svg", "leads:stand_in", "prospect", "duty.manage"),
            Entry(_("试乘试驾"), "outline/steering-wheel.svg", "leads:drive_calendar", "demo_car", short=_("试驾")),
            Entry(_("活动"), "outline/confetti.svg", "leads:campaign_list", "campaign"),
            Entry(_("培育池"), "outline/plant-2.svg", "leads:nurture_list", "nurture", "prospect.nurture"),
            Entry(_("失控客户"), "outline/alert-triangle.svg", "leads:out_of_control", "prospect", "loss.apply"),
            Entry(_("战败审批"), "outline/user-off.svg", "leads:loss_list", "loss_application", "loss.decide"),
            Entry(
                _("战败申请"),
                "outline/user-off.svg",
                "leads:loss_list",
                "loss_application",
                "loss.apply",
                SELLING_ROLES,
            ),
            Entry(_("休眠客户"), "outline/zzz.svg", "leads:dormant_list", "loss_application"),
            Entry(_("战败回访"), "outline/phone-check.svg", "leads:loss_calls", "loss_call_back", "loss.call_back"),
            Entry(_("保有客户"), "outline/car-garage.svg", "leads:owner_list", "owned_vehicle"),
        ),
    ),
    (
        _("销售"),
        (
            Entry(_("订单"), "outline/file-dollar.svg", "sales:deal_list", "deal"),
            Entry(_("库存"), "outline/car.svg", "sales:vehicle_list", "vehicle"),
            Entry(_("配车"), "outline/steering-wheel.svg", "sales:allocation_list", "vehicle", "vehicle.allocate"),
            Entry(_("收款"), "outline/cash.svg", "sales:payment_list", "payment"),
            Entry(_("日结"), "outline/calculator.svg", "sales:day_close", "day_close"),
            Entry(_("交车"), "outline/key.svg", "sales:delivery_list", "deal", "deal.documents"),
            Entry(_("价格表"), "outline/tag.svg", "sales:price_list", "catalogue"),
            Entry(_("车型与颜色"), "outline/palette.svg", "sales:catalogue", "catalogue", "price.change"),
        ),
    ),
    (_("目标"), (Entry(_("目标与达成"), "outline/target-arrow.svg", "sales:target_sheet", "target"),)),
    (
        _("检讨"),
        (
            Entry(
                _("我的日报"),
                "outline/notebook.svg",
                "reviews:mine",
                "review",
                "review.write",
                SELLING_ROLES,
                short=_("日报"),
            ),
            Entry(_("团队日报"), "outline/clipboard-check.svg", "reviews:team", "review", "review.comment"),
            Entry(_("晚报"), "outline/moon.svg", "reviews:evening", "review", roles=(Role.SHOWROOM_MANAGER,)),
            Entry(_("排班"), "outline/calendar-user.svg", "rota:page", "duty", "leave.ask"),
            Entry(_("审批"), "outline/checks.svg", "approvals:list", "approval"),
        ),
    ),
    (
        _("报表"),
        (
            Entry(_("实时看板"), "outline/chart-bar.svg", "reports:board", "figure"),
            Entry(_("三表两卡"), "outline/table.svg", "reports:registers", "visit"),
            Entry(_("月度报表"), "outline/calendar-stats.svg", "reports:month", "figure"),
            Entry(_("来源分析"), "outline/chart-arrows.svg", "reports:sources", "campaign"),
            Entry(_("战败分析"), "outline/chart-donut.svg", "reports:losses", "loss_application", "report.view"),
            Entry(_("指标口径"), "outline/math-function.svg", "reports:kpi_list", "figure"),
            Entry(_("月结"), "outline/lock.svg", "reports:close_list", "month_close"),
            Entry(_("销售月报"), "outline/file-spreadsheet.svg", "reports:workbook", "figure", "workbook.make"),
            Entry(_("后台任务"), "outline/progress.svg", "jobs:list", "job"),
        ),
    ),
    (
        _("设置"),
        (
            Entry(_("人员与岗位"), "outline/id-badge-2.svg", "org:people", "store", "settings.view"),
            Entry(_("业务策略"), "outline/adjustments.svg", "org:policies", "store", "settings.view"),
            Entry(_("线索分配"), "outline/arrows-split.svg", "leads:lead_settings", "lead", "lead.settings"),
            Entry(_("工作日历"), "outline/calendar.svg", "org:calendar", "store", "settings.view"),
            Entry(_("系统状态"), "outline/heartbeat.svg", "jobs:health", "store", "job.manage"),
            Entry(_("操作记录"), "outline/history.svg", "org:audit", "audit"),
        ),
    ),
)
Section = tuple[Any, list[dict[str, Any]]]
# The bar at the bottom of the phone: the first four that exist for the person, then 更多.
TABS: tuple[str, ...] = (
    "today",
    "leads:prospect_list",
    "leads:visit_new",
    "sales:deal_list",
    "sales:payment_list",
    "reviews:mine",
)
TABS += ("sales:vehicle_list", "leads:visit_list", "reviews:team", "reports:close_list", "reports:board", "org:people")


def _shown(user: Any, entry: Entry) -> bool:
    if entry.resource and reach_for(user, entry.resource).is_empty:
        return False
    if entry.roles and not has_role(user, entry.roles):
        return False
    return not entry.act or can(user, entry.act)


_known: dict[frozenset[tuple[str, bool, bool]], list[Section]] = {}


def _sections(user: Any) -> list[Section]:
    """What the posts a person holds open; two people with the same kinds of posts have one menu."""
    held = frozenset((row.role, row.store_id is None, row.team_id is None) for row in memberships_of(user))
    if held not in _known:
        _known[held] = list(_resolved(user))
    return _known[held]


def _resolved(user: Any) -> Iterator[Section]:
    for title, entries in SECTIONS:
        rows = []
        for entry in entries:
            try:
                url = reverse(entry.url_name)
            except NoReverseMatch:
                continue
            if _shown(user, entry):
                short = entry.short or entry.label
                rows.append(
                    {"label": entry.label, "short": short, "icon": entry.icon, "url": url, "name": entry.url_name}
                )
        if rows:
            yield title, rows


def menu_for(user: Any, path: str) -> dict[str, Any]:
    """`sections` of the menu, the `tabs` of the phone, the entry the path belongs to, the `names` of what is open."""
    if not memberships_of(user):
        return {"sections": [], "tabs": [], "current": "", "names": frozenset()}
    sections = _sections(user)
    flat = {row["name"]: row for _title, rows in sections for row in rows}
    current = max(
        (row for row in flat.values() if path.startswith(row["url"])), key=lambda r: len(r["url"]), default=None
    )
    # Who lives on raw leads has them beside Today.
    wanted = (TABS[0], "leads:lead_list", *TABS[1:]) if has_role(user, (Role.DCC_AGENT,)) else TABS
    tabs = [flat[name] for name in wanted if name in flat][:4]
    current_url = current["url"] if current else ""
    return {"sections": sections, "tabs": tabs, "current": current_url, "names": frozenset(flat)}
