"""The columns of an import file, and finding them under the names people give them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dealership.core.errors import DomainError
from dealership.core.sheet_read import SheetRows
from dealership.core.text import fold
from leads.choices import ImportKind

HEADER_WITHIN = 10  # rows with something in them: a title or two may stand above the header
NUMBER, REASON = "原行号", "错误原因"


@dataclass(frozen=True)
class Column:
    """`most`: characters a text may have; `other_names`: headers of platforms and old tools."""

    key: str
    title: str
    example: str
    help: str
    other_names: tuple[str, ...] = ()
    most: int = 60
    is_required: bool = False
    width: int = 14


def _phone(example: str) -> Column:
    names = "手机号 手机号码 电话 电话号码 联系电话 联系方式 移动电话 mobile phone tel".split()
    return Column("phone", "手机", example, "必填，11 位手机号。", tuple(names), 30, True, 15)


def _name(is_required: bool) -> Column:
    names = tuple("客户姓名 客户名称 客户 名字 称谓 name".split())
    text = "必填，最多 40 字。" if is_required else "可空，最多 40 字。"
    return Column("name", "姓名", "张伟", text, names, 40, is_required, 12)


SOURCE_NAMES = tuple("来源渠道 线索来源 渠道 客户来源 source".split())
SOURCE = Column("source", "来源", "懂车帝", "系统里的来源名称。", SOURCE_NAMES, 40)
SERIES_NAMES = tuple("意向车系 车型 车系 意向 关注车型 series".split())
SERIES = Column("series", "意向车型", "", "本店在售车系的名称。", SERIES_NAMES, 40)
NOTE_NAMES = tuple("说明 备注信息 留言 note remark".split())
PERSON = "工号或登录名。"
DAY = "如 2026-11-22 或 2026/11/22 10:30。"

COLUMNS: dict[str, tuple[Column, ...]] = {
    ImportKind.LEADS: (
        _name(is_required=False),
        _phone("13800138000"),
        SOURCE,
        SERIES,
        Column("note", "备注", "周末方便到店", "可空，最多 500 字。", NOTE_NAMES, 500, width=24),
        Column("received_at", "收到时间", "2026-11-01 10:30", f"可空（按导入时间）。{DAY}",
               tuple("留资时间 线索时间 创建时间 提交时间 下发时间 日期".split()), width=18),
        Column("external_id", "来源编号", "DCD-0001", "平台上的线索编号，同一编号只收一次；填写时必须有来源。",
               tuple("线索编号 线索id 平台编号 订单编号 编号".split()), 60),
        Column("owner", "负责顾问", "", f"可空（自动分配）。{PERSON}",
               tuple("负责人 销售顾问 顾问 归属顾问 跟进人".split()), 60),
    ),
    ImportKind.CUSTOMERS: (
        _name(is_required=True),
        _phone("13800138001"),
        Column("gender", "称呼", "先生", "先生、女士，可空。", tuple("性别 尊称".split()), 10, width=8),
        Column("grade", "级别", "A", "H、A、B、C 或 N，空为 N。战败、休眠不能导入。",
               tuple("意向级别 客户级别 等级".split()), 10, width=8),
        SOURCE,
        SERIES,
        Column("card_at", "建卡日期", "2026-11-01", f"原建卡日期，空为今天；不能在已关账的月份。{DAY}",
               tuple("建卡时间 建档日期 建档时间 创建日期 留档日期".split()), width=18),
        Column("author", "建卡人", "", f"原建卡人，空为导入人。{PERSON}", tuple("建档人 创建人 录入人".split()), 60),
        Column("owner", "归属顾问", "", f"在职的销售顾问；空为建卡人。{PERSON}",
               tuple("销售顾问 顾问 负责顾问 负责人 跟进人".split()), 60),
        Column("last_contact_at", "最近联系", "2026-11-10", f"可空。{DAY}",
               tuple("最近联系时间 最后联系 上次跟进 最近跟进 最后跟进时间".split()), width=18),
        Column("next_follow_up_at", "下次跟进", "", f"今天起、该级别间隔以内；空则自动安排。{DAY}",
               tuple("下次跟进时间 下次联系 计划跟进 预约时间".split()), width=18),
        Column("note", "备注", "关注置换补贴", "可空，最多 200 字。", NOTE_NAMES, 200, width=24),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Where the columns stand: index in the row → key; the row numbers hidden in merged cells."""

    header_row: int
    places: dict[int, str]
    notes: list[str] = field(default_factory=list)


def plain(header: str) -> str:
    """`手机号 *（必填）` → `手机号`."""
    return re.sub(r"[\s*＊:：]+", "", re.sub(r"[(（\[【].*?[)）\]】]", "", fold(header)))


def find_layout(kind: str, sheet: SheetRows) -> Layout:
    """The header row among the first rows; refused when there is no 手机 column or no data (422)."""
    names = {plain(name): c.key for c in COLUMNS[kind] for name in (*c.other_names, c.title)}
    best: tuple[int, dict[int, str], list[str]] | None = None
    for number, texts in sheet.rows[:HEADER_WITHIN]:
        places, unknown = _match(texts, names)
        if "phone" in places.values() and (best is None or len(places) > len(best[1])):
            best = number, places, unknown
    if best is None:
        text = f"工作表“{sheet.sheet}”里找不到“手机”列。请按导入模板的表头填写后重新上传。"
        raise DomainError("no_header", text)
    if all(number <= best[0] for number, _ in sheet.rows):
        raise DomainError("no_rows", f"工作表“{sheet.sheet}”里只有表头，没有数据行。请填写后重新上传。")
    missing = [c.title for c in COLUMNS[kind] if c.is_required and c.key not in best[1].values()]
    if missing:
        raise DomainError("no_header", f"缺少必填列：{'、'.join(missing)}。请按导入模板的表头填写后重新上传。")
    return Layout(best[0], best[1], _notes(sheet, best[2]))


def _match(texts: list[str], names: dict[str, str]) -> tuple[dict[int, str], list[str]]:
    places: dict[int, str] = {}
    unknown: list[str] = []
    for index, text in enumerate(texts):
        key = names.get(plain(text))
        if key is not None and key not in places.values():
            places[index] = key
        elif text and plain(text) not in (NUMBER, REASON):
            unknown.append(text[:20])
    return places, unknown


def _notes(sheet: SheetRows, unknown: list[str]) -> list[str]:
    """What was left aside, by name."""
    notes = []
    for label, found in (
        ("隐藏的工作表没有读取", sheet.hidden),
        ("只读取第一张可见工作表，未读取", sheet.others),
        ("未识别的列已忽略", unknown),
        ("有合并单元格，只有左上角的格子有内容", sheet.merged),
    ):
        if found:
            more = f" 等 {len(found)} 处" if len(found) > 8 else ""
            notes.append(f"{label}：{'、'.join(found[:8])}{more}")
    return notes


def merged_rows(sheet: SheetRows) -> dict[int, str]:
    """Row number → the merged range that empties cells of this row."""
    found: dict[int, str] = {}
    for ref in sheet.merged:
        first, last = (int(re.sub(r"\D", "", part)) for part in ref.split(":"))
        for number in range(first + 1, min(last, first + 1000) + 1):
            found.setdefault(number, ref)
    return found
