"""Booking test drives: made, moved, cancelled, not kept. What happens with the car is in `drive_run`.

Locks in the order card → car → drive. The exclusion constraint is the last guard against two bookings of one time; the
lock on the car lets whoever comes second read why, and when the car is free.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotFound
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.calendar import is_open
from dealership.org.policy import policy
from dealership.org.reach import require
from leads import policies
from leads.choices import DriveKind, DriveStatus
from leads.models import DemoCar, Prospect, TestDrive, TestDriveChange
from leads.selectors.drive import clash_of, next_free, when

Span = tuple[dt.datetime, dt.datetime]


@service
def drive_book(
    *,
    by: Any,
    prospect_id: int,
    car_id: int,
    starts_at: dt.datetime,
    minutes: int | None = None,
    kind: str = DriveKind.DRIVE,
    note: str = "",
) -> TestDrive:
    """Book a car of the card's store for its customer; `minutes` default to one slot.

    Refused: an ended card, a car out of use or without insurance on that day, a past or far time, outside the hours,
    longer than the policy, and a time somebody has (409, with the next free one).
    """
    card = lock(Prospect.objects.visible_to(by), prospect_id)
    require(by, "drive.book", card.store_id)
    if not policies.can_be_followed(card):
        raise DomainError("card_ended", f"该客户已{card.get_status_display()}，不能再预约试驾。")
    if kind not in DriveKind:
        raise DomainError("bad_kind", "请选择试驾或试乘。", {"kind": ["请选择试驾或试乘。"]})
    car = locked_car(card.store_id, car_id)
    span = checked_span(car, starts_at, minutes)
    drive = TestDrive(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, prospect=card, car=car, kind=kind,
        customer_id=card.customer_id, series_id=car.series_id, planned=DateTimeTZRange(*span), booked_by=by,
        note=clean_text(note)[:200],
    )  # fmt: skip
    drive.save()
    write_change(drive, "", by=by, reason=f"{when(span[0])} {car.plate}")
    if card.owner_id != by.pk:
        text = f"{by.name} 为您的客户预约了试驾：{when(span[0])}，{car}。"
        url = reverse("leads:drive_detail", args=[drive.pk])
        notify(to=[card.owner], kind="drive.booked", key=f"drive:{drive.pk}:booked", text=text, url=url)
    record(by=by, action="drive.book", target=drive, changes={"car": car.pk, "from": span[0], "until": span[1]})
    return drive


@service
def drive_move(
    *,
    by: Any,
    drive_id: int,
    car_id: int,
    starts_at: dt.datetime,
    minutes: int | None = None,
    version: int | None = None,
) -> TestDrive:
    """改约: another time or car for a booking; the same refusals as booking."""
    store_id = TestDrive.objects.visible_to(by).filter(pk=drive_id).values_list("store_id", flat=True).first()
    if store_id is None:
        raise NotFound
    require(by, "drive.book", store_id)
    car = locked_car(store_id, car_id)
    found = lock(TestDrive.objects.visible_to(by), drive_id)
    check_version(found, version, planned=when(found.starts_at))
    if found.status != DriveStatus.BOOKED:
        raise _wrong_state(found, "改约")
    span = checked_span(car, starts_at, minutes, excluding=found.pk)
    before = when(found.starts_at)
    found.car, found.series_id, found.planned = car, car.series_id, DateTimeTZRange(*span)
    saved(found)
    write_change(found, DriveStatus.BOOKED, by=by, reason=f"{when(span[0])} {car.plate}（由 {before} 改约）")
    record(by=by, action="drive.move", target=found, changes={"car": car.pk, "from": span[0], "until": span[1]})
    return found


@service
def drive_cancel(*, by: Any, drive_id: int, reason: str, version: int | None = None) -> TestDrive:
    """The customer will not come, or the car is needed: the time is free again."""
    drive = lock(TestDrive.objects.visible_to(by), drive_id)
    require(by, "drive.book", drive.store_id)
    check_version(drive, version, status=drive.get_status_display())
    reason = clean_text(reason)
    if len(reason) < 2:
        raise DomainError("reason_missing", "请填写取消原因。", {"reason": ["请填写取消原因。"]})
    move(drive, DriveStatus.CANCELLED, by=by, reason=reason)
    return drive


@service
def drive_no_show(*, by: Any, drive_id: int, version: int | None = None) -> TestDrive:
    """The customer did not come; only once the time has begun."""
    drive = lock(TestDrive.objects.visible_to(by), drive_id)
    require(by, "drive.book", drive.store_id)
    check_version(drive, version, status=drive.get_status_display())
    if drive.status == DriveStatus.BOOKED and periods.now() < drive.starts_at:
        text = f"还没到预约时间（{when(drive.starts_at)}），客户不来请用“取消预约”。"
        raise DomainError("too_early", text)
    move(drive, DriveStatus.NO_SHOW, by=by)
    return drive


def locked_car(store_id: int, car_id: int) -> DemoCar:
    """A usable car of the store, locked: bookings of one car go one after the other."""
    cars = DemoCar.objects.select_for_update(of=("self",)).filter(store_id=store_id, is_active=True)
    car: DemoCar | None = cars.filter(pk=car_id).first()
    if car is None:
        text = "该试驾车不在本店可预约的车辆里，请重新选择。"
        raise DomainError("bad_car", text, {"car": [text]})
    return car


def checked_span(car: DemoCar, starts_at: dt.datetime, minutes: int | None, *, excluding: int | None = None) -> Span:
    """The time asked for, when it is allowed and free; else a sentence, for a clash with the next free time."""
    day = periods.local_date(starts_at)
    length = dt.timedelta(minutes=minutes) if minutes else policies.drive_slot(car.store_id, day)
    _check_length(car, day, length)
    end = starts_at + length
    _check_time(car, starts_at, end)
    refuse_clash(car, starts_at, end, excluding=excluding)
    return starts_at, end


def _check_length(car: DemoCar, day: dt.date, length: dt.timedelta) -> None:
    longest = int(policy("test_drive.max_minutes", car.store_id, day))
    if not dt.timedelta(minutes=10) <= length <= dt.timedelta(minutes=longest):
        text = f"单次试驾时长请选 10 到 {longest} 分钟。"
        raise DomainError("bad_length", text, {"minutes": [text]})


def _check_time(car: DemoCar, start: dt.datetime, end: dt.datetime) -> None:
    day, moment = periods.local_date(start), periods.now()
    ahead = int(policy("test_drive.ahead_days", car.store_id))
    opens, closes = policies.drive_hours(car.store_id, day)
    if end <= moment:
        raise _bad_time("in_past", "不能预约已经过去的时间，请选择之后的时段。")
    if day > periods.today() + dt.timedelta(days=ahead):
        raise _bad_time("too_far", f"最多提前 {ahead} 天预约，请选择更近的日期。")
    if not is_open(day, car.store_id):
        raise _bad_time("closed_day", f"{periods.day_label(day)} 门店不营业，请换一天。")
    if start < opens or end > closes:
        hours = f"{periods.local_time(opens):%H:%M}–{periods.local_time(closes):%H:%M}"
        raise _bad_time("outside_hours", f"试驾只能约在 {hours} 之间，请换个时间。")
    if day > car.insured_until:
        text = f"该车保险 {periods.day_label(car.insured_until)} 到期，当天不能试驾，请换车或先续保。"
        raise DomainError("not_insured", text, {"car": [text]})


def refuse_clash(car: DemoCar, start: dt.datetime, end: dt.datetime, *, excluding: int | None = None) -> None:
    """409 when somebody has the car within this time; says who and when it is next free."""
    other = clash_of(car_id=car.pk, start=start, end=end, excluding=excluding)
    if other is None:
        return
    taken = f"{when(other.starts_at)}–{periods.local_time(other.ends_at):%H:%M}"
    free = next_free(car=car, after=start, length=end - start, excluding=excluding)
    text = f"{car.plate} 在 {taken} 已被{other.owner.name}约走。"
    text += f"该车最近的空闲时间是 {when(free)}，或换一台车。" if free else "该车近日没有空闲时段，请换一台车。"
    raise Conflict("drive_clash", text, {"starts_at": [text]})


def move(drive: TestDrive, to: str, *, by: Any, reason: str = "") -> None:
    """Move a locked drive through DRIVE_TRANSITIONS, save it and write history and audit."""
    before = drive.status
    if not policies.may_move_drive(before, to):
        raise _wrong_state(drive, DriveStatus(to).label)
    drive.status = to
    saved(drive)
    write_change(drive, before, by=by, reason=reason)
    record(by=by, action=f"drive.{to}", target=drive, changes={"from": before, "to": to})


def saved(drive: TestDrive) -> None:
    """Save a change with the next version."""
    drive.touch()
    drive.save()


def write_change(drive: TestDrive, before: str, *, by: Any, reason: str = "") -> None:
    """The history row of a move already made."""
    TestDriveChange.objects.create(
        drive=drive, store_id=drive.store_id, team_id=drive.team_id, owner_id=drive.owner_id, at=periods.now(), by=by,
        from_status=before, to_status=drive.status, planned=drive.planned, reason=reason[:200],
    )  # fmt: skip


def _wrong_state(drive: TestDrive, wanted: str) -> DomainError:
    now = drive.get_status_display()
    return DomainError("bad_transition", f"这次试驾当前为“{now}”，不能再操作“{wanted}”，请刷新后查看。")


def _bad_time(code: str, text: str) -> DomainError:
    return DomainError(code, text, {"starts_at": [text]})
