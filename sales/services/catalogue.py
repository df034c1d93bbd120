"""Price list and what can be sold. Prices are dated and never edited: a new price is a new entry (R-DISC)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError, NotFound
from dealership.core.money import ZERO, quantize
from dealership.core.services import service
from dealership.org.models import Series
from dealership.org.reach import require
from sales.models import Colour, Configuration, PriceEntry
from sales.selectors.catalogue import price_in_force


def price_on(configuration: Configuration, day: dt.date) -> PriceEntry:
    """The price in force on a day; refuses when the configuration has none yet."""
    entry = price_in_force(configuration.pk, day)
    if entry is None:
        text = f"{configuration} 在 {day:%Y-%m-%d} 还没有生效的价格，请联系销售经理维护价格表。"
        raise DomainError("no_price", text, {"configuration": [text]})
    return entry


@service
def price_set(
    *, by: User, configuration_id: int, effective_from: dt.date, msrp: Decimal, consultant_authority: Decimal
) -> PriceEntry:
    """Add a dated price. Refused for past days (deals keep their entry) and an authority above the price."""
    configuration = Configuration.objects.visible_to(by).filter(pk=configuration_id).first()
    if configuration is None:
        raise NotFound
    require(by, "price.change")
    msrp, consultant_authority = quantize(msrp), quantize(consultant_authority)
    problems: dict[str, list[str]] = {}
    if effective_from < periods.today():
        problems["effective_from"] = ["生效日期不能早于今天。"]
    if msrp <= ZERO:
        problems["msrp"] = ["指导价必须大于0。"]
    if consultant_authority < ZERO or consultant_authority > msrp:
        problems["consultant_authority"] = ["顾问优惠权限应在0与指导价之间。"]
    if problems:
        raise DomainError("price_invalid", next(iter(problems.values()))[0], problems)
    entry = PriceEntry.objects.create(
        configuration=configuration,
        effective_from=effective_from,
        msrp=msrp,
        consultant_authority=consultant_authority,
    )
    record(by=by, action="price.set", target=entry, changes={"msrp": msrp, "authority": consultant_authority})
    return entry


@service
def configuration_add(*, by: User, series: Series, name: str, code: str = "") -> Configuration:
    """Add a trim level to a series of the actor's brand."""
    require(by, "price.change")
    row = Configuration(series=series, name=name.strip(), code=code.strip())
    row.save()
    if not Configuration.objects.visible_to(by).filter(pk=row.pk).exists():
        raise NotFound
    record(by=by, action="configuration.add", target=row)
    return row


@service
def colour_add(*, by: User, brand_id: int, name: str) -> Colour:
    """Add an exterior colour to the actor's brand."""
    require(by, "price.change")
    row = Colour.objects.create(brand_id=brand_id, name=name.strip())
    if not Colour.objects.visible_to(by).filter(pk=row.pk).exists():
        raise NotFound
    record(by=by, action="colour.add", target=row)
    return row
