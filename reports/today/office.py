"""Marketing, the group office and the administrator of the system."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.kpi import month_to_date
from dealership.core.money import ratio, show_ratio
from dealership.core.periods import Period
from dealership.core.templatetags.ui import clock
from dealership.jobs.models import Job, JobState
from dealership.org.models import Store
from leads.models import Prospect
from leads.selectors.nurture import ORDERINGS as NURTURE_ORDERINGS
from leads.selectors.nurture import nurture_list
from reports.figures import grouped
from reports.today.parts import Line, Parts, Section, Tile, cut, page
from sales.choices import TargetKind
from sales.models import Target

GROUP_KEYS = ("orders_gross", "retail_units", "new_cards")


def marketing(user: Any) -> Parts:
    """Who came into the nurture pool and was not invited yet, and the newest cards with their sources."""
    rows = Prospect.objects.visible_to(user).filter(**Period.day(periods.today()).filter("card_created_at"))
    rows = rows.select_related("source", "series", "owner").order_by("-card_created_at", "-id")
    lines, more = cut(
        [
            Line(
                str(row.source or _("来源未填")),
                " · ".join(str(part) for part in (row.get_card_channel_display(), row.series, row.owner) if part),
                clock(row.card_created_at),
                grade=row.grade,
            )
            for row in rows[:16]
        ],
        15,
    )
    url = page("leads:prospect_list")
    cards = Section("cards", _("今日新建卡与来源"), lines, url, _("今天还没有新建卡。"), more=more)
    return Parts([], [_to_warm_up(user), cards])


def _to_warm_up(user: Any) -> Section:
    """培育池: the latest who were not invited to anything."""
    rows = nurture_list(user=user).waiting().filter(is_invited=False).order_by(*NURTURE_ORDERINGS["-entered_at"])
    lines, more = cut(
        [
            Line(
                row.prospect.customer.display_name,
                " · ".join(
                    str(part) for part in (row.prospect.source, row.prospect.series, row.prospect.owner) if part
                ),
                _("%(score)s 分") % {"score": row.score},
                url=reverse("leads:prospect_detail", args=[row.prospect_id]),
                grade=row.prospect.grade,
            )
            for row in rows[:16]
        ],
        15,
    )
    empty = _("培育池里的客户都已邀请。")
    return Section("nurture", _("培育池待邀请"), lines, page("leads:nurture_list"), empty, more=more)


def group_office(user: Any, store_ids: Collection[int]) -> Parts:
    """Stores side by side, by the same definitions; the store that lags most is first."""
    month = month_to_date(periods.today())
    figures = grouped(reader=user, store_ids=store_ids, period=month, by="store", keys=GROUP_KEYS)
    targets = dict(
        Target.objects.visible_to(user)
        .filter(month=month.start, kind=TargetKind.DELIVERIES)
        .order_by()
        .values_list("store_id")
        .annotate(total=Sum("value"))
    )
    stores = Store.objects.visible_to(user).filter(pk__in=store_ids)
    rows = []
    for store in stores:
        found = figures.get(store.pk, {})
        cells = {key: found[key].value or 0 for key in GROUP_KEYS if key in found}
        attained = ratio(cells.get("retail_units"), targets.get(store.pk))
        note = _("订单 %(orders_gross).0f · 交车 %(retail_units).0f · 建卡 %(new_cards).0f") % cells
        side = _("达成 %(share)s") % {"share": show_ratio(attained)}
        line = Line(str(store), note, side, page("reports:board", store=store.pk))
        rows.append((attained if attained is not None else 9, store.pk, line))
    lines, more = cut([line for *_order, line in sorted(rows, key=lambda row: row[:2])], 30)
    return Parts([], [Section("stores", _("各门店本月"), lines, page("reports:board"), _("还没有门店。"), more=more)])


def administration() -> Parts:
    """Accounts and background work; no business rows (product.md §3)."""
    failed = Job.objects.filter(state=JobState.FAILED).order_by("-id")[:10]
    lines = [Line(row.kind, row.message, clock(row.finished_at), page("jobs:health"), is_late=True) for row in failed]
    tile = Tile(_("在用账号"), str(User.objects.filter(is_active=True).count()), _("个"), url=page("org:people"))
    return Parts([tile], [Section("jobs", _("失败的后台任务"), lines, page("jobs:health"), _("后台任务都正常。"))])
