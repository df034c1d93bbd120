"""Settings pages: policies as typed tables, the calendar's preview, a new store, the first administrator."""

from __future__ import annotations

import datetime as dt
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.org.choices import Role
from dealership.org.models import CalendarDay, DealerGroup, Membership, PolicySetting, Store
from dealership.org.policy import DEFAULTS, policy
from dealership.org.services.rules import policy_set
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for

pytestmark = pytest.mark.django_db
CALENDAR = "/settings/calendar/"


@pytest.fixture
def admin(store: Store) -> Client:
    return client_for(make_person(Role.SYS_ADMIN, None))


def page_of(key: str) -> str:
    return f"/settings/policies/{key}/"


def typed(client: Client, key: str) -> dict[str, str]:
    """What the open form would send: every field with its value."""
    page = client.get(page_of(key)).content.decode()
    form = page.split("<form", 1)[1].split("</form>")[0]
    form = re.sub(r"<template.*?</template>", "", form, flags=re.DOTALL)
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        if 'type="checkbox"' not in tag and (name := re.search(r'name="([^"]+)"', tag)):
            value = re.search(r'value="([^"]*)"', tag)
            found[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


@pytest.mark.parametrize("key", list(DEFAULTS))
def test_every_policy_is_a_form_whose_values_saved_again_are_the_same(admin: Client, store: Store, key: str) -> None:
    data = typed(admin, key)
    assert "{" not in "".join(data.values())
    answer = admin.post(page_of(key), data)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    row = PolicySetting.objects.get()
    assert (row.key, row.value, row.effective_from) == (key, DEFAULTS[key], periods.today())
    assert policy(key, store) == DEFAULTS[key]


def test_a_table_row_is_added_and_removed(admin: Client, store: Store) -> None:
    data = typed(admin, "stock.age_bands")
    assert [data[f"rows-{n}-value"] for n in range(4)] == ["30", "60", "90", "180"]
    data |= {"rows-4-value": "360", "rows-1-DELETE": "on", "store": str(store.pk)}
    assert admin.post(page_of("stock.age_bands"), data).status_code == 302
    assert policy("stock.age_bands", store) == [30, 90, 180, 360]
    page = admin.get(page_of("stock.age_bands")).content.decode()
    assert "30 / 90 / 180 / 360" in page
    assert store.short_name in page


@pytest.mark.parametrize(
    ("key", "change", "told"),
    [
        ("stock.age_bands", {"rows-0-value": "500"}, "须从小到大"),
        ("stock.age_bands", {"rows-0-value": "-1"}, "请修改标出的内容"),
        ("stock.age_bands", {f"rows-{n}-DELETE": "on" for n in range(4)}, "请至少保留一行"),
        ("care.schedule", {"rows-0-kind": "d8"}, "选项无效"),
        ("grade.H", {"part_interval": "两天"}, "跟进间隔（天）请填写整数"),
        ("grade.H", {"part_horizon": ""}, "请填写预计购车时间"),
        ("deposit.default", {"part_": "很多"}, "默认定金（元）请填写数字"),
        ("report.daily_due", {"part_": "25:00"}, "请填写 24 小时制时间"),
        ("report.daily_due", {"effective_from": "2020-01-01"}, "请选择今天或以后的日期"),
        ("report.daily_due", {"effective_from": ""}, "请填写生效日期"),
    ],
)
def test_wrong_values_are_refused_in_chinese_and_kept(
    admin: Client, key: str, change: dict[str, str], told: str
) -> None:
    answer = admin.post(page_of(key), {**typed(admin, key), **change})
    assert (answer.status_code, told in answer.content.decode()) == (422, True), answer.content.decode()[-5000:]
    assert not PolicySetting.objects.exists()


def test_a_value_of_the_group_is_what_the_overview_and_the_next_form_show(admin: Client, store: Store) -> None:
    data = typed(admin, "report.daily_due") | {"part_": "19:30"}
    assert admin.post(page_of("report.daily_due"), data).status_code == 302
    assert "19:30" in admin.get("/settings/policies/").content.decode()
    assert typed(admin, "report.daily_due")["part_"] == "19:30"


def test_the_service_refuses_another_shape_itself(store: Store) -> None:
    by, day = make_person(Role.SYS_ADMIN, None), periods.today()
    for value in ({"interval": 1}, "x", [], {**DEFAULTS["grade.H"], "interval": True}):
        with pytest.raises(DomainError, match=r"请填写|必须包含"):
            policy_set(by=by, key="grade.H", value=value, effective_from=day, group=store.group, store=None)


def test_calendar_lines_are_shown_before_they_are_saved(admin: Client) -> None:
    lines = "2026-11-25 门店休息 盘点\n2026/11/23\t工作日\n"
    page = admin.post(CALENDAR, {"store": "", "lines": lines})
    text = page.content.decode()
    assert page.status_code == 200
    assert "共 2 行，改变 1 天，0 行有误" in text
    assert ("现在是工作日" in text, "与现在相同" in text) == (True, True)
    assert not CalendarDay.objects.exists()
    answer = admin.post(CALENDAR, {"store": "", "lines": lines, "confirm": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{CALENDAR}?year=2026")
    saved = list(CalendarDay.objects.order_by("day").values_list("day", "kind", "note"))
    assert saved == [(dt.date(2026, 11, 23), "workday", ""), (dt.date(2026, 11, 25), "closed", "盘点")]


def test_bad_calendar_lines_say_why_and_nothing_is_saved(admin: Client) -> None:
    lines = "2027-02-30 节假日\n2027-02-05 放假\n明天 节假日\n2027-02-06 节假日\n2027-02-06 工作日\n1999-01-01 节假日"
    page = admin.post(CALENDAR, {"store": "", "lines": lines})
    text = page.content.decode()
    assert page.status_code == 422
    for reason in ("没有这一天", "类型请填写", "请写成 2027-02-05", "与第 4 行是同一天", "年份须在"):
        assert reason in text
    assert "确认保存" not in text
    assert admin.post(CALENDAR, {"store": "", "lines": lines, "confirm": "1"}).status_code == 422
    assert not CalendarDay.objects.exists()


def test_a_store_is_made_by_page(admin: Client, store: Store) -> None:
    data = {"code": "NC02", "name": "南昌二店", "short_name": "二店", "brand": "新品牌", "address": ""}
    answer = admin.post("/settings/stores/new/", data)
    made = Store.objects.get(code="NC02")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/settings/stores/{made.pk}/")
    assert (made.group, made.brand.name) == (store.group, "新品牌")
    again = admin.post("/settings/stores/new/", data)
    assert (again.status_code, "已被使用" in again.content.decode()) == (409, True)
    manager = client_for(make_person(Role.GENERAL_MANAGER, store))
    assert manager.get("/settings/stores/new/").status_code == 403


def test_the_first_administrator_of_an_empty_product_does_the_rest_by_pages() -> None:
    out = StringIO()
    call_command("first_admin", group="华辰汽车集团", username="boss", stdout=out)
    password = out.getvalue().split("初始密码：")[1].split("（")[0]
    with pytest.raises(CommandError, match="已有集团"):
        call_command("first_admin", group="别的集团", username="other")
    assert DealerGroup.objects.count() == 1
    client = Client()
    assert client.post("/accounts/login/", {"login": "boss", "password": password}).status_code == 302
    changed = {"oldpassword": password, "password1": "another-long-9", "password2": "another-long-9"}
    assert client.post("/accounts/password/change/", changed).status_code == 302
    store = {"code": "A", "name": "南昌一店", "short_name": "一店", "brand": "华辰", "address": ""}
    assert client.post("/settings/stores/new/", store).status_code == 302
    made = Store.objects.get()
    assert client.post(f"/settings/stores/{made.pk}/teams/", {"name": "一组"}).status_code == 302
    person = {"name": "李明", "username": "li.ming", "role": "sales_consultant", "store": made.pk,
              "team": made.teams.get().pk, "since": periods.today().isoformat()}  # fmt: skip
    page = client.post("/settings/people/new/", person)
    assert page.status_code == 201
    assert User.objects.get(username="li.ming").must_change_password
    assert Membership.objects.filter(store=made, role=Role.SALES_CONSULTANT).count() == 1
