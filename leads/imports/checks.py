"""Every row of a file against the rules: what it would become, or column and reason. Nothing is written here (I01)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.phones import mobile_number
from dealership.core.sheet_read import SheetRows
from dealership.core.text import fold
from leads import policies
from leads.choices import OPEN_GRADES, Gender, Grade, ImportKind, RowVerdict
from leads.imports.columns import COLUMNS, Column, find_layout, merged_rows
from leads.imports.values import BadValue, checked_text, day_and_clock, past_moment
from leads.selectors.imports import Known, external_ids_of, files_of, open_leads_of

GENDERS = {"先生": Gender.MALE, "男": Gender.MALE, "女士": Gender.FEMALE, "女": Gender.FEMALE, "小姐": Gender.FEMALE}
NO_GENDER = ("", "未知", "不详")
ENDED_GRADES = "级别只能选 H、A、B、C 或 N；战败、休眠须先导入再按流程申请，已订、已交由订单产生"


@dataclass
class Line:
    """One row on its way: texts by column key, facts when they are sound, errors as {column, reason}."""

    number: int
    values: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)
    verdict: str = RowVerdict.GOOD
    errors: list[dict[str, str]] = field(default_factory=list)
    is_taken: bool = False

    def refuse(self, column: str, reason: str, verdict: str = RowVerdict.BAD) -> None:
        self.verdict = verdict
        self.errors.append({"column": column, "reason": reason})


def lines_of(kind: str, sheet: SheetRows) -> tuple[list[Line], list[str]]:
    """The data rows under the header, and what was left aside."""
    layout, hidden = find_layout(kind, sheet), merged_rows(sheet)
    lines = []
    for number, texts in sheet.rows:
        if number <= layout.header_row:
            continue
        values = {key: texts[i] for i, key in layout.places.items() if i < len(texts) and texts[i]}
        if values:
            line = Line(number, values)
            if number in hidden and any(c.is_required and c.key not in values for c in COLUMNS[kind]):
                line.refuse("整行", f"本行在合并单元格 {hidden[number]} 内，请取消合并后逐行填写")
            lines.append(line)
    return lines, layout.notes


class Reader:
    """Turns texts into facts for one store, with tables that were read once."""

    def __init__(self, kind: str, known: Known, may_give: bool) -> None:
        self.kind, self.known, self.may_give = kind, known, may_give
        self.now, self.today = periods.now(), periods.today()
        self.due: dict[str, dt.datetime] = {}
        readers: dict[str, Callable[[str], Any]] = {
            "phone": _phone, "gender": _gender, "grade": _grade, "source": self._source, "series": self._series,
            "owner": self._owner, "author": self._author, "received_at": self._dated, "card_at": self._dated,
            "last_contact_at": past_moment, "next_follow_up_at": self._next_day,
        }  # fmt: skip
        self.columns = [(column, readers.get(column.key)) for column in COLUMNS[kind]]

    def read(self, line: Line) -> None:
        """Fill the line's facts; every column that is wrong is named."""
        for column, reader in self.columns:
            try:
                line.facts[column.key] = self._cell(column, reader, line.values.get(column.key, ""))
            except BadValue as error:
                line.refuse(column.title, str(error))
        if line.verdict != RowVerdict.BAD:
            (self._whole_lead if self.kind == ImportKind.LEADS else self._whole_customer)(line)

    @staticmethod
    def _cell(column: Column, reader: Callable[[str], Any] | None, text: str) -> Any:
        if not text:
            if column.is_required:
                raise BadValue(f"请填写{column.title}")
            return None if reader else ""
        if column.key != "phone":
            text = checked_text(text, column.most)
        return reader(text) if reader else text

    def _source(self, text: str) -> Any:
        found = self.known.sources.get(fold(text))
        if found is None:
            raise BadValue(f"没有“{text[:20]}”这个来源，请填系统里的来源名称")
        return found

    def _series(self, text: str) -> Any:
        found = self.known.series.get(fold(text))
        if found is None:
            raise BadValue(f"本店没有在售车系“{text[:20]}”，请核对名称")
        return found

    def _owner(self, text: str) -> Any:
        if not self.may_give:
            raise BadValue("您的岗位不能指派线索，请留空由系统自动分配")
        return _person(self.known.sellers, text, "本店没有在职的销售顾问")

    def _author(self, text: str) -> Any:
        return _person(self.known.authors, text, "本店没有员工")

    def _dated(self, text: str) -> dt.datetime:
        moment = past_moment(text)
        day = periods.local_date(moment)
        if day.replace(day=1) in self.known.closed:
            raise BadValue(f"{day.year}年{day.month}月已关账，不能再写入该月的记录")
        return moment

    def _next_day(self, text: str) -> dt.datetime:
        day, clock = day_and_clock(text)
        if day < self.today:
            raise BadValue(f"“{text[:30]}”已经过去，请填今天以后的日期或留空自动安排")
        moment = periods.at(day, clock) if clock else policies.due_after(day, 0, self.known.store.pk)
        return moment if moment > self.now else periods.end_of_day(self.today) - dt.timedelta(minutes=1)

    def _whole_lead(self, line: Line) -> None:
        if line.facts["external_id"] and line.facts["source"] is None:
            line.refuse("来源", "有来源编号时请同时填写来源")

    def _whole_customer(self, line: Line) -> None:
        facts = line.facts
        facts["grade"] = facts["grade"] or Grade.N
        facts["gender"] = facts["gender"] or ""
        facts["card_at"] = facts["card_at"] or self.now
        if facts["owner"] is None and facts["author"] is not None:
            facts["owner"] = self.known.sellers.get(fold(facts["author"].username))
        if facts["owner"] is None:
            line.refuse("归属顾问", "请填写在职的归属顾问（建卡人已离职或不是销售顾问）")
        last = facts["last_contact_at"]
        if last is not None and periods.local_date(last) < periods.local_date(facts["card_at"]):
            line.refuse("最近联系", "不能早于建卡日期")
        elif last is not None:
            facts["last_contact_at"] = max(last, facts["card_at"])
        latest, chosen = self._latest(facts["grade"]), facts["next_follow_up_at"]
        if chosen is not None and policies.is_later_than_allowed(chosen, latest):
            day = periods.day_label(periods.local_date(latest))
            line.refuse("下次跟进", f"{Grade(facts['grade']).label}最迟 {day} 跟进，请提前或留空自动安排")
        facts["next_follow_up_at"] = chosen or self._latest(facts["grade"], "first")

    def _latest(self, grade: str, what: str = "interval") -> dt.datetime:
        """The last moment of a contact by the grade's policy, counted from today (R-FU-1)."""
        key = f"{grade}:{what}"
        if key not in self.due:
            store_id = self.known.store.pk
            rule = policies.first_due if what == "first" else policies.regular_due
            self.due[key] = rule(grade, self.today, store_id)
        return self.due[key]


