"""Customers from a file: original author and dates, no way to a loss, undo (I01, R-FU-1, §4.2)."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import ClosedMonth
from dealership.org.roles import ROLE_TABLE
from leads.models import Customer, CustomerPhone, FollowUpTask, GradeChange, Prospect, StatusChange
from leads.services.import_undo import GONE
from leads.services.imports import import_confirm
from leads.tests.builders import make_follow_up, make_prospect, make_visit
from leads.tests.imports.files import CUSTOMERS, checked, confirmed, number, undone, work, workbook

NOW = "2026-11-22 10:00+08:00"


@pytest.fixture(autouse=True)
def _now(freeze):
    freeze(NOW)


def row(index, **told):
    """A sound row; the keys are headers."""
    return [{"姓名": f"客户{index}", "手机": number(index), **told}.get(head, "") for head in CUSTOMERS]


def test_author_dates_and_rows_are_those_of_the_single_services(store, manager, consultant, colleague):
    old = colleague
    old.is_active = False
    old.save()
    told = {
        "称呼": "女士", "级别": "B级", "来源": "自然到店", "意向车型": "远景S5", "建卡日期": "2026-10-08",
        "建卡人": old.username, "归属顾问": consultant.username, "最近联系": "2026年11月10日",
        "下次跟进": dt.datetime(2026, 11, 30, 15), "备注": "置换",  # noqa: DTZ001  Excel knows no zones
    }  # fmt: skip
    batch = confirmed(manager, store, workbook(CUSTOMERS, [row(1, **told)]), "customers")
    assert batch.rows_made == 1
    card = Prospect.objects.get()
    assert (card.grade, card.status, card.owner, card.card_channel) == ("B", "active", consultant, "other")
    assert card.card_created_at == periods.at(dt.date(2026, 10, 8), "09:00")
    assert card.last_contact_at == periods.at(dt.date(2026, 11, 10), "09:00")
    assert card.next_follow_up_at == periods.at(dt.date(2026, 11, 30), "15:00")
    assert (card.source.name, card.series.name, card.key_concern) == ("自然到店", "远景S5", "置换")
    customer = card.customer
    assert (customer.created_by, customer.gender, customer.name_pinyin) == (old, "female", "kehu1 kh1")
    assert customer.phones.get().last4 == number(1)[-4:]
    for history in (StatusChange, GradeChange):
        line = history.objects.get(prospect=card)
        assert (line.by, line.at, line.owner, line.team) == (old, card.card_created_at, consultant, card.team)
    task = FollowUpTask.objects.get(prospect=card)
    assert (task.due_at, task.kind, task.owner) == (card.next_follow_up_at, "regular", consultant)


FAULTS = [
    ({"级别": "战败"}, "级别", "战败、休眠须先导入"),
    ({"级别": "D"}, "级别", "级别只能选"),
    ({"归属顾问": ""}, "归属顾问", "请填写在职的归属顾问"),
    ({"建卡日期": "2026-09-30"}, "建卡日期", "2026年9月已关账"),
    ({"建卡日期": "2026-11-20", "最近联系": "2026-11-19"}, "最近联系", "不能早于建卡日期"),
    ({"下次跟进": "2026-11-21"}, "下次跟进", "已经过去"),
    ({"级别": "H", "下次跟进": "2026-11-25"}, "下次跟进", "最迟 11-24"),
    ({"姓名": ""}, "姓名", "请填写姓名"),
    ({"称呼": "同志"}, "称呼", "只能填"),
    ({"建卡人": "外店顾问"}, "建卡人", "本店没有员工"),
]


def test_i01_every_fault_is_named_by_column(store, manager, consultant, stranger):
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 9, 1))
    seller = {"归属顾问": consultant.username}
    table = [row(index, **{**seller, **change}) for index, (change, _column, _words) in enumerate(FAULTS)]
    batch = checked(manager, store, workbook(CUSTOMERS, table), "customers")
    assert (batch.rows_good, batch.rows_bad) == (0, len(FAULTS))
    for line, (_change, column, words) in zip(batch.rows.order_by("number"), FAULTS, strict=True):
        assert [error["column"] for error in line.errors] == [column]
        assert words in line.errors[0]["reason"]


def test_r_fu_1_every_imported_card_has_a_next_step_within_its_interval(store, manager, consultant):
    table = [row(index, 级别=grade, 归属顾问="李明") for index, grade in enumerate(["H", "A", "B", "C", "N", ""])]
    confirmed(manager, store, workbook(CUSTOMERS, table), "customers")
    dues = Prospect.objects.order_by("pk").values_list("grade", "next_follow_up_at")
    days = [(grade, (periods.local_date(due) - periods.today()).days) for grade, due in dues]
    assert days == [("H", 1), ("A", 1), ("B", 3), ("C", 3), ("N", 1), ("N", 1)]


def test_a_number_of_the_store_stays_what_it_is(store, manager, consultant, colleague):
    card = make_prospect(colleague, store, phone=number(1))
    table = [row(1, 归属顾问="李明"), row(2, 归属顾问="李明"), row(3, 归属顾问="李明"), row(3, 归属顾问="李明")]
    batch = checked(manager, store, workbook(CUSTOMERS, table), "customers")
    assert (batch.rows_good, batch.rows_duplicate) == (2, 2)
    make_prospect(colleague, store, phone=number(2))  # between preview and confirm
    batch = import_confirm(by=manager, batch_id=batch.pk)
    assert work(batch.confirm_job).state == "done"
    batch.refresh_from_db()
    assert (batch.rows_made, Prospect.objects.count()) == (1, 3)
    card.refresh_from_db()
    assert (card.owner, card.customer.owner) == (colleague, colleague)
    assert batch.rows.get(number=3).outcome == "重复：本店已有客户档案"


def test_undo_keeps_who_came_was_called_or_brought_somebody(store, manager, consultant):
    table = [row(index, 归属顾问="李明", 级别="A") for index in range(5)]
    batch = confirmed(manager, store, workbook(CUSTOMERS, table), "customers")
    cards = {card.customer.name: card for card in Prospect.objects.select_related("customer")}
    make_follow_up(consultant, cards["客户1"])
    make_visit(consultant, store, phone=number(2), name="客户2")
    friend = make_prospect(consultant, store, phone=number(9), name="朋友")
    Prospect.objects.filter(pk=friend.pk).update(referred_by=cards["客户3"].customer)
    gone = cards["客户0"].customer_id
    batch = undone(manager, batch)
    assert (batch.rows_undone, batch.rows_kept) == (2, 3)
    assert set(Customer.objects.values_list("name", flat=True)) == {"客户1", "客户2", "客户3", "朋友"}
    counts = [model.objects.count() for model in (Prospect, CustomerPhone, StatusChange, GradeChange)]
    assert counts == [4, 4, 4, 4]
    kept = "保留：导入后已有人处理"
    assert list(batch.rows.order_by("number").values_list("outcome", flat=True)) == [GONE, kept, kept, kept, GONE]
    assert batch.rows.filter(outcome=GONE, customer=None, prospect=None).count() == 2
    # What is gone is still in the field history.
    assert Customer.pgh_event_model.objects.filter(pgh_obj_id=gone).order_by("pgh_id")[0].pgh_label == "insert"


def test_only_managers_import_customers():
    allowed = {role for role, rule in ROLE_TABLE.items() if "customer.import" in rule.acts}
    assert allowed == {Role.SHOWROOM_MANAGER, Role.SALES_MANAGER, Role.GENERAL_MANAGER}
