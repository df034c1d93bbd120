"""A list of leads on the phone: upload with errors, preview, error workbook, confirm, undo.

Nobody presses anything to see a result: the page loads itself when the work is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from dealership.org.choices import Role
from dealership.tests.builders import make_person, make_store
from dealership.tests.e2e.conftest import PHONE, Person
from leads.models import ImportBatch, Lead
from leads.tests.imports.files import LEADS, number, workbook
from leads.tests.lead_builders import nobody_takes

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]


def test_upload_preview_error_file_confirm_undo(
    transactional_db: None, sign_in: SignIn, worker: Callable[[], None], tmp_path: Any
) -> None:
    store = make_store("A")
    nobody_takes(store)
    source = tmp_path / "十一月线索.xlsx"
    rows = [[f"客户{n}", number(n), "懂车帝", "远景X7"] for n in range(8)]
    source.write_bytes(workbook(LEADS, [*rows, ["李娜", "12345"], ["王芳", number(0)]]).getvalue())
    person = sign_in(make_person(Role.SHOWROOM_MANAGER, store, name="赵经理"), PHONE)
    page = person.go(reverse("leads:import_new"))
    page.locator("label.app-choice", has=page.locator("[name=kind][value=leads]")).click()
    page.set_input_files("[name=file]", source)
    page.get_by_role("button", name="上传并检查").click()
    page.wait_for_url(lambda url: url.rstrip("/").rpartition("/")[2].isdigit())
    worker()
    page.get_by_text("确认导入 8 行").wait_for()
    page.get_by_role("link", name="有错误 1").click()
    page.get_by_text("号码不正确").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with page.expect_download() as caught:
        page.get_by_role("link", name="错误文件").click()
    caught.value.save_as(tmp_path / "errors.xlsx")
    sheet = load_workbook(tmp_path / "errors.xlsx").active
    assert sheet is not None
    assert (sheet.cell(2, 1).value, sheet.cell(2, 2).value) == (10, "李娜")
    assert Lead.objects.count() == 0
    page.get_by_role("button", name="确认导入 8 行").click()
    page.wait_for_load_state()
    worker()
    page.get_by_role("link", name="结果文件").wait_for()
    assert Lead.objects.count() == 8
    page.get_by_text("撤销导入").click()
    page.get_by_role("button", name="确认撤销").click()
    page.wait_for_load_state()
    worker()
    page.locator(".badge", has_text="已撤销").first.wait_for()
    assert (Lead.objects.count(), ImportBatch.objects.get().state) == (0, "undone")
    assert person.complaints == []
