"""封面: what this file is, what is in it, and the proof that its sheets agree with the store's figures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reports.workbook.book import Book, Sheet
from reports.workbook.content import MonthContent

TITLE = "封面"
CONTENTS = (
    ("销售汇总", "门店指标与车系业绩：目标、实绩、达成、环比、同比"),
    ("顾问业绩", "每位顾问的客流、建卡、跟进、订单、交车、金额"),
    ("车辆明细", "本月开票或交车的每一台车"),
    ("收款流水", "本月到账、退款与冲销，代收款单列"),
    ("应收与退款", "月末应收余额、逾期与本月退款"),
    ("库存与库龄", "月末在库车辆与库龄结构"),
    ("漏斗与来源", "从客流到交车、潜客进销存、级别与来源"),
    ("口径说明", "每个指标怎么算"),
)
CHANGED = ("版本差异", "与上一版关账数字的差别")


@dataclass(frozen=True)
class Check:
    """A figure of the store against the total of a sheet (`cell` is its address)."""

    label: str
    figure: Decimal
    cell: str
    counted: Decimal
    is_money: bool = True


def open_cover(book: Book) -> Sheet:
    """The first sheet; it is filled last, when the totals of the others have their addresses."""
    return book.sheet(TITLE, widths=[4, 24, 22, 22, 16, 18, 22], tab="1B7F4B")


def write(sheet: Sheet, content: MonthContent, checks: list[Check]) -> None:
    """Head data, contents with links, agreement table, open findings of the month's check list."""
    _facts(sheet, content)
    _contents(sheet, content)
    _agreement(sheet, checks)
    _findings(sheet, content)


def _facts(sheet: Sheet, content: MonthContent) -> None:
    sheet.line(f"{content.store_name}　{content.month_label}　销售月报", "标题", 34)
    sheet.blank()
    pairs = [
        ("门店", content.store_name),
        ("月份", content.month_label),
        ("关账状态", content.status_label),
        ("版本", content.version_label),
        ("关账", content.closed_text),
    ]
    for label, text in pairs:
        sheet.append([None, sheet.cell(label, "表头"), sheet.cell(text, "正文_text"), *_rest(sheet, 4)])
    # The copy's own data stands on one line, beside nothing that belongs to the month.
    sheet.append([None, sheet.cell("制表", "表头"), sheet.cell(sheet.book.stamp, "水印")])


def _rest(sheet: Sheet, count: int) -> list[object]:
    return [sheet.cell(None, "正文_text") for _ in range(count)]


def _contents(sheet: Sheet, content: MonthContent) -> None:
    sheet.blank()
    sheet.append([None, sheet.cell("目录", "小标题")])
    for title, text in (*CONTENTS[:-1], *([CHANGED] if content.version > 1 else []), CONTENTS[-1]):
        sheet.append([None, sheet.link(title, title), sheet.cell(text, "说明")])


def _agreement(sheet: Sheet, checks: list[Check]) -> None:
    sheet.blank()
    sheet.append([None, sheet.cell("勾稽核对", "小标题")])
    heads = ("项目", "报表数", "明细合计", "差额", "结论")
    sheet.append([None, *(sheet.cell(text, "表头") for text in heads)])
    for check in checks:
        number, kind = sheet.row + 1, "money" if check.is_money else "count"
        gap = check.figure - check.counted
        verdict = f'=IF(ABS(E{number})<0.005,"一致","不一致")'
        sheet.append(
            [
                None,
                sheet.cell(check.label, "正文_text"),
                sheet.cell(check.figure, f"正文_{kind}"),
                sheet.formula(f"={check.cell}", check.counted, f"正文_{kind}"),
                sheet.formula(f"=C{number}-D{number}", gap, f"正文_{kind}"),
                sheet.formula(verdict, "一致" if gap == 0 else "不一致", "正文_centre"),
            ]
        )


def _findings(sheet: Sheet, content: MonthContent) -> None:
    if not content.findings:
        return
    sheet.blank()
    sheet.append([None, sheet.cell("关账检查提示", "小标题")])
    sheet.append([None, sheet.cell("检查项", "表头"), sheet.cell("待处理", "表头")])
    for label, count in content.findings:
        sheet.append([None, sheet.cell(label, "正文_text"), sheet.cell(count, "正文_count")])
