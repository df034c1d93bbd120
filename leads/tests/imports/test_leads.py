"""Leads from a file: checked, confirmed, the same file again, taken back (I01, I02, I04, I05)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from openpyxl import load_workbook

from dealership.audit.models import AuditEntry
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.jobs.services import job_cancel
from dealership.org.choices import Role
from dealership.org.models import ClosedMonth
from leads.models import ImportBatch, ImportRow, Lead, LeadAssignment, LeadChange
from leads.services.imports import import_confirm, import_undo, import_upload, shown_name
from leads.services.lead import lead_attempt_log
from leads.tests.builders import make_prospect
from leads.tests.imports.files import LEADS, again, checked, confirmed, number, undone, upload, work, workbook
from leads.tests.lead_builders import make_lead, nobody_takes

NOW = "2026-11-22 10:00+08:00"
FAULTS = (
    ({"手机号": "12345"}, "手机：号码不正确"),
    ({"收到时间": "2026-02-30"}, "收到时间：“2026-02-30”不是有效日期"),
    ({"来源": "没有的来源"}, "来源：没有“没有的来源”这个来源"),
    ({"意向车型": "没有的车"}, "意向车型：本店没有在售车系“没有的车”"),
    ({"负责顾问": "没有的人"}, "负责顾问：本店没有在职的销售顾问“没有的人”"),
    ({"备注": "长" * 501}, "备注：有 501 字，最多 500 字"),
    ({"姓名": "张\u200b伟"}, "姓名：含有不可见的控制字符"),
    ({"收到时间": "2026-09-03"}, "收到时间：2026年9月已关账"),
    ({"收到时间": "2027-01-01"}, "收到时间：“2027-01-01”晚于现在"),
    ({"手机号": ""}, "手机：请填写手机"),
)


@pytest.fixture(autouse=True)
def _now(freeze, store):
    freeze(NOW)
    nobody_takes(store)
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 9, 1))


def rows(count, faults=()):
    """`count` rows; every tenth carries the next fault."""
    made = []
    for index in range(count):
        row = {
            "姓名": f"客户{index}",
            "手机号": number(index),
            "来源": "懂车帝",
            "意向车型": "远景X7",
            "来源编号": f"D{index}",
        }
        if faults and index % 10 == 9:
            row |= faults[index // 10 % len(faults)][0]
        made.append([row.get(head, "") for head in LEADS])
    return made


def test_i01_a_tenth_is_bad_and_named_and_nothing_is_written_before_confirm(store, manager):
    batch = checked(manager, store, workbook(LEADS, rows(500, FAULTS)))
    assert (batch.state, batch.rows_good, batch.rows_duplicate, batch.rows_bad) == ("checked", 450, 0, 50)
    assert Lead.objects.count() == 0
    found = ImportRow.objects.filter(batch=batch, verdict="bad").order_by("number")
    for row, (_change, said) in zip(found, FAULTS * 5, strict=True):
        assert f"{row.errors[0]['column']}：{row.errors[0]['reason']}".startswith(said), row.number
    assert [row.number for row in found] == list(range(11, 502, 10))
    assert list((Path(settings.MEDIA_ROOT) / "imports").iterdir()) == []  # the file is gone once it was checked
    batch = import_confirm(by=manager, batch_id=batch.pk)
    job = work(batch.confirm_job)
    assert (job.state, again(batch).state, again(batch).rows_made) == ("done", "confirmed", 450)
    assert Lead.objects.filter(store=store, state="new", created_by=manager).count() == 450
    assert LeadChange.objects.filter(event="take_in").count() == 450
    assert AuditEntry.objects.filter(action="import.confirm").get().changes["made"] == 450
    sheet = load_workbook(Path(settings.MEDIA_ROOT) / job.result_file).active
    told = Counter(row[1] for row in sheet.iter_rows(min_row=2, values_only=True))
    assert told == {"已新增线索": 450, "有错误": 50}


def test_i02_the_same_file_and_the_same_rows_add_nothing(store, manager):
    batch = confirmed(manager, store, workbook(LEADS, rows(3)))
    content = workbook(LEADS, rows(3))
    content.seek(0)
    other = checked(manager, store, workbook(LEADS, [*rows(3), rows(4)[3], rows(4)[3]]))
    assert (other.rows_good, other.rows_duplicate) == (1, 4)
    same = workbook(LEADS, rows(3))
    first, fresh = import_upload(by=manager, store=store, kind="leads", name="改名.xlsx", content=same)
    twin, again_fresh = import_upload(by=manager, store=store, kind="leads", name="再来.xlsx", content=same)
    assert (twin.pk, again_fresh) == (first.pk, False)
    assert fresh in (True, False)
    assert Lead.objects.count() == 3
    assert batch.state == "confirmed"


def test_the_answer_for_rows_that_are_doubles(store, manager, consultant, stranger, other_store):
    make_lead(manager, store, phone=number(1))
    card = make_prospect(consultant, store, phone=number(2))
    table = [["", number(index), "", "", "", "", "", ""] for index in (1, 2, 3, 3)]
    batch = checked(manager, store, workbook(LEADS, table))
    said = list(batch.rows.order_by("number").values_list("verdict", "is_taken"))
    assert said == [("duplicate", False), ("duplicate", True), ("good", False), ("duplicate", False)]
    batch = import_confirm(by=manager, batch_id=batch.pk)
    work(batch.confirm_job)
    merged = Lead.objects.get(state="merged")
    assert (merged.customer_id, merged.owner) == (card.customer_id, consultant)
    assert Lead.objects.count() == 3


def test_rows_for_a_person_are_theirs_and_marketing_may_not_give(store, manager, consultant, person):
    table = [["", number(1), "", "", "", "2026/11/20 9:05", "", consultant.username], ["", number(2)]]
    batch = confirmed(manager, store, workbook(LEADS, table))
    lead = Lead.objects.get(phone=f"+86{number(1)}")
    assert (lead.owner, lead.state, lead.version) == (consultant, "assigned", 2)
    assert lead.received_at.isoformat() == "2026-11-20T01:05:00+00:00"
    assert LeadAssignment.objects.get(lead=lead).sla_due_at == lead.sla_due_at
    assert batch.rows_made == 2
    marketing = person(Role.MARKETING, store)
    other = checked(marketing, store, workbook(LEADS, [["", number(5), "", "", "", "", "", consultant.username]]))
    assert "不能指派" in other.rows.get().errors[0]["reason"]
    with pytest.raises(NotAllowed):
        upload(consultant, store, workbook(LEADS, table))
    with pytest.raises(NotAllowed):
        upload(marketing, store, workbook(LEADS, table), "customers")


def test_i04_i05_the_error_workbook_is_text_and_can_be_uploaded_again(store, manager):
    names = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "＝2", "\t=3", "汉😀字", "长" * 3000]
    table = [[name, "坏号码", "", "", "", "", "", ""] for name in names]
    batch = checked(manager, store, workbook(LEADS, table))
    assert batch.rows_bad == len(names)
    path = Path(settings.MEDIA_ROOT) / batch.check_job.result_file
    sheet = load_workbook(path).active
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells[:5]] == names[:5]
    assert all(cell.quotePrefix for cell in cells[:5])
    assert [cell.value for cell in sheet[1]][-1] == "错误原因"
    assert "手机：号码不正确" in sheet.cell(2, 10).value
    with path.open("rb") as stream:
        other, _fresh = import_upload(by=manager, store=store, kind="leads", name="e.xlsx", content=stream)
    work(other.check_job)
    assert again(other).rows_bad == len(names)
    assert again(other).notes == []


def test_undo_removes_what_nobody_touched_and_lists_the_rest(store, manager, consultant):
    batch = confirmed(
        manager, store, workbook(LEADS, [["", number(i), *[""] * 5, consultant.username] for i in range(3)])
    )
    worked = Lead.objects.get(phone=f"+86{number(1)}")
    lead_attempt_log(by=consultant, lead_id=worked.pk, channel="phone", outcome="no_answer", note="")
    batch = undone(manager, batch)
    assert (batch.state, batch.rows_undone, batch.rows_kept) == ("undone", 2, 1)
    assert list(Lead.objects.all()) == [worked]
    assert list(batch.rows.order_by("number").values_list("outcome", flat=True)) == [
        "已撤销", "保留：导入后已有人处理", "已撤销",
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action="import.undo").get().changes == {"kind": "leads", "undone": 2, "kept": 1}
    with pytest.raises(Conflict):
        import_undo(by=manager, batch_id=batch.pk)
    # An import that was taken back may be made again.
    assert checked(manager, store, workbook(LEADS, rows(2))).state == "checked"


def test_undo_is_refused_after_a_day(store, manager, freeze):
    batch = confirmed(manager, store, workbook(LEADS, rows(1)))
    freeze("2026-11-23 10:00:01+08:00")
    with pytest.raises(DomainError, match="超过 24 小时"):
        import_undo(by=manager, batch_id=batch.pk)


def test_a_cancel_before_the_end_leaves_nothing(store, manager, monkeypatch):
    batch = import_confirm(by=manager, batch_id=checked(manager, store, workbook(LEADS, rows(5))).pk)
    with pytest.raises(Conflict, match="正在处理中"):
        import_confirm(by=manager, batch_id=batch.pk)
    job = batch.confirm_job
    type(job).objects.filter(pk=job.pk).update(state="running", attempts=0)
    job_cancel(by=manager, job_id=job.pk)
    assert work(job).state == "cancelled"
    assert (Lead.objects.count(), again(batch).state) == (0, "checked")
    batch = import_confirm(by=manager, batch_id=batch.pk)
    assert work(batch.confirm_job).state == "done"
    assert Lead.objects.count() == 5


def test_i09_the_name_is_only_shown(store, manager):
    assert shown_name("../../etc/x.xlsx") == "x.xlsx"
    assert shown_name("C:\\tmp\\线索\r\n.xlsx") == "线索 .xlsx"
    assert len(shown_name("长" * 300 + ".xlsx")) == 120
    batch = upload(manager, store, workbook(LEADS, rows(1)), name="../../x.xlsx")
    assert ImportBatch.objects.get(pk=batch.pk).stored_file.removesuffix(".xlsx").isalnum()
