"""A test drive on its day: licence, agreement, out, back, and the alert when it takes too long (D18, R-PIPL)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.reach import people_in, require
from leads import policies
from leads.choices import (
    AGREEMENT_VERSION,
    AgreementKind,
    DriveAspect,
    DriveKind,
    DriveStatus,
    LicenceClass,
)
from leads.models import DemoCar, TestDrive
from leads.models.drive import MAX_ODOMETER
from leads.selectors.drive import companions_in, last_odometer, when
from leads.services.drive import move, refuse_clash, saved
from leads.signature import signature_path


@service
def drive_check_licence(
    *, by: Any, drive_id: int, licence_class: str, valid_until: dt.date, version: int | None = None
) -> TestDrive:
    """Somebody looked at the licence: class and validity are kept, no number and no picture (R-PIPL)."""
    drive = _to_prepare(by, drive_id, version)
    _write_licence(drive, licence_class, valid_until, by=by)
    saved(drive)
    record(by=by, action="drive.licence", target=drive, changes={"class": licence_class})
    return drive


@service
def drive_sign(
    *, by: Any, drive_id: int, strokes: Any = None, paper_note: str = "", version: int | None = None
) -> TestDrive:
    """The customer signed: drawn on the screen (`strokes`), or on paper with a note saying where it is kept."""
    drive = _to_prepare(by, drive_id, version)
    _write_agreement(drive, strokes, paper_note, by=by)
    saved(drive)
    record(by=by, action="drive.agreement", target=drive, changes={"kind": drive.agreement_kind})
    return drive


@service
def drive_ride_along(*, by: Any, drive_id: int, version: int | None = None) -> TestDrive:
    """试驾改试乘: the customer has no valid licence at hand and rides along; it will not count as a drive."""
    drive = _to_prepare(by, drive_id, version)
    drive.kind = DriveKind.RIDE
    saved(drive)
    record(by=by, action="drive.ride", target=drive)
    return drive


@service
def drive_start(
    *,
    by: Any,
    drive_id: int,
    odometer_out: int,
    route: str = "",
    accompanied_by: Any = None,
    licence: Mapping[str, Any] | None = None,
    agreement: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> TestDrive:
    """The car leaves. `licence` and `agreement` may be told in the same call (API).

    Refused while the licence is unchecked or over, the agreement unsigned, the insurance over, the car still out, the
    day another one, or the odometer below what the car showed last.
    """
    car_id = TestDrive.objects.visible_to(by).filter(pk=drive_id).values_list("car_id", flat=True).first()
    car = DemoCar.objects.select_for_update(of=("self",)).filter(pk=car_id).first()
    drive = _to_prepare(by, drive_id, version, act="出发")
    if licence:
        _write_licence(drive, licence["licence_class"], licence["valid_until"], by=by)
    if agreement:
        _write_agreement(drive, agreement.get("strokes"), agreement.get("paper_note", ""), by=by)
    if car is None or car.pk != drive.car_id:
        raise Conflict("stale", "这次试驾刚刚换了车，请刷新后再出发。")
    drive.car = car
    _check_ready(drive)
    _check_odometer_out(drive, odometer_out)
    _check_companion(drive, accompanied_by)
    drive.planned = DateTimeTZRange(*_real_span(drive))
    drive.odometer_out, drive.route = odometer_out, clean_text(route)[:60]
    drive.out_at, drive.accompanied_by = periods.now(), accompanied_by or by
    move(drive, DriveStatus.OUT, by=by)
    return drive


@service
def drive_finish(
    *,
    by: Any,
    drive_id: int,
    odometer_back: int,
    finished_at: dt.datetime | None = None,
    odometer_out: int | None = None,
    stars: Mapping[str, int] | None = None,
    feedback: str = "",
    version: int | None = None,
) -> TestDrive:
    """The car is back, and what the customer said. `odometer_out` mends a mistyped start.

    Refused: kilometres that go backwards or too far, a time before the start or after now, no feedback at all.
    """
    drive = lock(TestDrive.objects.visible_to(by), drive_id)
    require(by, "drive.run", drive.store_id)
    check_version(drive, version, status=drive.get_status_display())
    if drive.status != DriveStatus.OUT:
        text = f"这次试驾当前为“{drive.get_status_display()}”，不能登记还车，请刷新后查看。"
        raise DomainError("bad_transition", text)
    moment = finished_at or periods.now()
    if moment > periods.now() or (drive.out_at and moment < drive.out_at):
        raise _field("finished_at", "bad_time", "还车时间要在出发时间之后、不晚于现在。")
    if odometer_out is not None:
        drive.odometer_out = odometer_out
    _check_odometer_back(drive, odometer_back)
    drive.stars, drive.feedback = _checked_stars(stars or {}), clean_text(feedback)
    if not drive.stars and len(drive.feedback) < 2:
        raise _field("feedback", "feedback_missing", "请至少给一项打分，或写一句客户的反馈。")
    if len(drive.feedback) > 500:
        raise _field("feedback", "feedback_long", "客户反馈最多 500 字。")
    drive.odometer_back, drive.finished_at = odometer_back, moment
    move(drive, DriveStatus.FINISHED, by=by)
    return drive


@service
def drive_tell_overtime(*, drive_id: int) -> bool:
    """Tell consultant, companion and showroom manager once that a car is out too long. False when it is not (now)."""
    rows = TestDrive.objects.select_for_update(of=("self",), skip_locked=True).select_related("car", "owner")
    drive = rows.filter(pk=drive_id, status=DriveStatus.OUT, overdue_told_at=None).first()
    if drive is None or periods.now() < overtime_at(drive):
        return False
    people = {drive.owner, *people_in([drive.store_id], [Role.SHOWROOM_MANAGER])}
    if drive.accompanied_by:
        people.add(drive.accompanied_by)
    minutes = int((periods.now() - drive.ends_at).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    late = f"{hours} 小时 {rest} 分钟" if hours else f"{rest} 分钟"
    text = f"试驾车 {drive.car} 已超过计划还车时间 {late}，请联系客户，回店后登记还车。"
    url = reverse("leads:drive_detail", args=[drive.pk])
    notify(to=people, kind="drive.overtime", key=f"drive:{drive.pk}:overtime", text=text, url=url)
    drive.overdue_told_at = periods.now()
    drive.save(update_fields=["overdue_told_at", "updated_at"])
    record(by=None, action="drive.overtime", target=drive, changes={"minutes": minutes})
    return True


def drives_tell_overtime() -> int:
    """All cars that are out too long now; each in its own transaction. Called by the periodic job."""
    rows = TestDrive.objects.filter(status=DriveStatus.OUT, overdue_told_at=None)
    late = rows.filter(planned__endswith__lt=periods.now()).order_by("id").values_list("pk", flat=True)
    return sum(drive_tell_overtime(drive_id=drive_id) for drive_id in list(late[:500]))


def overtime_at(drive: TestDrive) -> dt.datetime:
    """When an alert is due."""
    return drive.ends_at + dt.timedelta(minutes=int(policy("test_drive.grace_minutes", drive.store_id)))


def _to_prepare(by: Any, drive_id: int, version: int | None, act: str = "登记") -> TestDrive:
    drive = lock(TestDrive.objects.visible_to(by), drive_id)
    require(by, "drive.run", drive.store_id)
    check_version(drive, version, status=drive.get_status_display())
    if drive.status != DriveStatus.BOOKED:
        text = f"这次试驾当前为“{drive.get_status_display()}”，不能再{act}，请刷新后查看。"
        raise DomainError("bad_transition", text)
    return drive


def _write_licence(drive: TestDrive, licence_class: str, valid_until: dt.date, *, by: Any) -> None:
    if licence_class not in LicenceClass:
        raise _field("licence_class", "bad_licence", "请选择驾驶证上的准驾车型。")
    if valid_until < periods.today():
        day = valid_until.isoformat()
        text = f"驾驶证有效期至 {day}，已经过期，不能试驾；可改为试乘。"
        raise _field("valid_until", "licence_over", text)
    if valid_until.year > 2099:
        raise _field("valid_until", "bad_date", "有效期太远，请核对年份；长期有效请填 2099-12-31。")
    drive.licence_class, drive.licence_valid_until = licence_class, valid_until
    drive.licence_checked_at, drive.licence_checked_by = periods.now(), by


def _write_agreement(drive: TestDrive, strokes: Any, paper_note: str, *, by: Any) -> None:
    note = clean_text(paper_note)
    if strokes is not None:
        drive.agreement_kind, drive.signature, drive.agreement_note = AgreementKind.DRAWN, signature_path(strokes), ""
    elif len(note) >= 2:
        drive.agreement_kind, drive.signature, drive.agreement_note = AgreementKind.PAPER, "", note[:200]
    else:
        raise _field("paper_note", "agreement_missing", "请写明纸质协议存放在哪里（例如：前台试驾夹）。")
    drive.agreement_version = AGREEMENT_VERSION
    drive.agreement_signed_at, drive.agreement_taken_by = periods.now(), by


def _check_ready(drive: TestDrive) -> None:
    missing = policies.missing_to_start(drive)
    if missing:
        raise DomainError("not_ready", f"还不能出发：{'；'.join(missing)}。")
    if periods.local_date(drive.starts_at) != periods.today():
        raise DomainError("other_day", f"预约的是 {when(drive.starts_at)}，不是今天，请先改约到今天。")
    other = TestDrive.objects.filter(car_id=drive.car_id, status=DriveStatus.OUT).select_related("owner").first()
    if other is not None:
        text = f"{drive.car.plate} 还没有还车（{other.owner.name}，{when(other.starts_at)} 出发），请等还车或换一台车。"
        raise Conflict("car_out", text)


def _real_span(drive: TestDrive) -> tuple[dt.datetime, dt.datetime]:
    """The time the drive really takes: begun early it is longer, begun after its end it keeps its length from now."""
    moment = periods.now()
    start, end = min(drive.starts_at, moment), drive.ends_at
    if moment >= end:
        start, end = moment, moment + (drive.ends_at - drive.starts_at)
    refuse_clash(drive.car, start, end, excluding=drive.pk)
    return start, end


def _check_odometer_out(drive: TestDrive, odometer: int) -> None:
    last = last_odometer(car_id=drive.car_id)
    if not 0 <= odometer <= MAX_ODOMETER:
        raise _field("odometer_out", "bad_odometer", "里程请填 0 到 999999 的整数。")
    if last is not None and odometer < last:
        raise _field("odometer_out", "odometer_low", f"出发里程不能小于该车上次还车的 {last} 公里，请核对仪表。")


def _check_odometer_back(drive: TestDrive, odometer: int) -> None:
    farthest = int(policy("test_drive.max_km", drive.store_id))
    start = drive.odometer_out or 0
    if not (0 <= start <= MAX_ODOMETER and 0 <= odometer <= MAX_ODOMETER):
        raise _field("odometer_back", "bad_odometer", "里程请填 0 到 999999 的整数。")
    if odometer < start:
        raise _field("odometer_back", "odometer_low", f"还车里程不能小于出发里程 {start} 公里，请核对仪表。")
    if odometer - start > farthest:
        text = f"本次行驶 {odometer - start} 公里，超过 {farthest} 公里，请核对出发和还车里程。"
        raise _field("odometer_back", "too_far", text)


def _checked_stars(stars: Mapping[str, Any]) -> dict[str, int]:
    for aspect, count in stars.items():
        if aspect not in DriveAspect or type(count) is not int or not 1 <= count <= 5:
            raise _field("stars", "bad_stars", "每项评分请给 1 到 5 星。")
    return dict(stars)


def _check_companion(drive: TestDrive, person: Any) -> None:
    if person is not None and not companions_in(drive.store_id).filter(pk=person.pk).exists():
        raise _field("accompanied_by", "bad_companion", "陪同人请选择本店在职的销售人员。")


def _field(name: str, code: str, text: str) -> DomainError:
    return DomainError(code, text, {name: [text]})
