"""The queues of the desks: reception, back office, delivery, cash, accounts, care."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.templatetags.ui import clock, day, money_filter
from dealership.org.choices import Role
from dealership.org.models import Membership
from dealership.org.reach import home_store
from dealership.org.roles import SELLING_ROLES
from leads.choices import VisitType
from leads.models import CareTask, Visit
from reports.choices import CloseState
from reports.models import MonthClose
from reports.today.parts import Line, Parts, Section, cut, page
from reports.today.selling import deal_line, visit_line
from sales.choices import CertificateStatus, DealStatus, PaymentStatus, RefundStatus
from sales.models import Deal, Payment, Refund
from sales.selectors.day_close import day_closes_waiting

LIMIT = 15


def reception(user: Any) -> Parts:
    """Who is in the showroom, what is not completed, who is on duty."""
    today = Visit.objects.visible_to(user).filter(**Period.day(periods.today()).filter("visited_at"))
    here = today.filter(left_at=None, channel="walk_in").select_related("owner", "customer").order_by("-visited_at")
    lines = [
        Line(
            str(visit.owner or _("等待接待")),
            _("%(n)s 人 · %(who)s") % {"n": visit.party_size, "who": visit.get_visit_type_display()},
            clock(visit.visited_at),
            page("leads:visit_list"),
            is_late=visit.owner_id is None,
        )
        for visit in here[:LIMIT]
    ]
    open_visits = Visit.objects.visible_to(user).filter(visit_type=VisitType.INCOMPLETE).order_by("-visited_at")
    waiting = [visit_line(visit) for visit in open_visits[:LIMIT]]
    sections = [
        Section("here", _("在店客户"), lines, page("leads:visit_list"), _("现在没有在店客户。")),
        Section("visits", _("未完善的来店登记"), waiting, page("leads:visit_list"), _("登记都已完善。")),
        on_duty(user),
    ]
    return Parts([], sections, [(_("登记来店"), page("leads:visit_new"))])


def on_duty(user: Any) -> Section:
    """Sellers who work today."""
    store = home_store(user)
    today = periods.today()
    rows = Membership.objects.filter(store=store, role__in=SELLING_ROLES, valid__contains=today, user__is_active=True)
    rows = rows.exclude(rest_weekday=today.weekday()).exclude(role=Role.DCC_AGENT)
    names = "、".join(rows.order_by("team_id", "user_id").values_list("user__name", flat=True))
    lines = [Line(_("今日在岗销售顾问"), names)] if names else []
    return Section("duty", _("值班"), lines, empty=_("今天没有排班。"))


def sales_admin(user: Any) -> Parts:
    """Orders that wait for a car, in the order they were made, and certificates that block a hand-over."""
    deals = Deal.objects.visible_to(user).select_related("customer", "configuration__series", "colour")
    waiting = deals.filter(status=DealStatus.ORDERED).order_by("ordered_at", "id")
    lines, more = cut(
        [
            Line(
                f"{deal.configuration} {deal.colour or ''}",
                f"{deal.customer} · {deal.number}",
                _("%(day)s 下订") % {"day": day(deal.ordered_at)},
                page("sales:deal_page", deal.pk),
            )
            for deal in waiting[: LIMIT + 1]
        ],
        LIMIT,
    )
    pledged = deals.filter(
        status__in=(DealStatus.ALLOCATED, DealStatus.PAID, DealStatus.INVOICED),
        vehicle__certificate_status=CertificateStatus.PLEDGED,
    ).order_by("promised_on", "id")
    blocked = [deal_line(deal) for deal in pledged[:LIMIT]]
    return Parts(
        [],
        [
            Section(
                "allocate", _("待配车订单"), lines, page("sales:allocation_list"), _("没有待配车的订单。"), more=more
            ),
            Section("certificates", _("合格证质押中的已售车"), blocked, empty=_("没有被合格证卡住的订单。")),
        ],
    )


def delivery(user: Any) -> Parts:
    """Cars to prepare and to hand over, the promised ones first."""
    deals = Deal.objects.visible_to(user).select_related("customer", "configuration__series")
    ready = deals.filter(status=DealStatus.READY).order_by("promised_on", "id")
    prepare = deals.filter(status=DealStatus.INVOICED).order_by("promised_on", "id")
    url = page("sales:delivery_list")
    return Parts(
        [],
        [
            Section("ready", _("待交车"), [deal_line(d) for d in ready[:LIMIT]], url, _("没有等待交付的车。")),
            Section(
                "prepare", _("PDI 与资料准备"), [deal_line(d) for d in prepare[:LIMIT]], url, _("没有要准备的车。")
            ),
        ],
    )


def cashier(user: Any) -> Parts:
    """Money that was announced, and refunds to pay out."""
    rows = Payment.objects.visible_to(user).filter(status=PaymentStatus.PENDING).order_by("registered_at", "id")
    rows = rows.select_related("deal__customer")
    lines, more = cut(
        [
            Line(
                f"{row.get_purpose_display()} {money_filter(row.amount)}",
                f"{row.payer_name} · {row.get_method_display()} · {row.deal}",
                day(row.registered_at),
                page("sales:payment_list"),
                is_late=(periods.now() - row.registered_at).days >= 2,
            )
            for row in rows[: LIMIT + 1]
        ],
        LIMIT,
    )
    refunds = Refund.objects.visible_to(user).filter(status=RefundStatus.APPROVED).select_related("deal")
    back = [
        Line(f"{row.deal}", row.reason, money_filter(row.amount), page("sales:deal_page", row.deal_id))
        for row in refunds.order_by("id")[:LIMIT]
    ]
    sections = [
        Section("payments", _("待到账收款"), lines, page("sales:payment_list"), _("没有待确认的收款。"), more=more),
        Section("refunds", _("待付退款"), back, empty=_("没有待付的退款。")),
    ]
    return Parts([], sections)


def finance(user: Any) -> Parts:
    """Invoices to issue, receipts and day-end counts to reconcile, months to close."""
    paid = (
        Deal.objects.visible_to(user).filter(status=DealStatus.PAID).select_related("customer", "configuration__series")
    )
    receipts = Payment.objects.visible_to(user).filter(status=PaymentStatus.CLEARED, reconciled_at=None)
    oldest = list(receipts.order_by("cleared_at").values_list("cleared_at", flat=True)[:100])
    waiting = []
    if oldest:
        count = f"{len(oldest)}{'+' if len(oldest) == 100 else ''}"
        note = _("最早到账 %(day)s") % {"day": day(oldest[0])}
        waiting = [Line(_("待对账收款"), note, _("%(n)s 笔") % {"n": count}, page("sales:payment_list"))]
    waiting += [
        Line(
            _("%(store)s %(day)s 日结") % {"store": row.store, "day": day(row.day)},
            row.submitted_by.name, row.get_state_display(), page("sales:day_close", store=row.store_id, day=row.day),
        )
        for row in day_closes_waiting(user=user)[:LIMIT]
    ]  # fmt: skip
    months = MonthClose.objects.visible_to(user).exclude(state=CloseState.CLOSED).select_related("store")
    closes = [
        Line(
            f"{row.store} {row.month.year}年{row.month.month}月",
            _("待处理 %(n)s 项") % {"n": len(row.open_blocks)},
            row.get_state_display(),
            page("reports:close_list"),
            is_late=bool(row.open_blocks),
        )
        for row in months.order_by("month")[:6]
    ]
    url = page("sales:deal_list", status=DealStatus.PAID)
    invoices = [deal_line(deal) for deal in paid.order_by("paid_at", "id")[:LIMIT]]
    sections = [
        Section("closes", _("月结"), closes, page("reports:close_list"), _("没有待关账的月份。")),
        Section("invoice", _("待开票订单"), invoices, url, _("没有待开票的订单。")),
        Section("reconcile", _("对账"), waiting, page("sales:payment_list"), _("收款都已对账。")),
    ]  # fmt: skip
    return Parts([], sections)


def care(user: Any) -> Parts:
    """Care calls that are due (R-CARE)."""
    rows = CareTask.objects.visible_to(user).filter(done_at=None, due_on__lte=periods.today())
    rows = rows.select_related("vehicle__customer").order_by("due_on", "id")
    lines, more = cut(
        [
            Line(
                row.vehicle.customer.display_name,
                row.vehicle.description,
                f"{row.get_kind_display()} {day(row.due_on)}",
                page("leads:owner_detail", row.vehicle_id),
                is_late=row.due_on < periods.today(),
            )
            for row in rows[: LIMIT + 1]
        ],
        LIMIT,
    )
    title, empty = _("今日应回访"), _("没有到期的回访。")
    return Parts([], [Section("care", title, lines, page("leads:owner_list"), empty, more=more)])
