"""Pages and API of imports: who sees what, refusals in words, files of others (A08), statements."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from dealership.audit.models import AuditEntry
from dealership.core.cells import safe_cell
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.org.choices import Role
from dealership.org.models import Membership
from dealership.tests.clients import api_for, assert_same_query_count, client_for
from leads.models import ImportBatch, Lead
from leads.services.import_purge import imports_purge
from leads.services.imports import folder
from leads.tests.imports.files import LEADS, again, checked, confirmed, number, work, workbook
from leads.tests.lead_builders import nobody_takes

LIST = reverse("leads:import_list")


@pytest.fixture(autouse=True)
def _nobody(store):
    nobody_takes(store)


def file(rows, name="线索.xlsx"):
    return SimpleUploadedFile(name, workbook(LEADS, rows).getvalue())


def page(batch):
    return reverse("leads:import_detail", args=[batch.pk])


def test_upload_preview_confirm_undo(store, manager):
    client = client_for(manager)
    sent = {"kind": "leads", "file": file([["张伟", number(1)], ["李娜", "坏"], ["王芳", number(1)]])}
    answer = client.post(reverse("leads:import_new"), sent)
    batch = ImportBatch.objects.get()
    assert (answer.status_code, answer.url) == (302, page(batch))
    assert 'hx-trigger="every 2s"' in client.get(page(batch)).content.decode()
    work(batch.check_job)
    shown = client.get(page(batch)).content.decode()
    assert "确认导入 1 行" in shown
    assert "137****0001" in shown
    assert number(1) not in shown
    only_bad = client.get(page(batch) + "?verdict=bad").content.decode()
    assert "号码不正确" in only_bad
    assert "张伟" not in only_bad
    assert "与第 2 行的手机号相同" in client.get(page(batch) + "?verdict=duplicate").content.decode()
    early = client.post(reverse("leads:import_undo", args=[batch.pk]))
    assert early.status_code == 409
    assert "不能撤销" in early.content.decode()
    assert client.post(reverse("leads:import_confirm", args=[batch.pk])).status_code == 302
    work(again(batch).confirm_job)
    shown = client.get(page(batch)).content.decode()
    assert "结果文件" in shown
    assert "撤销导入" in shown
    client.post(reverse("leads:import_undo", args=[batch.pk]))
    work(again(batch).undo_job)
    assert Lead.objects.count() == 0
    assert "已撤销" in client.get(page(batch)).content.decode()


def test_the_same_file_leads_to_the_first_import(store, manager):
    batch = confirmed(manager, store, workbook(LEADS, [["张伟", number(1)]]))
    client = client_for(manager)
    answer = client.post(
        reverse("leads:import_new"), {"kind": "leads", "file": same(batch, manager, store)}, follow=True
    )
    assert answer.redirect_chain[-1][0] == page(ImportBatch.objects.latest("pk"))
    assert Lead.objects.count() == 1


def same(batch, manager, store):
    """The bytes that were imported once more."""
    content = file([["张伟", number(7)]])
    first = SimpleUploadedFile("一.xlsx", content.read())
    client_for(manager).post(reverse("leads:import_new"), {"kind": "leads", "file": first})
    work(ImportBatch.objects.latest("pk").check_job)
    content.seek(0)
    return content


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"kind": "leads"}, "请选择要导入的 Excel 文件"),
        ({"kind": "cars"}, "选项无效"),
        ({"kind": "leads", "empty": 1}, "文件是空的"),
    ],
)
def test_refusals_stand_beside_the_field(sent, words, store, manager):
    data = {"kind": sent["kind"]}
    if "empty" in sent or sent["kind"] == "cars":
        data["file"] = SimpleUploadedFile("a.xlsx", b"")
    answer = client_for(manager).post(reverse("leads:import_new"), data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert ImportBatch.objects.count() == 0


def test_s_own_uploads_only_for_marketing_and_no_customers(store, manager, person):
    marketing = person(Role.MARKETING, store)
    batch = checked(manager, store, workbook(LEADS, [["张伟", number(1)]]))
    client = client_for(marketing)
    assert client.get(page(batch)).status_code == 404
    assert batch.file_name not in client.get(LIST).content.decode()
    form = client.get(reverse("leads:import_new")).content.decode()
    assert "意向客户模板" not in form
    assert client.get(reverse("leads:import_template", args=["customers"])).status_code == 403
    twin = SimpleUploadedFile("b.xlsx", b"x")
    assert client.post(reverse("leads:import_new"), {"kind": "customers", "file": twin}).status_code == 422


def test_a08_files_of_others_and_after_the_role_is_gone(store, manager, person):
    batch = checked(manager, store, workbook(LEADS, [["=张伟", "坏"]]))
    other = person(Role.SALES_MANAGER, store)
    url = reverse("jobs:download", args=[batch.check_job_id])
    assert client_for(other).get(page(batch)).status_code == 200
    assert "错误文件" not in client_for(other).get(page(batch)).content.decode()
    assert client_for(other).get(url).status_code == 404
    answer = client_for(manager).get(url)
    content = b"".join(answer.streaming_content)
    assert load_workbook(io.BytesIO(content)).active.cell(2, 2).value == "=张伟"
    tried = AuditEntry.objects.filter(action="job.download").order_by("id")
    assert [(row.actor, row.changes["refused"]) for row in tried] == [(other, "not_found"), (manager, None)]
    Membership.objects.filter(user=manager).update(role=Role.RECEPTIONIST)
    assert client_for(manager).get(url).status_code == 403


def test_the_template_is_understood_by_the_import(store, manager):
    client = client_for(manager)
    for kind, sheet in (("leads", "线索"), ("customers", "意向客户")):
        content = b"".join(client.get(reverse("leads:import_template", args=[kind])).streaming_content)
        assert load_workbook(io.BytesIO(content)).sheetnames == [sheet, "填写说明"]
        batch = checked(manager, store, io.BytesIO(content), kind)
        said = [error["column"] for row in batch.rows.all() for error in row.errors]
        assert said == ([] if kind == "leads" else ["归属顾问"])
        assert batch.notes == ["只读取第一张可见工作表，未读取：填写说明"]


def test_merged_cells_hidden_sheets_and_other_headers_are_named(store, manager):
    book = Workbook()
    hidden, sheet = book.active, book.create_sheet("数据")
    hidden.sheet_state = "hidden"
    hidden.title = "旧表"
    for line in (
        ["懂车帝十一月线索"],
        ["客户姓名", "联系电话（必填）", "渠道", "颜色"],
        ["张伟", 13700000001, "懂车帝", "红"],
    ):
        sheet.append(line)
    sheet.append(["", "", "", "蓝"])
    sheet.merge_cells("B3:B4")
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    batch = checked(manager, store, content)
    assert (batch.rows_good, batch.rows_bad) == (1, 0)
    notes = "".join(batch.notes)
    assert "隐藏的工作表没有读取：旧表" in notes
    assert "未识别的列已忽略：颜色" in notes
    assert "B3:B4" in notes
    assert safe_cell(sheet, "=1").data_type == "s"


def test_r_pipl_plain_rows_go_after_a_week(store, manager, freeze):
    freeze("2026-11-01 10:00+08:00")
    left = checked(manager, store, workbook(LEADS, [["张伟", number(1)]]))
    kept = confirmed(manager, store, workbook(LEADS, [["李娜", number(2)]]))
    (folder() / "stray.xlsx").write_bytes(b"x")
    freeze("2026-11-07 10:00+08:00")
    assert imports_purge() == 0
    freeze("2026-11-09 10:00+08:00")
    assert imports_purge() == 2
    assert [row.values for batch in (left, kept) for row in batch.rows.all()] == [{}, {}]
    assert (again(left).state, again(kept).state) == ("failed", "confirmed")
    assert client_for(manager).get(page(left)).status_code == 200


def test_the_same_statements_for_one_and_for_three(store, manager):
    batch = checked(manager, store, workbook(LEADS, [["张伟", number(1)]]))
    client = client_for(manager)
    wide = checked(manager, store, workbook(LEADS, [["张伟", number(i)] for i in range(2, 5)]))
    pages = iter([batch, batch, wide])
    assert_same_query_count(lambda: client.get(page(next(pages))), lambda: None, limit=25)

    def more():
        for index in (5, 6):
            checked(manager, store, workbook(LEADS, [["张伟", number(index)]]))

    assert_same_query_count(lambda: client.get(LIST), more, limit=20)
    api = api_for(manager)
    assert_same_query_count(lambda: api.get("/api/v1/imports/"), lambda: None, limit=10)


def test_the_api_goes_the_same_way(store, manager):
    api = api_for(manager)
    rows = [["张伟", number(1)], ["李娜", "坏"]]
    answer = api.post("/api/v1/imports/", {"kind": "leads", "file": file(rows)}, format="multipart")
    assert answer.status_code == 201, answer.json()
    one = f"/api/v1/imports/{answer.json()['id']}/"
    runner.run(answer.json()["check_job"])
    told = api.get(one).json()
    assert (told["state"], told["rows_good"], told["rows_bad"]) == ("checked", 1, 1)
    assert told["problems"] == [
        {
            "number": 3,
            "verdict": "bad",
            "outcome": "",
            "errors": [{"column": "手机", "reason": "号码不正确，请填 11 位手机号"}],
        }
    ]
    assert api.get(f"/api/v1/jobs/{told['check_job']}/").json()["result_url"]
    confirm = api.post(one + "confirm/").json()
    runner.run(confirm["confirm_job"])
    assert api.get(one).json()["rows_made"] == 1
    assert api.post(one + "confirm/").status_code == 409
    runner.run(api.post(one + "undo/").json()["undo_job"])
    assert api.get(one).json()["state"] == "undone"
    assert Job.objects.filter(state="done").count() == 3
    assert api.post("/api/v1/imports/", {"kind": "leads"}, format="multipart").status_code == 400
