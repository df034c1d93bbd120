"""三表两卡 (domain.md §5.2): what stands on each register, who sees which rows, and that file and screen agree."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from openpyxl import load_workbook

from dealership.accounts.models import User
from dealership.audit.models import ExportLog
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import Membership, PolicySetting
from dealership.tests.builders import make_person, make_team
from dealership.tests.clients import client_for, count_queries
from dealership.tests.numbers import plain_numbers_in
from leads.choices import VisitType
from leads.models import CareTask, RegisterDay, Visit
from leads.services.out_of_control import out_of_control_sweep
from leads.services.prospect import prospect_change, prospect_delivered, prospect_ordered, prospect_reassign
from leads.services.register_day import register_day_confirm, register_day_sign
from leads.services.strategy import month_review_save, strategy_save
from leads.services.visit import visit_leave
from leads.tests.builders import make_follow_up, make_prospect, make_visit
from leads.tests.loss_builders import lose, make_loss
from reports.registers.activity import activity_register
from reports.registers.cards import owner_card, prospect_card
from reports.registers.grades import grade_register
from reports.registers.progress import progress_register
from reports.registers.visits import visit_register

pytestmark = pytest.mark.django_db
MONTH = Period.month(2026, 11)
DAY = dt.date(2026, 11, 10)
MARKS = {"d12": "H", "d13": "*×", "d14": "*", "d15": "*"}


@pytest.fixture
def seller(store: Any, freeze: Any) -> Any:
    freeze("2026-11-10 10:00+08:00")
    return make_person(Role.SALES_CONSULTANT, store, team=make_team(store), name="李明")


@pytest.fixture
def manager(store: Any) -> Any:
    return make_person(Role.SHOWROOM_MANAGER, store, name="赵经理")


def test_the_visit_register_holds_every_party(store: Any, seller: Any, manager: Any, freeze: Any) -> None:
    """来店(电)客户登记表: the uncaptured too, in order of arrival, phones masked, parties summed."""
    captured = make_visit(seller, store, phone="13912345678", name="陶然", party_size=3, grade="A")
    freeze("2026-11-10 10:40+08:00")
    visit_leave(by=seller, visit_id=captured.pk)
    make_visit(seller, store, captured=False, party_size=2)
    table = visit_register(user=manager, store=store, period=Period.day(DAY))
    shown = [(row["no"], row["arrived"], row["left"], row["party"], row["name"], row["phone"]) for row in table.rows]
    assert shown == [(1, "10:00", "10:40", 3, "陶然", "139****5678"), (2, "10:40", None, 2, "未留资", None)]
    assert table.totals()["party"] == 5
    assert dict(table.facts) == {"客流": "2 组（来店 2、来电 0）", "首次留资": "1 / 2 组"}
    assert visit_register(user=manager, store=store, period=Period.day(DAY + dt.timedelta(days=1))).rows == []
    assert len(visit_register(user=manager, store=store, period=MONTH).rows) == 2


def test_a_booked_return_stands_beside_its_visit(store: Any, seller: Any, manager: Any, freeze: Any) -> None:
    """约定再访 is what was agreed after that visit; the next call due is none, a later appointment no change."""
    card = make_prospect(seller, store, grade="A", phone="13912345678")

    def booked(day: dt.date) -> list[Any]:
        return [row["back"] for row in visit_register(user=manager, store=store, period=Period.day(day)).rows]

    assert card.next_follow_up_at is not None
    assert booked(DAY) == [None]
    make_follow_up(seller, card, outcome="appointment", next_follow_up_at=periods.at(dt.date(2026, 11, 14), "10:30"))
    freeze("2026-11-14 10:40+08:00")
    make_visit(seller, store, phone="13912345678")
    make_follow_up(seller, card, outcome="appointment", next_follow_up_at=periods.at(dt.date(2026, 11, 16), "15:00"))
    assert booked(DAY) == ["11-14 周六 10:30"]
    assert booked(dt.date(2026, 11, 14)) == ["11-16 周一 15:00"]


def test_a_day_is_signed_by_the_desk_and_confirmed_by_the_manager(store: Any, seller: Any, manager: Any) -> None:
    desk = make_person(Role.RECEPTIONIST, store, name="小周")
    make_visit(seller, store)
    with pytest.raises(DomainError, match="前台还没有签字"):
        register_day_confirm(by=manager, store=store, day=DAY)
    with pytest.raises(DomainError, match="还没到这一天"):
        register_day_sign(by=desk, store=store, day=DAY + dt.timedelta(days=1), weather="晴")
    assert register_day_sign(by=desk, store=store, day=DAY, weather="晴").parties == 1
    make_visit(seller, store)
    with pytest.raises(DomainError, match="1 组 → 2 组"):
        register_day_confirm(by=manager, store=store, day=DAY)
    register_day_sign(by=manager, store=store, day=DAY, weather="晴")
    with pytest.raises(DomainError, match="两人分别办理"):
        register_day_confirm(by=manager, store=store, day=DAY)
    register_day_sign(by=desk, store=store, day=DAY, weather="小雨")
    register_day_confirm(by=manager, store=store, day=DAY)
    with pytest.raises(Conflict, match="经理已确认"):
        register_day_sign(by=desk, store=store, day=DAY, weather="晴")
    table = visit_register(user=manager, store=store, period=Period.day(DAY))
    assert [row["weather"] for row in table.rows] == ["小雨", "小雨"]
    assert "小周 10:00 签字（2 组） · 赵经理" in dict(table.facts)["11-10 周二"]


def test_a_refused_signature_keeps_the_weather_as_typed(store: Any, seller: Any) -> None:
    """The page of that day comes back with the sentence and the word; mended and sent again it is signed."""
    desk = make_person(Role.RECEPTIONIST, store)
    visit = make_visit(seller, store)
    Visit.objects.filter(pk=visit.pk).update(visit_type=VisitType.INCOMPLETE)
    client, form = client_for(desk), {"store": store.pk, "day": DAY.isoformat(), "weather": "雷阵雨"}
    refused = client.post("/reports/registers/visits/sign/", form)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "还有 1 组来访未完善" in page
    assert 'name="weather" value="雷阵雨"' in page
    assert f'name="day" value="{DAY}"' in page
    assert not RegisterDay.objects.exists()
    Visit.objects.filter(pk=visit.pk).update(visit_type=VisitType.FIRST_CAPTURED)
    assert client.post("/reports/registers/visits/sign/", form).status_code == 302
    assert RegisterDay.objects.get().weather == "雷阵雨"


def test_an_unfinished_visit_is_named_before_signing(store: Any, seller: Any) -> None:
    desk = make_person(Role.RECEPTIONIST, store)
    visit = make_visit(seller, store)
    Visit.objects.filter(pk=visit.pk).update(visit_type=VisitType.INCOMPLETE)
    with pytest.raises(DomainError, match="还有 1 组来访未完善"):
        register_day_sign(by=desk, store=store, day=DAY, weather="晴")
    assert not RegisterDay.objects.exists()


def test_the_grade_table_marks_plans_contacts_and_ends(store: Any, seller: Any, freeze: Any) -> None:
    """意向客户级别状况表: `*` planned, the grade after a contact, × without answer; carried to next month by itself."""
    card = make_prospect(seller, store, grade="B", name="陶然")
    freeze("2026-11-12 10:00+08:00")
    make_follow_up(seller, card, grade="H")
    freeze("2026-11-13 10:00+08:00")
    make_follow_up(seller, card, outcome="no_answer")
    (row,) = grade_register(user=seller, store=store, person=seller, month=MONTH).rows
    marks = {key: row[key] for key in row if re.fullmatch(r"d\d+", key)}
    assert row["start"] is None
    assert marks == MARKS
    freeze("2026-12-02 10:00+08:00")
    (carried,) = grade_register(user=seller, store=store, person=seller, month=Period.month(2026, 12)).rows
    assert (carried["name"], carried["start"]) == (row["name"], "H")
    make_follow_up(seller, card, grade="A")
    (past,) = grade_register(user=seller, store=store, person=seller, month=MONTH).rows
    assert (row["end"], past["end"]) == ("H 在跟", "H 在跟")


def test_the_grade_tables_last_column_says_what_became_of_a_card(
    store: Any, seller: Any, manager: Any, freeze: Any
) -> None:
    """Lost with its reason, waiting for an answer, given away, out of control also in the month after (§5.2)."""
    colleague = make_person(Role.SALES_CONSULTANT, store, name="王芳")
    lose(make_prospect(seller, store, grade="B", name="陶一"), seller, None, manager)
    make_loss(seller, make_prospect(seller, store, grade="B", name="陶二"))
    given = make_prospect(seller, store, grade="B", name="陶三")
    make_prospect(seller, store, grade="H", name="陶四")
    freeze("2026-11-20 10:00+08:00")
    prospect_reassign(by=manager, prospect_id=given.pk, new_owner=colleague, reason="平衡客户")
    out_of_control_sweep(store_id=store.pk, day=dt.date(2026, 11, 20))
    ask: dict[str, Any] = {"user": manager, "store": store, "person": seller}
    ends = [row["end"] for row in grade_register(month=MONTH, **ask).rows]
    assert ends == ["11-10 战败（价格）", "11-10 战败申请中", "11-20 转王芳", "11-20 失控"]
    freeze("2026-12-01 10:00+08:00")
    december = grade_register(month=Period.month(2026, 12), **ask).rows
    assert [row["end"] for row in december] == ["11-10 战败申请中", "11-20 失控"]
    assert [row["end"] for row in grade_register(month=MONTH, **ask).rows] == ends


def test_the_months_of_someone_who_left_stay_open(store: Any, seller: Any, manager: Any, freeze: Any) -> None:
    """The tables of a closed account are read by its months; later months do not offer the person."""
    make_prospect(seller, store, name="陶然")
    Membership.objects.filter(user=seller).update(valid=DateRange(dt.date(2026, 1, 1), dt.date(2026, 12, 1)))
    User.objects.filter(pk=seller.pk).update(is_active=False)
    freeze("2027-01-05 10:00+08:00")
    make_person(Role.SALES_CONSULTANT, store, name="王芳")
    address = f"/reports/registers/grades/?person={seller.pk}&month="
    client = client_for(manager)
    assert "陶然" in client.get(f"{address}2026-11").content.decode()
    later = client.get(f"{address}2027-01").content.decode()
    assert "李明" not in later
    assert "王芳" in later


def test_the_grade_table_shows_only_cards_within_reach(store: Any, seller: Any, manager: Any) -> None:
    colleague = make_person(Role.SALES_CONSULTANT, store, name="王芳")
    card = make_prospect(seller, store, name="金丝雀")
    prospect_reassign(by=manager, prospect_id=card.pk, new_owner=colleague, reason="平衡客户")
    ask = {"store": store, "month": MONTH}
    assert grade_register(user=seller, person=seller, **ask).rows == []
    assert [row["name"] for row in grade_register(user=manager, person=seller, **ask).rows] == [
        card.customer.display_name
    ]
    assert len(grade_register(user=manager, person=colleague, **ask).rows) == 1


def test_the_progress_table_balances_per_person(store: Any, seller: Any, manager: Any, freeze: Any) -> None:
    """意向客户进度管控表: opening + new + … = closing against the cards that stand; a consultant sees one line."""
    colleague = make_person(Role.SALES_CONSULTANT, store, name="王芳")
    make_prospect(seller, store, grade="H")
    second = make_prospect(seller, store, grade="C")
    prospect_reassign(by=manager, prospect_id=second.pk, new_owner=colleague, reason="平衡客户")
    freeze("2026-11-14 10:00+08:00")
    table = progress_register(user=manager, store=store, month=MONTH)
    rows = {row["person"]: row for row in table.rows}
    keys = ("opening", "new", "transferred_in", "transferred_out", "closing", "close_H", "close_C", "check")
    assert [rows["李明"][key] for key in keys] == [0, 2, 0, 1, 1, 1, 0, "平"]
    assert [rows["王芳"][key] for key in keys] == [0, 0, 1, 0, 1, 0, 1, "平"]
    assert (rows["李明"]["overdue"], rows["李明"]["today"]) == (1, 1)
    assert table.totals()["closing"] == 2
    assert dict(table.facts) == {"平衡校验": "全部相符"}
    own = progress_register(user=seller, store=store, month=MONTH)
    assert [row["person"] for row in own.rows] == ["李明"]


def test_the_progress_table_names_who_to_call_and_keeps_past_months(
    store: Any, seller: Any, manager: Any, freeze: Any
) -> None:
    """今日必打 by name, the hottest first; what was overdue at the end of a month stays so when it is done later."""
    cards = [make_prospect(seller, store, grade=grade, name=name) for grade, name in (("A", "陶一"), ("H", "陶二"))]
    make_prospect(seller, store, grade="C", name="陶三")
    freeze("2026-11-11 09:00+08:00")
    assert progress_register(user=seller, store=store, month=MONTH).words[1:] == ("今日必打 李明：陶二(H)、陶一(A)",)
    freeze("2026-12-05 10:00+08:00")
    (before,) = progress_register(user=manager, store=store, month=MONTH).rows
    assert (before["due"], before["done"], before["overdue"], before["today"]) == (3, 0, 3, None)
    for card in cards:
        make_follow_up(seller, card)
    table = progress_register(user=manager, store=store, month=MONTH)
    assert (table.rows[0]["overdue"], table.rows[0]["today"], len(table.words)) == (3, None, 1)


def test_the_activity_table_tells_purpose_lateness_and_what_is_in_hand(store: Any, seller: Any, freeze: Any) -> None:
    """目的 as on the paper form; a late contact is not unplanned; figures stand there before a report (§5.2)."""
    late, new = (
        make_prospect(seller, store, grade="H", name="陶一"),
        make_prospect(seller, store, grade="N", name="陶二"),
    )
    freeze("2026-11-13 09:00+08:00")
    make_follow_up(seller, late)
    make_follow_up(seller, new, grade="B")
    freeze("2026-11-15 09:00+08:00")
    make_follow_up(seller, late)
    make_visit(seller, store, name="陶三", purpose="paperwork")
    table = activity_register(user=seller, store=store, person=seller, day=dt.date(2026, 11, 13))
    assert [(row["name"][:2], row["purpose"], row["plan"]) for row in table.rows] == [
        ("陶一", "开拓", "首次回访（逾期）"),
        ("陶二", "开拓", "首次回访（逾期）"),
    ]
    table = activity_register(user=seller, store=store, person=seller, day=dt.date(2026, 11, 15))
    shown = [(row["name"][:2], row["purpose"], row["plan"]) for row in table.rows]
    assert shown == [("陶一", "促进", "跟进"), ("陶三", "手续", "接待")]
    facts = dict(table.facts)
    assert (facts["在手意向"], facts["保有客户"], facts["回访量"]) == ("H1 B1", "自销 0 / 他销 0", "今日 1 / 本月 3")
    assert facts["逾期未跟进"].startswith("今日 ")
    assert "本月" not in facts["逾期未跟进"]


def test_the_activity_table_sets_results_beside_plans(store: Any, seller: Any, freeze: Any) -> None:
    """营业日报表: planned and done, planned and not done, unplanned; grade before and after."""
    planned = make_prospect(seller, store, grade="H", name="陶一")
    make_prospect(seller, store, grade="H", name="陶二")
    extra = make_prospect(seller, store, grade="C", name="陶三")
    freeze("2026-11-11 15:00+08:00")
    make_follow_up(seller, planned, grade="A", content="客户说预算下来了，下周带家人来看", minutes=15)
    make_follow_up(seller, extra)
    table = activity_register(user=seller, store=store, person=seller, day=dt.date(2026, 11, 11))
    shown = {row["name"][:2]: (row["plan"], row["outcome"], row.get("before"), row.get("after")) for row in table.rows}
    assert shown == {
        "陶一": ("首次回访", "已联系", "H", "A"),
        "陶三": ("计划外", "已联系", "C", "C"),
        "陶二": ("首次回访", "未完成", "H", None),
    }
    used = {row["name"][:2]: row.get("minutes") for row in table.rows}
    assert (used, table.totals()["minutes"]) == ({"陶一": 15, "陶二": None, "陶三": None}, 15)
    nobody = activity_register(user=seller, store=store, person=seller, day=dt.date(2026, 11, 12))
    assert "minutes" not in nobody.totals()


def test_the_prospect_card_tells_the_whole_story(store: Any, seller: Any) -> None:
    card = make_prospect(seller, store, grade="A", name="陶然", phone="13912345678")
    make_follow_up(seller, card, grade="H", content="客户周六下午带太太来试驾")
    details = {"needs": "七座，接送孩子", "objection": "嫌保养贵", "offer_limit": Decimal("168000.00")}
    strategy_save(by=seller, prospect_id=card.pk, version=None, details=details)
    month_review_save(
        by=seller, prospect_id=card.pk, month=DAY, version=0, why="预算刚批下来", next_month="周六试驾后报价"
    )
    sheet = prospect_card(user=seller, prospect_id=card.pk)
    facts = dict(sheet.facts)
    assert (facts["电话"], facts["级别"], facts["核心需求"], facts["可让价底线"]) == (
        "139****5678", "H级", "七座，接送孩子", "16.80万"
    )  # fmt: skip
    assert "客户周六下午带太太来试驾" in {row["text"] for row in sheet.rows}
    assert sheet.words == ("月评 2026年11月：— → H，接触 2 次。预算刚批下来 下月：周六试驾后报价",)


def test_the_owner_card_has_its_service_plan_and_goes_on_with_the_story(
    store: Any, seller: Any, manager: Any, freeze: Any
) -> None:
    """保有客户管理卡 (§5.2): service plan, anniversaries, referrals, satisfaction, care calls, the A card's story."""
    card = make_prospect(seller, store, grade="H", name="陶然")
    prospect_change(
        by=seller, prospect_id=card.pk, version=None, details={"car_use": "family", "payment_wish": "loan"}
    )  # fmt: skip
    wish = dict(prospect_card(user=seller, prospect_id=card.pk).facts)
    assert (wish["用途"], wish["付款方式"]) == ("家用", "按揭")
    prospect_ordered(by=manager, prospect_id=card.pk, at=periods.now())
    car = prospect_delivered(
        by=manager, prospect_id=card.pk, at=periods.now(), deal_id=1, vin="LSVAA49J132047371",
        series=store.brand.series.all()[0], description="豪华版",
    )  # fmt: skip
    friend = make_prospect(seller, store, name="陶友")
    prospect_change(by=seller, prospect_id=friend.pk, version=None, details={"referred_by": card.customer})
    freeze("2026-11-17 15:00+08:00")
    call = CareTask.objects.get(vehicle=car, kind="d7")
    CareTask.objects.filter(pk=call.pk).update(
        done_at=periods.now(), done_by=manager, result="satisfied", note="车机不会连手机"
    )
    sheet = owner_card(user=seller, vehicle_id=car.pk)
    facts = dict(sheet.facts)
    assert (facts["下次服务"], facts["交车纪念日"], facts["满意度"]) == (
        "30日关怀 12-10 周四", "2027-11-10 周三（1 周年）", "满意（7日回访）"
    )  # fmt: skip
    assert facts["转介绍"] == "1 位：陶友 跟进中"
    told = [(row["what"], row["text"]) for row in sheet.rows if "回访" in row["what"] or "来店" in row["what"]]
    assert [what[:2] for what, _text in told] == ["来店", "7日"]
    assert told[1] == ("7日回访（应 11-17 周二）", "满意 车机不会连手机")
    label = {"store": store, "effective_from": dt.date(2026, 1, 1)}
    PolicySetting.objects.create(key="register.owner_card", value="C卡 车主档案", **label)
    PolicySetting.objects.create(key="register.prospect_card", value="A卡 潜客档案", **label)
    pages = client_for(seller)
    page = pages.get(f"/customers/owners/{car.pk}/").content.decode()
    assert "C卡 车主档案" in page
    assert "1 位：陶友 跟进中" in page
    assert "A卡 潜客档案" in pages.get(f"/customers/prospects/{card.pk}/").content.decode()


