"""Imports of a demo store: a list of leads that was taken in, and one that waits to be confirmed."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook

from dealership.core import periods
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.reach import people_in
from leads.choices import ImportKind
from leads.services.imports import import_confirm, import_upload
from reports.demo import words

HEADS = ("姓名", "手机", "来源", "意向车型", "备注", "收到时间")
ROWS = 18
WRONG = (
    ("赵先生", "1380013", "懂车帝", "云帆", "号码少几位", ""),
    ("钱女士", "", "汽车之家", "远山", "没有留电话", ""),
    ("孙先生", "{number}", "朋友圈广告", "晨风", "来源名称不在表里", ""),
)


def take_in_files(store: Store) -> None:
    """Both files through the services and the worker's own steps; outside of any transaction."""
    by = people_in([store.pk], [Role.MARKETING]).order_by("id").first()
    day = periods.today()
    for place, name in enumerate((f"懂车帝线索_{day:%m%d}.xlsx", f"车展登记_{day:%m%d}.xlsx")):
        content = _workbook([HEADS, *_good(store, place), *_wrong(store, place)])
        batch, _fresh = import_upload(by=by, store=store, kind=ImportKind.LEADS, name=name, content=content)
        _work(batch.check_job)
        if place == 0:
            _work(import_confirm(by=by, batch_id=batch.pk).confirm_job)


def _work(job: Job | None) -> None:
    """Do what the worker would do."""
    if job is not None:
        runner.run(job.pk)


def _number(store: Store, place: int, row: int) -> str:
    return f"{words.PHONE_RANGES[1]}8{store.pk:03d}{place}{row:03d}"


def _good(store: Store, place: int) -> list[Sequence[str]]:
    series = [name for name, *_ in words.SERIES]
    source = ("懂车帝", "车展")[place]
    return [
        (
            f"{'赵钱孙李周吴郑王'[row % 8]}{'先生' if row % 3 else '女士'}", _number(store, place, row), source,
            series[row % len(series)], words.LEAD_NOTES[row % len(words.LEAD_NOTES)], "",
        )
        for row in range(ROWS)
    ]  # fmt: skip


def _wrong(store: Store, place: int) -> list[Sequence[str]]:
    return [tuple(text.format(number=_number(store, place, 900)) for text in row) for row in WRONG]


def _workbook(rows: Sequence[Sequence[str]]) -> io.BytesIO:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("线索")
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target
