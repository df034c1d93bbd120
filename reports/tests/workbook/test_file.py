"""The file itself: typed cells, nothing evaluated, nothing repaired, formulas equal to their values (I04, I05, I07)."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from dealership.core.cells import CUT_NOTICE, LIMIT, cell_text, file_part
from reports.tests.workbook.samples import month_content, receipt_row, sum_of, vehicle_row
from reports.workbook.build import write_month_book

FULL_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
NASTY = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "=cmd|' /C calc'!A0", "#N/A", "0123")


def made(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "book.xlsx"
    write_month_book(path, month_content(**changes))  # type: ignore[arg-type]
    return path


def cells_of(path: Path, *, values: bool = False) -> dict[tuple[str, str], object]:
    book = openpyxl.load_workbook(path, data_only=values)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def with_rows(key: str, rows: list[dict[str, object]], **changes: object) -> dict[str, object]:
    plain = month_content().rows
    return {"rows": lambda wanted: rows if wanted == key else plain(wanted), **changes}


def column_of(path: Path, sheet: str, title: str) -> list[openpyxl.cell.Cell]:
    found = openpyxl.load_workbook(path)[sheet]
    head = next(cell for cell in found[4] if cell.value == title)
    return [row[head.column - 1] for row in found.iter_rows(min_row=5)]


def test_i04_text_is_never_a_formula(tmp_path: Path) -> None:
    rows = [vehicle_row(n, customer=text, vin=text) for n, text in enumerate(NASTY, 1)]
    path = made(tmp_path, **with_rows("vehicles", rows))
    for title in ("客户名称", "车架号"):
        cells = column_of(path, "车辆明细", title)[: len(NASTY)]
        assert [cell.data_type for cell in cells] == ["s"] * len(NASTY)
        assert [cell.value for cell in cells] == [text.replace("\r", "\n") for text in NASTY]
        assert [bool(cell.quotePrefix) for cell in cells] == [text[0] in "=+-@\t\r＝" for text in NASTY]


def test_i04_numbers_stay_numbers_and_codes_stay_text(tmp_path: Path) -> None:
    path = made(tmp_path)
    price, vin = column_of(path, "车辆明细", "开票价")[0], column_of(path, "车辆明细", "车架号")[0]
    day, slip = column_of(path, "车辆明细", "开票日期")[0], column_of(path, "收款流水", "流水号")[0]
    assert (price.data_type, Decimal(str(price.value)), price.number_format[:8]) == (
        "n",
        vehicle_row(1)["invoice_price"],
        "#,##0.00",
    )
    assert (vin.data_type, vin.value, vin.number_format) == ("s", "LSVAA4187E2000001", "@")
    assert (slip.data_type, slip.value) == ("s", "0012345678901234567")
    assert (day.is_date, day.value) == (True, dt.datetime(2026, 10, 2))  # noqa: DTZ001  Excel has no zones


def test_i05_control_characters_and_long_notes(tmp_path: Path) -> None:
    note = "说" * 32_768
    rows = [receipt_row(1, payer="张\x0b三\x00\ud800😀\uffff", remark=note), receipt_row(2, remark="😀" * 20_000)]
    path = made(tmp_path, **with_rows("receipts", rows))
    payer, remark = column_of(path, "收款流水", "付款人")[0], column_of(path, "收款流水", "备注")[:2]
    assert payer.value == "张三😀"
    assert all(cell.value.endswith(CUT_NOTICE) for cell in remark)
    assert all(len(cell.value.encode("utf-16-le")) // 2 <= LIMIT for cell in remark)
    assert cell_text("a" * LIMIT) == "a" * LIMIT


def test_no_full_phone_in_any_cell(tmp_path: Path) -> None:
    path = made(tmp_path)
    assert any("****" in str(value) for value in cells_of(path).values())
    assert [value for value in cells_of(path).values() if FULL_PHONE.search(str(value))] == []


def test_readers_without_profit_get_no_cost_columns(tmp_path: Path) -> None:
    full = {str(value) for value in cells_of(made(tmp_path)).values()}
    mine = {str(value) for (sheet, _), value in cells_of(made(tmp_path, profit=False)).items() if sheet != "口径说明"}
    plain = {text for text in mine if len(text) < 12}
    for word in ("171500", "单车毛利", "整车毛利", "提车价", "厂家返利", "赠品成本", "库存金额"):
        assert any(word in text for text in full)
        assert [text for text in plain if word in text] == []


def test_known_results_equal_the_sums(tmp_path: Path) -> None:
    path = made(tmp_path, size=37)
    formulas, values = cells_of(path), cells_of(path, values=True)
    for where, text in formulas.items():
        if isinstance(text, str) and text.startswith("=SUM("):
            assert where in values
    totals = [v for (s, c), v in values.items() if s == "车辆明细" and formulas[s, c] == "=SUM(S5:S41)"]
    assert [Decimal(str(total)).quantize(Decimal("0.01")) for total in totals] == [sum_of(37)]


def test_layout_for_paper_and_screen(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path))
    assert book.sheetnames == [
        "封面",
        "销售汇总",
        "顾问业绩",
        "车辆明细",
        "收款流水",
        "应收与退款",
        "库存与库龄",
        "漏斗与来源",
        "战败分析",
        "口径说明",
    ]
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.print_area
        assert sheet.oddHeader.left.text == "江城众合店"
        assert "周会计" in sheet.oddFooter.left.text
        assert sheet.title == "封面" or (sheet.freeze_panes and sheet["A3"].value.startswith("由 周会计"))


def test_a_cancelled_run_leaves_no_file(tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def tick(rows: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        write_month_book(tmp_path / "x.xlsx", month_content(400), tick)
    assert list(tmp_path.iterdir()) == []


def test_i09_file_names() -> None:
    assert file_part("../../江城 店\r\n") == "....江城店"
    assert len(file_part("店" * 300)) == 40


@pytest.mark.office
def test_i07_libreoffice_recalculates_every_formula_to_the_same_value(tmp_path: Path) -> None:
    """LibreOffice loads the file, computes anew and writes it out; each formula cell equals what we wrote."""
    path = made(tmp_path, size=60)
    ours, formulas = cells_of(path, values=True), cells_of(path)
    theirs = cells_of(recalculated(path, tmp_path), values=True)
    checked = 0
    for where, text in formulas.items():
        if not (isinstance(text, str) and text.startswith("=")):
            continue
        mine, other = ours.get(where), theirs.get(where)
        assert (mine or 0) == pytest.approx(other or 0, abs=0.0049) if not isinstance(mine, str) else mine == other
        checked += 1
    assert checked > 100


def recalculated(path: Path, folder: Path) -> Path:
    """The file after LibreOffice computed every formula itself (cached results thrown away first)."""
    bare = folder / "bare.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                data = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", data)
            new.writestr(item.filename, data)
    out = folder / "out"
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(bare)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return out / "bare.xlsx"


MEASURE = """
import resource, sys, tempfile
from pathlib import Path
from reports.tests.workbook.samples import month_content
from reports.workbook.build import write_month_book
with tempfile.TemporaryDirectory() as folder:
    write_month_book(Path(folder) / "warm.xlsx", month_content(10))
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write_month_book(Path(folder) / "big.xlsx", month_content(5000))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle)
"""


def test_i06_memory_of_20_000_rows_stays_flat() -> None:
    """5 000 cars and 15 000 receipts take at most 60 MB above what a small workbook needs."""
    found = subprocess.run([sys.executable, "-c", MEASURE], check=True, capture_output=True, text=True, timeout=300)
    assert int(found.stdout) <= 60 * 1024
