"""Test drives: times and clashes, what must be there to start, what comes back, the alert, the closed month."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.notices.models import Notice
from dealership.org.models import CalendarDay, ClosedMonth
from dealership.tests.clients import client_for
from leads.choices import DriveStatus
from leads.models import DemoCar, TestDrive, TestDriveChange
from leads.selectors.drive import calendar_of, drives_of_day, next_free
from leads.selectors.timeline import customer_timeline
from leads.services.demo_car import demo_car_create
from leads.services.drive import drive_move
from leads.services.drive_run import drive_check_licence, drive_finish, drive_start, drives_tell_overtime
from leads.tests.builders import make_demo_car, make_drive, make_prospect, tomorrow_at
from leads.tests.services.test_drives import PAPER, licence

MORNING = "2026-11-18T10:05:00+08:00"


@pytest.fixture(autouse=True)
def _morning(freeze: Any) -> None:
    freeze(MORNING)


@pytest.fixture
def car(store: Any) -> DemoCar:
    return make_demo_car(store, plate="浙A12345")


def today_at(clock: str) -> dt.datetime:
    return periods.at(periods.today(), clock)


def start(drive: TestDrive, by: Any, **told: Any) -> TestDrive:
    return drive_start(
        by=by, drive_id=drive.pk, **{"odometer_out": 500, "licence": licence(), "agreement": PAPER, **told}
    )


def test_a_clash_says_who_has_it_and_when_it_is_free(store, consultant, colleague, car):
    make_drive(colleague, make_prospect(colleague, store), car, starts_at=tomorrow_at("14:00"), minutes=60)
    make_drive(colleague, make_prospect(colleague, store), car, starts_at=tomorrow_at("15:00"))
    card = make_prospect(consultant, store)
    for clock in ("14:00", "14:30", "13:45"):
        with pytest.raises(Conflict) as refusal:
            make_drive(consultant, card, car, starts_at=tomorrow_at(clock))
        assert refusal.value.code == "drive_clash"
        assert "浙A12345 在 11-19 周四 14:00–15:00 已被王芳约走" in refusal.value.message
        assert "最近的空闲时间是 11-19 周四 15:30" in refusal.value.message
    assert TestDrive.objects.filter(prospect=card).count() == 0
    # Half open: one may begin when the other ends; another car is free all the time.
    make_drive(consultant, card, car, starts_at=tomorrow_at("15:30"))
    make_drive(consultant, card, make_demo_car(store), starts_at=tomorrow_at("14:00"))


def test_next_free_crosses_evening_closed_day_and_ends_with_the_insurance(store, consultant, car):
    card = make_prospect(consultant, store)
    make_drive(consultant, card, car, starts_at=tomorrow_at("17:30"), minutes=60)
    CalendarDay.objects.create(store=store, day=dt.date(2026, 11, 20), kind="closed")
    after, half = tomorrow_at("17:30"), dt.timedelta(minutes=30)
    assert next_free(car=car, after=after, length=half) == periods.at(dt.date(2026, 11, 21), "08:30")
    car.insured_until = dt.date(2026, 11, 19)
    assert next_free(car=car, after=after, length=half) is None


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"starts_at": "2026-11-18T09:00:00+08:00"}, "in_past"),
        ({"starts_at": "2026-12-30T09:00:00+08:00"}, "too_far"),
        ({"starts_at": "2026-11-19T08:00:00+08:00"}, "outside_hours"),
        ({"starts_at": "2026-11-19T18:15:00+08:00"}, "outside_hours"),
        ({"starts_at": "2026-11-19T09:00:00+08:00", "minutes": 5}, "bad_length"),
        ({"starts_at": "2026-11-19T09:00:00+08:00", "minutes": 150}, "bad_length"),
        ({"starts_at": "2026-11-25T09:00:00+08:00"}, "not_insured"),
        ({"starts_at": "2026-11-22T09:00:00+08:00"}, "closed_day"),
        ({"starts_at": "2026-11-19T09:00:00+08:00", "kind": "fly"}, "bad_kind"),
    ],
)
def test_bad_times_are_refused_and_write_nothing(store, consultant, told, code):
    car = make_demo_car(store, insured_until=dt.date(2026, 11, 24))
    CalendarDay.objects.create(store=store, day=dt.date(2026, 11, 22), kind="closed")
    told = {**told, "starts_at": dt.datetime.fromisoformat(told["starts_at"])}
    with pytest.raises(DomainError) as refusal:
        make_drive(consultant, make_prospect(consultant, store), car, **told)
    assert refusal.value.code == code
    assert not TestDrive.objects.exists()
    assert not TestDriveChange.objects.exists()


def test_a_car_of_another_store_and_an_ended_card_are_refused(store, other_store, consultant):
    card = make_prospect(consultant, store)
    with pytest.raises(DomainError, match="本店可预约"):
        make_drive(consultant, card, make_demo_car(other_store))
    card.status = "delivered"
    card.save()
    with pytest.raises(DomainError, match="已交车"):
        make_drive(consultant, card)


def test_moving_keeps_the_booking_and_frees_the_time(store, consultant, colleague, car):
    drive = make_drive(consultant, make_prospect(consultant, store), car)
    other = make_drive(colleague, make_prospect(colleague, store), car, starts_at=tomorrow_at("11:00"))
    with pytest.raises(Conflict, match="已被王芳约走"):
        drive_move(by=consultant, drive_id=drive.pk, car_id=car.pk, starts_at=other.starts_at)
    moved = drive_move(by=consultant, drive_id=drive.pk, car_id=car.pk, starts_at=tomorrow_at("10:15"), minutes=30)
    assert (moved.pk, moved.starts_at) == (drive.pk, tomorrow_at("10:15"))
    assert TestDriveChange.objects.filter(drive=drive).order_by("-id")[0].reason == (
        "11-19 周四 10:15 浙A12345（由 11-19 周四 10:00 改约）"
    )
    with pytest.raises(Conflict, match="刚刚被别人修改"):
        drive_move(by=consultant, drive_id=drive.pk, car_id=car.pk, starts_at=tomorrow_at("16:00"), version=1)


def test_what_is_missing_to_start_is_named(store, consultant, car):
    drive = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:00"))
    car.insured_until = periods.today() - dt.timedelta(days=1)
    car.save()
    with pytest.raises(DomainError) as refusal:
        drive_start(by=consultant, drive_id=drive.pk, odometer_out=1)
    assert refusal.value.message == ("还不能出发：还没有核对驾驶证；客户还没有签署试乘试驾协议；试驾车保险已到期。")
    with pytest.raises(DomainError, match="已经过期"):
        drive_check_licence(by=consultant, drive_id=drive.pk, licence_class="C1", valid_until=dt.date(2026, 11, 17))
    drive_check_licence(by=consultant, drive_id=drive.pk, licence_class="C1", valid_until=periods.today())
    assert TestDrive.objects.get().licence_checked_by == consultant


def test_a_licence_that_ends_before_the_day_of_the_drive_stops_it(store, consultant, car, freeze):
    drive = make_drive(consultant, make_prospect(consultant, store), car)
    drive_check_licence(by=consultant, drive_id=drive.pk, licence_class="C2", valid_until=periods.today())
    freeze("2026-11-19T10:00:00+08:00")
    with pytest.raises(DomainError, match="驾驶证已过有效期"):
        drive_start(by=consultant, drive_id=drive.pk, odometer_out=1, agreement=PAPER)
    # What came with the refused call is not kept either.
    assert TestDrive.objects.get().agreement_signed_at is None


def test_no_number_and_no_picture_of_the_licence_is_kept_r_pipl():
    names = {field.name for field in TestDrive._meta.get_fields() if field.name.startswith("licence")}
    assert names == {"licence_class", "licence_valid_until", "licence_checked_at", "licence_checked_by"}


def test_one_car_is_out_once(store, consultant, colleague, car, freeze):
    first = make_drive(colleague, make_prospect(colleague, store), car, starts_at=today_at("10:00"))
    second = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:30"))
    start(first, colleague)
    freeze("2026-11-18T10:40:00+08:00")
    with pytest.raises(Conflict, match="还没有还车（王芳"):
        start(second, consultant)
    drive_finish(by=colleague, drive_id=first.pk, odometer_back=510, stars={"quiet": 4})
    with pytest.raises(DomainError, match="不能小于该车上次还车的 510 公里"):
        start(second, consultant)
    assert start(second, consultant, odometer_out=510).status == DriveStatus.OUT


def test_early_and_late_starts_take_the_real_time(store, consultant, colleague, car, freeze):
    late = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:30"))
    make_drive(colleague, make_prospect(colleague, store), car, starts_at=today_at("11:30"))
    freeze("2026-11-18T11:10:00+08:00")
    with pytest.raises(Conflict, match="11:30–12:00 已被王芳约走"):
        start(late, consultant)
    early = make_drive(consultant, make_prospect(consultant, store), make_demo_car(store), starts_at=today_at("11:30"))
    early = start(early, consultant)
    assert (early.starts_at, early.ends_at) == (periods.now(), today_at("12:00"))
    tomorrow = make_drive(consultant, make_prospect(consultant, store))
    with pytest.raises(DomainError, match="不是今天"):
        start(tomorrow, consultant)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"odometer_back": 499, "feedback": "动力好"}, "odometer_low"),
        ({"odometer_back": 701, "feedback": "动力好"}, "too_far"),
        ({"odometer_back": 510}, "feedback_missing"),
        ({"odometer_back": 510, "stars": {"power": 6}}, "bad_stars"),
        ({"odometer_back": 510, "stars": {"price": 5}}, "bad_stars"),
        ({"odometer_back": 510, "stars": {"power": True}}, "bad_stars"),
        ({"odometer_back": 510, "feedback": "好" * 501}, "feedback_long"),
        ({"odometer_back": 510, "feedback": "动力好", "finished_at": "2026-11-18T09:00:00+08:00"}, "bad_time"),
        ({"odometer_back": 510, "feedback": "动力好", "finished_at": "2026-11-18T12:00:00+08:00"}, "bad_time"),
        ({"odometer_back": 510, "odometer_out": 1_000_000, "feedback": "动力好"}, "bad_odometer"),
    ],
)
def test_bad_returns_are_refused_and_write_nothing(store, consultant, car, told, code):
    drive = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:00"))
    start(drive, consultant)
    before = TestDrive.objects.values().get()
    if "finished_at" in told:
        told = {**told, "finished_at": dt.datetime.fromisoformat(told["finished_at"])}
    with pytest.raises(DomainError) as refusal:
        drive_finish(by=consultant, drive_id=drive.pk, **told)
    assert refusal.value.code == code
    assert TestDrive.objects.values().get() == before


def test_a_mistyped_start_is_mended_at_the_return(store, consultant, car):
    drive = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:00"))
    start(drive, consultant, odometer_out=50000)
    drive_finish(by=consultant, drive_id=drive.pk, odometer_out=5000, odometer_back=5012, stars={"space": 5})
    assert TestDrive.objects.get().distance == 12


def test_people_are_told_once_that_a_car_is_out_too_long(store, consultant, manager, car, freeze):
    drive = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:00"))
    start(drive, consultant)
    freeze("2026-11-18T10:44:00+08:00")
    assert drives_tell_overtime() == 0
    freeze("2026-11-18T10:46:00+08:00")
    assert (drives_tell_overtime(), drives_tell_overtime()) == (1, 0)
    notices = Notice.objects.filter(kind="drive.overtime")
    assert {notice.recipient for notice in notices} == {consultant, manager}
    assert {notice.text for notice in notices} == {
        "试驾车 浙A12345 豪华版 已超过计划还车时间 16 分钟，请联系客户，回店后登记还车。"
    }
    drive_finish(by=consultant, drive_id=drive.pk, odometer_back=510, stars={"power": 5})
    assert drives_tell_overtime() == 0


def test_a_return_dated_in_a_closed_month_is_refused(store, consultant, car, freeze):
    freeze("2026-10-31T17:30:00+08:00")
    drive = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("17:30"))
    start(drive, consultant)
    freeze("2026-11-05T10:00:00+08:00")
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 10, 1))
    told = {"drive_id": drive.pk, "odometer_back": 510, "stars": {"power": 5}}
    with pytest.raises(DomainError, match="2026年10月已关账"):
        drive_finish(by=consultant, finished_at=dt.datetime.fromisoformat("2026-10-31T18:00:00+08:00"), **told)
    assert TestDrive.objects.get().status == DriveStatus.OUT
    assert drive_finish(by=consultant, **told).status == DriveStatus.FINISHED


def test_the_calendar_shows_who_and_hides_whose_customer(store, consultant, colleague, car):
    drive = make_drive(colleague, make_prospect(colleague, store), car, starts_at=tomorrow_at("14:00"), minutes=60)
    day = periods.today() + dt.timedelta(days=1)
    row = calendar_of(user=consultant, store=store, day=day)[0]
    taken = row.taken[0]
    assert (len(row.cells), len(row.free), taken.span, taken.is_mine, taken.drive) == (19, 18, 2, False, drive)
    assert calendar_of(user=colleague, store=store, day=day)[0].taken[0].is_mine
    now = calendar_of(user=consultant, store=store, day=periods.today())[0]
    assert now.free[0].start == today_at("10:00")


def test_today_holds_the_days_drives_and_cars_still_out(store, consultant, colleague, freeze):
    out = make_drive(consultant, make_prospect(consultant, store), starts_at=today_at("10:00"))
    start(out, consultant)
    make_drive(consultant, make_prospect(consultant, store), starts_at=today_at("12:00"))
    freeze("2026-11-19T09:00:00+08:00")
    booked = make_drive(consultant, make_prospect(consultant, store), starts_at=today_at("11:00"))
    make_drive(colleague, make_prospect(colleague, store), starts_at=today_at("11:00"))
    assert drives_of_day(user=consultant, day=periods.today(), owner=consultant) == [out, booked]


def test_the_timeline_tells_it_within_reach(store, consultant, stranger, car):
    drive = make_drive(consultant, make_prospect(consultant, store), car, starts_at=today_at("10:00"))
    start(drive, consultant)
    drive_finish(by=consultant, drive_id=drive.pk, odometer_back=510, feedback="喜欢方向盘手感")
    told = [
        (e.title, e.text)
        for e in customer_timeline(user=consultant, customer_id=drive.customer_id)
        if e.kind == "drive"
    ]
    assert told == [
        ("试乘试驾 · 远景S5 · 已完成", "喜欢方向盘手感"),
        ("试乘试驾 · 远景S5 · 试驾中", ""),
        ("试乘试驾 · 远景S5 · 已预约", "11-18 周三 10:00 浙A12345"),
    ]
    address = f"/customers/profiles/{drive.customer_id}/"
    assert "喜欢方向盘手感" in client_for(consultant).get(address).content.decode()
    assert client_for(stranger).get(address).status_code == 404


def test_a_plate_exists_once_in_a_store(store, other_store, manager, car):
    told = {"series": car.series, "description": "精英版", "insured_until": car.insured_until}
    with pytest.raises(Conflict, match="已有这个车牌"):
        demo_car_create(by=manager, store=store, plate="浙a 12345", **told)
    assert demo_car_create(by=manager, store=store, plate="浙A·99999", **told).plate == "浙A99999"
    assert make_demo_car(other_store, plate="浙A12345").pk
