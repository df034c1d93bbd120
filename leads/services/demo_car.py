"""Writes of demo cars: kept by the showroom manager and the sales admin (`demo_car.manage`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.org.models import Series, Store
from dealership.org.reach import require
from leads.models import DemoCar
from leads.selectors.choices import series_of
from leads.selectors.drive import booked_ahead

FACTS = ("series", "description", "plate", "vin_tail", "colour", "insured_until", "is_active", "note")


@service
def demo_car_create(
    *, by: Any, store: Store, series: Series, description: str, plate: str, insured_until: dt.date, **facts: Any
) -> DemoCar:
    """A car customers may drive from now on. Refuses a foreign model and a plate the store has already."""
    require(by, "demo_car.manage", store.pk)
    car = DemoCar(store=store)
    _set(car, {"series": series, "description": description, "plate": plate, "insured_until": insured_until, **facts})
    car.save()
    record(by=by, action="demo_car.create", target=car, changes={"plate": car.plate})
    return car


@service
def demo_car_change(*, by: Any, car_id: int, version: int | None, details: Mapping[str, Any]) -> DemoCar:
    """Change what is known of a car, or take it out of use; refused while customers are booked on it."""
    car = lock(DemoCar.objects.visible_to(by), car_id)
    require(by, "demo_car.manage", car.store_id)
    changed = {name: value for name, value in details.items() if name in FACTS}
    check_version(car, version, **{name: str(getattr(car, name)) for name in changed})
    waiting = booked_ahead(car=car)
    if waiting and car.is_active and changed.get("is_active") is False:
        text = f"该车还有 {waiting} 个预约或在途的试驾，请先改约或取消，再停用。"
        raise DomainError("car_booked", text, {"is_active": [text]})
    _set(car, changed)
    car.touch()
    car.save()
    record(by=by, action="demo_car.change", target=car, changes={"fields": sorted(changed)})
    return car


def _set(car: DemoCar, facts: Mapping[str, Any]) -> None:
    for name in FACTS:
        if name in facts:
            value = facts[name]
            setattr(car, name, clean_text(value) if isinstance(value, str) else value)
    car.plate = car.plate.upper().replace(" ", "").replace("·", "")
    for name, label in (("plate", "车牌号"), ("description", "配置")):
        if not getattr(car, name):
            raise DomainError("car_incomplete", f"请填写{label}。", {name: [f"请填写{label}。"]})
    if not series_of(car.store).filter(pk=car.series_id).exists():
        raise DomainError("bad_series", "车系无效，请重新选择。", {"series": ["车系无效，请重新选择。"]})
    if car.insured_until.year > periods.today().year + 10:
        text = "保险到期日太远，请核对年份。"
        raise DomainError("insured_too_far", text, {"insured_until": [text]})