def test_a_stale_strategy_and_a_thin_review_are_refused(store: Any, seller: Any) -> None:
    """R06: the second of two saves sees both values; a review says something."""
    card = make_prospect(seller, store)
    row = strategy_save(by=seller, prospect_id=card.pk, version=None, details={"needs": "七座"})
    strategy_save(by=seller, prospect_id=card.pk, version=row.version, details={"needs": "五座"})
    with pytest.raises(Conflict) as refused:
        strategy_save(by=seller, prospect_id=card.pk, version=row.version, details={"needs": "六座"})
    assert refused.value.current["needs"] == "五座"
    with pytest.raises(DomainError, match="下月打算至少写 4 个字"):
        month_review_save(by=seller, prospect_id=card.pk, month=DAY, version=0, why="预算刚批下来", next_month="等")
    with pytest.raises(DomainError, match="月份不正确"):
        month_review_save(
            by=seller, prospect_id=card.pk, month=dt.date(2026, 9, 1), version=0, why="很久以前", next_month="继续跟进"
        )


@pytest.mark.parametrize("kind", ["visits", "grades", "progress", "activity"])
def test_screen_and_file_hold_the_same_rows(store: Any, seller: Any, kind: str) -> None:
    """One query each: what the screen shows is what the file holds; the download is logged, formulas stay text."""
    make_prospect(seller, store, name="=1+1", phone="13912345678")
    client = client_for(seller)
    page = client.get(f"/reports/registers/{kind}/").content.decode()
    answer = client.get(f"/reports/registers/{kind}/?as=xlsx")
    assert "filename*=utf-8''" in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.getvalue())).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert plain_numbers_in(page + "\n".join(str(cell.value) for cell in cells)) == []
    head = next(row for row in range(1, 30) if sheet.cell(row, 3).value is not None)
    assert kind == "activity" or (sheet.freeze_panes, sheet.print_title_rows) == (f"B{head + 1}", f"${head}:${head}")
    if kind != "progress":
        assert [cell.data_type for cell in cells if str(cell.value).startswith("=1+1")] == ["s"]
        assert "=1+1" in page
    assert [log.kind for log in ExportLog.objects.all()] == [f"register.{kind}"]


@pytest.mark.parametrize("kind", ["visits", "grades", "progress", "activity"])
def test_statements_do_not_grow_with_rows(store: Any, seller: Any, kind: str) -> None:
    client = client_for(seller)
    make_follow_up(seller, make_prospect(seller, store))

    def ask() -> Any:
        assert client.get(f"/reports/registers/{kind}/").status_code == 200

    ask()
    one = count_queries(ask)
    for _ in range(2):
        make_follow_up(seller, make_prospect(seller, store))
    assert count_queries(ask) == one


@pytest.mark.parametrize("query", ["store=999", "person=abc", "day=2026-02-30", "month=13", "month=2026Q1", "as=pdf"])
def test_odd_addresses_show_the_default(store: Any, seller: Any, query: str) -> None:
    for kind in ("visits", "grades"):
        assert client_for(seller).get(f"/reports/registers/{kind}/?{query}").status_code == 200
