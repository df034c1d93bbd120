"""Price list and what can be sold (R-DISC). Rows in use are taken off sale, never deleted.

Prices are dated and never edited: a new price is a new entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Model

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.money import ZERO, quantize
from dealership.core.services import check_version, lock, service
from dealership.org.models import Series, Store
from dealership.org.reach import can
from sales.models import Colour, Configuration, Deal, PriceEntry
from sales.selectors.catalogue import brands_seen, price_in_force, seen_of, series_seen

R = TypeVar("R", Series, Configuration, Colour)


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
    _require(by, configuration.series.brand_id)
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
def price_withdraw(*, by: User, price_id: int) -> None:
    """Take back a price that is not in force yet. One that a quote may have been made with stays for good."""
    entry = PriceEntry.objects.visible_to(by).filter(pk=price_id).first()
    if entry is None:
        raise NotFound
    _require(by, entry.configuration.series.brand_id)
    if entry.effective_from <= periods.today() or Deal.objects.filter(price_entry=entry).exists():
        raise Conflict("price_in_force", "该价格已经生效或已用于报价，不能撤回；请登记新的价格。")
    record(by=by, action="price.withdraw", target=entry, changes={"from": entry.effective_from, "msrp": entry.msrp})
    entry.delete()


@service
def series_add(*, by: User, brand_id: int, name: str, body: str = "sedan", is_nev: bool = False) -> Series:
    """Add a model line to a brand of the actor's stores."""
    _brand(by, brand_id)
    row = Series.objects.create(brand_id=brand_id, is_nev=is_nev, **_checked(Series, name=name, body=body))
    record(by=by, action="series.add", target=row, changes={"name": row.name})
    return row


@service
def series_change(*, by: User, series_id: int, version: int | None, changes: Mapping[str, Any]) -> Series:
    """Rename a model line, correct its kind, or take it off sale; cards, deals and cars keep it."""
    row = _locked(Series, by, series_id)
    _require(by, row.brand_id)
    return _change(row, by, version, changes, {"name", "body", "is_nev", "is_active"})


@service
def configuration_add(*, by: User, series: Series, name: str, code: str = "") -> Configuration:
    """Add a trim level to a series of the actor's brand."""
    if not series_seen(user=by).filter(pk=series.pk).exists():
        raise NotFound
    _require(by, series.brand_id)
    row = Configuration.objects.create(series=series, **_checked(Configuration, name=name, code=code))
    record(by=by, action="configuration.add", target=row, changes={"name": row.name})
    return row


@service
def configuration_change(
    *, by: User, configuration_id: int, version: int | None, changes: Mapping[str, Any]
) -> Configuration:
    """Rename a trim level or take it off sale: new quotes and cars cannot name it, deals and stock keep it."""
    row = _locked(Configuration, by, configuration_id)
    _require(by, row.series.brand_id)
    return _change(row, by, version, changes, {"name", "code", "is_active"})


@service
def colour_add(*, by: User, brand_id: int, name: str) -> Colour:
    """Add an exterior colour to the actor's brand."""
    _brand(by, brand_id)
    row = Colour.objects.create(brand_id=brand_id, **_checked(Colour, name=name))
    record(by=by, action="colour.add", target=row, changes={"name": row.name})
    return row


@service
def colour_change(*, by: User, colour_id: int, version: int | None, changes: Mapping[str, Any]) -> Colour:
    """Rename a colour or stop offering it; deals and cars keep it."""
    row = _locked(Colour, by, colour_id)
    _require(by, row.brand_id)
    return _change(row, by, version, changes, {"name", "is_active"})


def _brand(by: User, brand_id: int) -> None:
    if not brands_seen(user=by).filter(pk=brand_id).exists():
        raise NotFound
    _require(by, brand_id)


def _require(by: User, brand_id: int) -> None:
    """The act in a store that sells the brand."""
    stores = Store.objects.filter(brand_id=brand_id).values_list("pk", flat=True)
    if not any(can(by, "price.change", store_id) for store_id in stores):
        raise NotAllowed


def _locked(model: type[R], by: User, pk: int) -> R:
    """A row of the catalogue within reach, locked (the scope joins stores, so it is asked first)."""
    if not seen_of(model, user=by).filter(pk=pk).exists():
        raise NotFound
    return lock(model._default_manager.all(), pk)


def _change(row: R, by: User, version: int | None, changes: Mapping[str, Any], allowed: set[str]) -> R:
    check_version(row, version, **{name: getattr(row, name) for name in sorted(allowed)})
    if unknown := set(changes) - allowed:
        raise DomainError("field_fixed", "含有不能修改的项目。", {name: ["此项不能修改。"] for name in unknown})
    before = {name: getattr(row, name) for name in changes}
    texts = {name: value for name, value in changes.items() if isinstance(value, str)}
    for name, value in {**changes, **_checked(type(row), **texts)}.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    kind = type(row).__name__.lower()
    record(by=by, action=f"{kind}.change", target=row, changes={n: [before[n], getattr(row, n)] for n in changes})
    return row


def _checked(model: type[Model], **texts: str) -> dict[str, str]:
    """Trimmed words of the right length and, where the model knows a list, of that list."""
    problems: dict[str, list[str]] = {}
    cleaned = {name: text.strip() for name, text in texts.items()}
    for name, text in cleaned.items():
        column: Any = model._meta.get_field(name)
        if name == "name" and not text:
            problems[name] = ["请填写名称。"]
        elif len(text) > (column.max_length or 0):
            problems[name] = [f"最多{column.max_length}个字。"]
        elif column.choices and text not in dict(column.flatchoices):
            problems[name] = ["选项无效，请重新选择。"]
    if problems:
        raise DomainError("catalogue_invalid", next(iter(problems.values()))[0], problems)
    return cleaned
