"""An uploaded file of leads or customers, and what became of each of its rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealership.core.models import Versioned
from dealership.jobs.models import Job
from dealership.org.models import Store
from leads.choices import HELD_IMPORTS, ImportKind, ImportState, RowVerdict
from leads.models.customer import Customer
from leads.models.lead import Lead
from leads.models.prospect import Prospect
from leads.querysets import ImportBatchQuerySet, ImportRowQuerySet


class ImportBatch(Versioned):
    """`digest` is that of the content: the same file is held once per store and kind (I02).

    `file_name` is only shown; the file itself lies under a random name until it has been checked (I09).
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("内容", max_length=10, choices=ImportKind)
    state = models.CharField("状态", max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    file_name = models.CharField("文件名", max_length=120)
    stored_file = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64)
    message = models.CharField("说明", max_length=300, blank=True)
    notes = models.JSONField(default=list)
    rows_good = models.PositiveIntegerField("可导入", default=0)
    rows_duplicate = models.PositiveIntegerField("重复", default=0)
    rows_bad = models.PositiveIntegerField("有错误", default=0)
    rows_made = models.PositiveIntegerField("已新增", default=0)
    rows_undone = models.PositiveIntegerField("已撤销", default=0)
    rows_kept = models.PositiveIntegerField("撤销时保留", default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField("导入时间", null=True)
    undo_until = models.DateTimeField("可撤销至", null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField("撤销时间", null=True)
    purged_at = models.DateTimeField("明细清除时间", null=True)
    check_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    confirm_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    undo_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "kind", "digest"],
                condition=Q(state__in=HELD_IMPORTS),
                name="%(app_label)s_%(class)s_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ImportState.CONFIRMED, ImportState.UNDONE]) | Q(confirmed_at__isnull=False),
                name="%(app_label)s_%(class)s_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-id"], name="leads_importbatch_store"),
            models.Index(fields=["created_at"], condition=Q(purged_at=None), name="leads_importbatch_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.file_name}"

    @property
    def rows_total(self) -> int:
        return self.rows_good + self.rows_duplicate + self.rows_bad

    @property
    def open_job(self) -> Job | None:
        """The work that is going on, if any."""
        return next((job for job in (self.undo_job, self.confirm_job, self.check_job) if job and job.is_open), None)


class ImportRow(models.Model):
    """One row of the file: its texts until they are purged, the verdict with (column, reason), what was made of it."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("行号")
    values = models.JSONField(default=dict)
    verdict = models.CharField("结果", max_length=10, choices=RowVerdict)
    errors = models.JSONField(default=list)
    # A lead whose number has a file in the store is a double, and still told to the file's owner (已有档案).
    is_taken = models.BooleanField(default=False)
    outcome = models.CharField("处理", max_length=100, blank=True)
    lead = models.ForeignKey(Lead, null=True, on_delete=models.SET_NULL, related_name="+")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="+")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="%(app_label)s_%(class)s_once")]
        indexes = [
            models.Index(fields=["batch", "verdict", "number"], name="leads_importrow_verdict"),
            models.Index(fields=["lead"], condition=Q(lead__isnull=False), name="leads_importrow_lead"),
            models.Index(fields=["customer"], condition=Q(customer__isnull=False), name="leads_importrow_customer"),
            models.Index(fields=["prospect"], condition=Q(prospect__isnull=False), name="leads_importrow_prospect"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number} {self.verdict}"
