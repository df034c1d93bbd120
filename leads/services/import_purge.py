"""The plain rows of a file are personal data: they go after the policy's days, with what was left on disk (R-PIPL)."""

from __future__ import annotations

import datetime as dt

from dealership.core import periods
from dealership.core.services import lock, service
from dealership.org.policy import policy
from leads.choices import ImportState
from leads.models import ImportBatch, ImportRow
from leads.selectors.imports import due_for_purge
from leads.services.imports import folder, import_close

EXPIRED = "超过保留期没有确认，已失效；如仍需导入请重新上传。"


def imports_purge() -> int:
    """Empty the rows of every import past its time; answers how many imports. Once a day by the clock."""
    moment, done = periods.now(), 0
    for batch in list(due_for_purge(moment - dt.timedelta(days=1))):
        days = int(policy("import.keep_days", batch.store_id, periods.local_date(batch.created_at)))
        if batch.created_at < moment - dt.timedelta(days=days):
            _purge(batch_id=batch.pk)
            done += 1
    _sweep_files(moment)
    return done


@service
def _purge(*, batch_id: int) -> None:
    batch = lock(ImportBatch.objects.select_related("check_job", "confirm_job", "undo_job"), batch_id)
    if batch.open_job is not None:
        return
    if batch.state in (ImportState.UPLOADED, ImportState.CHECKED):
        import_close(batch, EXPIRED)
    ImportRow.objects.filter(batch=batch).update(values={}, errors=[])
    batch.purged_at = periods.now()
    batch.touch()
    batch.save()


def _sweep_files(moment: dt.datetime) -> None:
    """Files whose import was never written, or that a killed worker left behind."""
    waiting = set(ImportBatch.objects.filter(state=ImportState.UPLOADED).values_list("stored_file", flat=True))
    before = (moment - dt.timedelta(days=1)).timestamp()
    for path in folder().glob("*"):
        if path.name not in waiting and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
