"""The pages of test drives: what they show, refuse and keep; as many statements with one row as with three."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import CalendarDay
from dealership.tests.clients import assert_same_query_count
from dealership.tests.numbers import plain_numbers_in
from leads.models import DemoCar, TestDrive
from leads.tests.builders import SIGNATURE, make_demo_car, make_drive, make_prospect, tomorrow_at


@pytest.fixture(autouse=True)
def _morning(freeze: Any) -> None:
    freeze("2026-11-18T10:05:00+08:00")


@pytest.fixture
def client(client_for: Any, consultant: Any) -> Any:
    return client_for(consultant)


def text_of(response: Any) -> str:
    return response.content.decode()


@pytest.fixture
def drive(store: Any, consultant: Any) -> TestDrive:
    return make_drive(consultant, make_prospect(consultant, store), starts_at=periods.at(periods.today(), "10:00"))


def url(name: str, *args: Any) -> str:
    return reverse(f"leads:{name}", args=args)


def slot(car: DemoCar, card: Any, at: str = "2026-11-19T14:00") -> dict[str, Any]:
    told = {"car": car.pk, "starts_at": at, "minutes": 30, "kind": "drive", "prospect": card.pk}
    return {**told, "idempotency_key": str(uuid.uuid4())}


def today_drive(by: Any, store: Any) -> TestDrive:
    return make_drive(by, make_prospect(by, store), starts_at=periods.at(periods.today(), "10:00"))


def test_from_the_card_a_slot_is_two_taps(client, store, consultant):
    card, car = make_prospect(consultant, store), make_demo_car(store)
    calendar_url = f"{url('drive_calendar')}?prospect={card.pk}"
    assert calendar_url in text_of(client.get(url("prospect_detail", card.pk)))
    link = f"{url('drive_new')}?car={car.pk}&at=2026-11-19T14:00&prospect={card.pk}"
    assert link in text_of(client.get(f"{calendar_url}&day=2026-11-19"))
    form = client.get(link)
    assert 'value="2026-11-19T14:00"' in text_of(form)
    assert form.context["form"].initial["car"] == car
    answer = client.post(url("drive_new"), slot(car, card))
    drive = TestDrive.objects.get()
    assert (answer.status_code, answer.url) == (302, url("drive_detail", drive.pk))
    assert drive.starts_at == tomorrow_at("14:00")
    assert url("drive_detail", drive.pk) in text_of(client.get(url("prospect_detail", card.pk)))


def test_without_a_card_the_customer_is_found_first(client, store, consultant, colleague):
    car, mine = make_demo_car(store), make_prospect(consultant, store, name="欧阳小宝")
    make_prospect(colleague, store, name="欧阳大宝")
    answer = client.get(url("drive_new"), {"car": car.pk, "at": "2026-11-19T14:00", "q": "欧阳"})
    page = text_of(answer)
    assert f"prospect={mine.pk}" in page
    assert "欧阳大宝" not in page
    assert plain_numbers_in(page) == []
    assert client.post(url("drive_new"), {"car": car.pk}).status_code == 422


def test_the_same_form_twice_is_one_booking(client, store, consultant):
    form = slot(make_demo_car(store), make_prospect(consultant, store))
    assert client.post(url("drive_new"), form).url == client.post(url("drive_new"), form).url
    assert TestDrive.objects.count() == 1


def test_a_clash_keeps_what_was_typed_and_names_the_next_time(client, store, consultant, colleague):
    car, card = make_demo_car(store), make_prospect(consultant, store)
    make_drive(colleague, make_prospect(colleague, store, name="保密客户"), car, starts_at=tomorrow_at("14:00"))
    answer = client.post(url("drive_new"), {**slot(car, card), "note": "客户带父母一起"})
    page = text_of(answer)
    assert answer.status_code == 409
    assert "已被王芳约走" in page
    assert "最近的空闲时间是 11-19 周四 14:30" in page
    assert "客户带父母一起" in page
    shown = text_of(client.get(url("drive_calendar"), {"day": "2026-11-19"}))
    assert "王芳" in shown
    assert "保密客户" not in page + shown
    assert TestDrive.objects.count() == 1


def test_the_day_of_a_drive_on_its_page(client, store, consultant):
    drive = today_drive(consultant, store)
    page = text_of(client.get(url("drive_detail", drive.pk)))
    assert "还没有核对驾驶证" in page
    assert (
        client.post(url("drive_licence", drive.pk), {"licence_class": "C1", "valid_until": "2027-01-01"}).status_code
        == 302
    )
    assert (
        client.post(url("drive_sign", drive.pk), {"way": "drawn", "signature": json.dumps(SIGNATURE)}).status_code
        == 302
    )
    assert client.post(url("drive_start", drive.pk), {"odometer_out": 800, "route": "环湖线"}).status_code == 302
    form = {"odometer_back": "812", "star_power": "5", "star_quiet": "3", "feedback": "提速比想象的快"}
    assert client.post(url("drive_finish", drive.pk), form).status_code == 302
    drive.refresh_from_db()
    assert (drive.is_valid, drive.stars, drive.distance) == (True, {"power": 5, "quiet": 3}, 12)
    assert "有效试驾" in text_of(client.get(url("drive_detail", drive.pk)))
    paper = text_of(client.get(url("drive_agreement", drive.pk)))
    assert f'<path d="{drive.signature}"' in paper
    assert store.name in paper
    assert plain_numbers_in(paper) == []


def test_paper_is_the_way_without_a_pointer(client, store, consultant):
    drive = today_drive(consultant, store)
    refused = client.post(url("drive_sign", drive.pk), {"way": "paper", "paper_note": ""})
    assert refused.status_code == 422
    assert "纸质协议存放在哪里" in text_of(refused)
    client.post(url("drive_sign", drive.pk), {"way": "paper", "paper_note": "前台试驾夹 3 号"})
    drive.refresh_from_db()
    assert (drive.agreement_kind, drive.signature, drive.agreement_taken_by) == ("paper", "", consultant)


@pytest.mark.parametrize(
    ("name", "told", "sentence"),
    [
        ("drive_licence", {"licence_class": "D", "valid_until": "2027-01-01"}, "准驾车型的选项无效"),
        ("drive_licence", {"licence_class": "C1", "valid_until": "2026-11-17"}, "已经过期"),
        ("drive_licence", {"licence_class": "C1", "valid_until": "明年"}, "日期不正确"),
        ("drive_licence", {"licence_class": "C1", "valid_until": "2199-01-01"}, "请核对年份"),
        ("drive_start", {"odometer_out": "12"}, "还不能出发"),
        ("drive_start", {"odometer_out": "-1"}, "里程请填 0 到 999999"),
        ("drive_start", {"odometer_out": "很多"}, "请填写整数"),
        ("drive_cancel", {"reason": ""}, "请填写取消原因"),
        ("drive_finish", {"odometer_back": "12", "feedback": "不错"}, "不能登记还车"),
        ("drive_sign", {"way": "drawn", "signature": ""}, "请客户在签名框内签名"),
        ("drive_sign", {"way": "drawn", "signature": "<svg onload=alert(1)>"}, "没有正确传送"),
        ("drive_sign", {"way": "drawn", "signature": "[[[1,1],[2,2]]]"}, "签名太短"),
        ("drive_sign", {"way": "drawn", "signature": "1" * 60_001}, "笔画过多"),
    ],
)
def test_refusals_are_chinese_and_write_nothing(client, drive, name, told, sentence):
    before = TestDrive.objects.values().get()
    answer = client.post(url(name, drive.pk), told)
    assert answer.status_code == 422
    page = text_of(answer)
    assert sentence in page
    assert "<svg onload" not in page
    assert TestDrive.objects.values().get() == before


def test_a_stale_page_is_told_and_shows_the_state_now(client, store, consultant):
    drive = today_drive(consultant, store)
    client.post(url("drive_licence", drive.pk), {"licence_class": "C1", "valid_until": "2027-01-01"})
    answer = client.post(url("drive_cancel", drive.pk), {"reason": "客户没空", "version": 1})
    assert answer.status_code == 409
    assert "刚刚被别人修改过" in text_of(answer)
    assert client.post(url("drive_cancel", drive.pk), {"reason": "客户没空", "version": 2}).status_code == 302


def test_no_show_and_cancel_free_the_time(client, store, consultant):
    drive = today_drive(consultant, store)
    assert client.post(url("drive_no_show", drive.pk)).status_code == 302
    later = make_drive(consultant, drive.prospect, drive.car, starts_at=periods.at(periods.today(), "16:00"))
    early = client.post(url("drive_no_show", later.pk))
    assert early.status_code == 422
    assert "还没到预约时间" in text_of(early)
    client.post(url("drive_cancel", later.pk), {"reason": "客户改天来"})
    assert make_drive(consultant, drive.prospect, drive.car, starts_at=later.starts_at).pk


def test_demo_cars_are_kept_by_manager_and_sales_admin(client_for, store, manager, person):
    form = {
        "series": store.brand.series.all()[0].pk, "description": "四驱旗舰", "plate": "浙A 88888",
        "insured_until": "2027-06-30", "is_active": "on",
    }  # fmt: skip
    for keeper in (manager, person(Role.SALES_ADMIN, store)):
        DemoCar.objects.all().delete()
        keeping = client_for(keeper)
        assert keeping.post(url("demo_car_new"), {**form, "idempotency_key": str(uuid.uuid4())}).status_code == 302
        car = DemoCar.objects.get()
        edited = {**form, "plate": "浙A88888", "colour": "白", "version": car.version}
        assert keeping.post(url("demo_car_edit", car.pk), edited).status_code == 302
        assert keeping.post(url("demo_car_edit", car.pk), edited).status_code == 409
        again = keeping.post(url("demo_car_new"), {**form, "plate": "浙a88888"})
        assert (again.status_code, "已有这个车牌" in text_of(again)) == (409, True)


def test_a_closed_day_is_said_and_offers_nothing(client, store, consultant):
    make_demo_car(store)
    CalendarDay.objects.create(store=store, day=dt.date(2026, 11, 19), kind="closed")
    page = text_of(client.get(url("drive_calendar"), {"day": "2026-11-19"}))
    assert "门店不营业" in page
    assert f"{url('drive_new')}?" not in page
    assert f"{url('drive_new')}?" in text_of(client.get(url("drive_calendar"), {"day": "broken"}))


def test_lists_need_as_many_statements_with_one_as_with_three(client_for, store, manager, consultant):
    seen = client_for(manager)

    def add() -> None:
        for clock in ("11:00", "12:00"):
            make_drive(consultant, make_prospect(consultant, store), starts_at=periods.at(periods.today(), clock))

    today_drive(consultant, store)
    pages = [url("drive_calendar"), url("drive_list"), url("demo_car_list")]
    assert_same_query_count(lambda: [seen.get(page) for page in pages], add, limit=45)
    assert seen.get(url("drive_list"), {"status": "booked", "day": "2026-11-18"}).context["page"].rows
    assert not seen.get(url("drive_list"), {"valid": "true"}).context["page"].rows
