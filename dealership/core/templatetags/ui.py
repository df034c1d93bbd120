"""Template filters: dates `11-22 周日`, money, ratios, masked phones; and the address without one parameter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from dealership.core import masking, money, periods

register = template.Library()


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    """`11-22 周日`; other years carry theirs; None is an em dash."""
    if value is None:
        return "—"
    date = periods.local_date(value) if isinstance(value, dt.datetime) else value
    prefix = "" if date.year == periods.today().year else f"{date.year}-"
    return prefix + periods.day_label(date)


@register.filter
def moment(value: dt.datetime | None) -> str:
    """`11-22 周日 18:05`."""
    if value is None:
        return "—"
    return f"{day(value)} {periods.local_time(value):%H:%M}"


@register.filter
def clock(value: dt.datetime | None) -> str:
    """`18:05`."""
    return f"{periods.local_time(value):%H:%M}" if value else "—"


@register.filter
def apart(value: dt.datetime, other: dt.datetime) -> str:
    """How far two moments lie apart: `2 天 3 小时`, `5 小时 42 分钟`, `12 分钟`."""
    minutes = int(abs((value - other).total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, _("%s 天")), (hours, _("%s 小时")), (rest, _("%s 分钟"))]
    told = [words % number for number, words in parts if number]
    return " ".join(told[:2]) or _("%s 分钟") % 0


@register.filter(name="money")
def money_filter(value: Decimal | int | None) -> str:
    """`168,000.00`."""
    return money.show_money(value)


@register.filter
def wan(value: Decimal | int | None) -> str:
    """`16.80万`."""
    return money.show_wan(value)


@register.filter
def percent(value: Decimal | None) -> str:
    """0.824 → `82.4%`."""
    return money.show_ratio(value)


@register.filter
def masked(value: str) -> str:
    """`138****5678`."""
    return masking.mask_phone(value) if value else "—"


@register.filter
def dash(value: Any) -> Any:
    """Unknown shows as an em dash, never `None`."""
    return "—" if value is None or value == "" else value


@register.filter
def yes(value: bool | None) -> str:
    """是 / 否."""
    return "—" if value is None else (_("是") if value else _("否"))


BROWSERS = (
    ("Edg", "Edge"),
    ("MicroMessenger", "微信"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("HarmonyOS", "HarmonyOS"), ("Windows", "Windows"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


@register.filter
def device(user_agent: str) -> str:
    """`Chrome · Windows` of what a browser says about itself; the first words of anything else."""
    named = [next((name for mark, name in known if mark in user_agent), "") for known in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, named)) or user_agent[:40]


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The present query string with some parameters changed (None removes); paging is always dropped."""
    params = context["request"].GET.copy()
    for name in ("cursor", "view"):
        params.pop(name, None)
    for name, value in changes.items():
        params.pop(name, None)
        if value not in (None, ""):
            params[name] = value
    return f"?{params.urlencode()}"
