"""What a confirmed import writes: all of it with its result workbook, or nothing. Runs in the worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import connection

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import lock, service
from dealership.jobs.runner import JobRun
from dealership.org.policy import policy
from dealership.org.reach import require
from leads.choices import ImportKind, ImportState, RowVerdict
from leads.imports.checks import Line
from leads.imports.workbook import reasons, results_write
from leads.models import ImportBatch, ImportRow
from leads.selectors.imports import act_of, rows_shown
from leads.services.customer_intake import CustomerRow, customers_take_in
from leads.services.imports import reader_for
from leads.services.lead_intake import LeadRow, Outcome, leads_take_in

ANSWERS = {
    Outcome.CREATED: "已新增线索",
    Outcome.MERGED: "已有档案，已通知归属顾问",
    Outcome.REPEATED: "重复：已有未处理线索",
    Outcome.REPLAYED: "重复：来源编号已收过",
    Outcome.IN_FILE: "重复：文件内号码相同",
}
MADE_CARD, KNOWN_NUMBER = "已新增客户和意向卡", "重复：本店已有客户档案"
# (row id, words, lead, customer, card)
Answer = tuple[int, str, int | None, int | None, int | None]
UPDATE = """UPDATE leads_importrow r SET outcome = a.outcome, lead_id = a.lead, customer_id = a.customer,
    prospect_id = a.prospect FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS a(id, outcome, lead, customer, prospect) WHERE r.id = a.id"""


def import_write(run: JobRun) -> None:
    """Write the good rows of one import. A repeated run after the end only makes the result workbook again (F04)."""
    batch = ImportBatch.objects.select_related("store", "made_by").get(pk=int(run.payload["batch"]))
    by = User.objects.get(pk=int(run.payload["by"]))
    total = batch.rows_good
    run.progress(0, total, "正在核对")
    name = f"{batch.get_kind_display()}导入结果_{periods.today():%m%d}_{batch.pk}.xlsx"
    with run.result(name) as path:
        if batch.state == ImportState.CONFIRMED:
            _write_results(path, batch)
        else:
            run.progress(0, total, "正在写入，写完之前取消不会留下任何数据")
            batch = _confirmed(by=by, batch_id=batch.pk, path=path, stop=run.stop_if_asked)
    run.progress(total, total, f"已导入 {batch.rows_made} 行")


@service
def _confirmed(*, by: User, batch_id: int, path: Path, stop: Callable[[], None]) -> ImportBatch:
    """One transaction: rows, answers, state, audit and the workbook; a cancel or a full disk undoes all of it."""
    batch = lock(ImportBatch.objects.select_related("store"), batch_id)
    require(by, act_of(batch.kind), batch.store_id)
    if batch.state != ImportState.CHECKED:
        raise DomainError("not_checked", f"该导入当前为“{batch.get_state_display()}”，不能确认。")
    lines, ids = _sound_lines(batch, by)
    write = _leads if batch.kind == ImportKind.LEADS else _customers
    answers = [*_refused(lines, ids), *write(by, batch, lines, ids, stop)]
    stop()
    _note(answers)
    moment = periods.now()
    batch.rows_made = sum(answer[2] is not None or answer[3] is not None for answer in answers)
    batch.state, batch.confirmed_by, batch.confirmed_at = ImportState.CONFIRMED, by, moment
    batch.undo_until = moment + dt.timedelta(hours=int(policy("import.undo_hours", batch.store_id)))
    batch.touch()
    batch.save()
    counts = {"good": batch.rows_good, "duplicate": batch.rows_duplicate, "bad": batch.rows_bad}
    record(
        by=by, action="import.confirm", target=batch, changes={"kind": batch.kind, "made": batch.rows_made, **counts}
    )
    _write_results(path, batch)
    stop()
    return batch


def _sound_lines(batch: ImportBatch, by: User) -> tuple[list[Line], dict[int, int]]:
    """The rows to take, read again with today's sources and people; number → id of the row."""
    reader, lines, ids = reader_for(batch, by), [], {}
    for row in ImportRow.objects.filter(batch=batch).exclude(verdict=RowVerdict.BAD).order_by("number"):
        if row.verdict == RowVerdict.GOOD or row.is_taken:
            line = Line(row.number, row.values)
            reader.read(line)
            lines.append(line)
            ids[row.number] = row.pk
    return lines, ids


def _refused(lines: Iterable[Line], ids: dict[int, int]) -> list[Answer]:
    """Rows that were good when they were looked at and are not any more."""
    bad = (line for line in lines if line.verdict == RowVerdict.BAD)
    return [(ids[line.number], f"未导入：{reasons(line.errors)}"[:100], None, None, None) for line in bad]


def _leads(
    by: User, batch: ImportBatch, lines: list[Line], ids: dict[int, int], stop: Callable[[], None]
) -> list[Answer]:
    """One intake for every owner named, and one for the rows the round gives out."""
    groups: dict[int, list[Line]] = {}
    for line in lines:
        if line.verdict != RowVerdict.BAD:
            groups.setdefault(line.facts["owner"].pk if line.facts["owner"] else 0, []).append(line)
    answers: list[Answer] = []
    for some in groups.values():
        rows = [_lead_row(line.facts) for line in some]
        taken = leads_take_in(
            by=by, store=batch.store, rows=rows, owner=some[0].facts["owner"], after_chunk=lambda _done: stop()
        )
        for line, row in zip(some, taken, strict=True):
            is_ours = row.outcome in (Outcome.CREATED, Outcome.MERGED)
            words = ANSWERS.get(row.outcome) or f"未导入：{row.message}"[:100]
            answers.append((ids[line.number], words, row.lead_id if is_ours else None, None, None))
    return answers


def _lead_row(facts: dict[str, Any]) -> LeadRow:
    return LeadRow(
        phone=facts["phone"], name=facts["name"], source=facts["source"], series=facts["series"], note=facts["note"],
        received_at=facts["received_at"], external_id=facts["external_id"],
    )  # fmt: skip


def _customers(
    by: User, batch: ImportBatch, lines: list[Line], ids: dict[int, int], stop: Callable[[], None]
) -> list[Answer]:
    good = [line for line in lines if line.verdict != RowVerdict.BAD]
    rows = [CustomerRow(**{**line.facts, "author": line.facts["author"] or by}) for line in good]
    cards = customers_take_in(by=by, store=batch.store, rows=rows, after_chunk=lambda _done: stop())
    return [
        (ids[line.number], MADE_CARD, None, card.customer_id, card.pk)
        if card
        else (ids[line.number], KNOWN_NUMBER, None, None, None)
        for line, card in zip(good, cards, strict=True)
    ]


def _note(answers: list[Answer]) -> None:
    """The answers on their rows, in one statement."""
    columns = [list(column) for column in zip(*answers, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, columns)


def _write_results(path: Path, batch: ImportBatch) -> None:
    """Every row of the file with its end."""
    rows = rows_shown(batch).values_list("number", "values", "outcome", "verdict", "errors")
    lines = (
        (number, values, outcome or str(RowVerdict(verdict).label), reasons(errors))
        for number, values, outcome, verdict, errors in rows
    )
    results_write(path, batch.kind, lines)