def _phone(text: str) -> str:
    try:
        return mobile_number(text)
    except DomainError:
        raise BadValue("号码不正确，请填 11 位手机号") from None


def _gender(text: str) -> str:
    if text in NO_GENDER:
        return ""
    if text not in GENDERS:
        raise BadValue("只能填 先生 或 女士，或留空")
    return GENDERS[text]


def _grade(text: str) -> str:
    grade = fold(text).upper().removesuffix("级").removesuffix("类")
    if grade not in OPEN_GRADES:
        raise BadValue(ENDED_GRADES)
    return grade


def _person(people: dict[str, Any], text: str, nobody: str) -> Any:
    found = people.get(fold(text))
    if found is None:
        many = fold(text) in people
        raise BadValue(
            f"有多位员工叫“{text[:20]}”，请改填工号或登录名" if many else f"{nobody}“{text[:20]}”，请填工号或登录名"
        )
    return found


def find_doubles(kind: str, known: Known, lines: Iterable[Line]) -> None:
    """Numbers twice in the file, and what the store has already."""
    sound = [line for line in lines if line.verdict == RowVerdict.GOOD]
    first: dict[str, int] = {}
    for line in sound:
        before = first.setdefault(line.facts["phone"], line.number)
        if before != line.number:
            line.refuse("手机", f"与第 {before} 行的手机号相同", RowVerdict.DUPLICATE)
    sound = [line for line in sound if line.verdict == RowVerdict.GOOD]
    files = files_of(known.store, first)
    is_leads = kind == ImportKind.LEADS
    waiting = open_leads_of(known.store, first) if is_leads else set()
    taken = external_ids_of(known.store, [i for line in sound if (i := line.facts.get("external_id"))])
    used: dict[tuple[int, str], int] = {}
    for line in sound:
        phone, file = line.facts["phone"], files.get(line.facts["phone"])
        external = (line.facts["source"].pk, line.facts["external_id"]) if line.facts.get("external_id") else None
        if external is not None and external in taken:
            line.refuse("来源编号", "这个来源编号的线索已经收过", RowVerdict.DUPLICATE)
        elif external is not None and used.setdefault(external, line.number) != line.number:
            line.refuse("来源编号", f"与第 {used[external]} 行的来源编号相同", RowVerdict.DUPLICATE)
        elif phone in waiting:
            line.refuse("手机", "本店已有这个号码的未处理线索", RowVerdict.DUPLICATE)
        elif file is not None:
            _in_store(line, file, is_leads)


def _in_store(line: Line, file: Any, is_leads: bool) -> None:
    owner = file.customer.owner or "未分配"
    text = f"本店已有客户档案（归属 {owner}）"
    if is_leads:
        text += "，导入后记为“已有档案”并通知归属顾问"
        line.is_taken = True
    line.refuse("手机", text, RowVerdict.DUPLICATE)
