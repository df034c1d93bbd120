"""The month's workbook for scripts: the file at once, or a job with progress."""

from __future__ import annotations

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.core.periods import Period
from reports.selectors.close import close_get
from reports.services.workbook import workbook_request, workbook_take

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class XlsxRenderer(JSONRenderer):
    """Lets a client ask for the spreadsheet type; refusals are still JSON."""

    media_type = XLSX
    format = "xlsx"


class WorkbookJob(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    state = serializers.CharField()
    title = serializers.CharField()


class MonthCloseWorkbook(APIView):
    """一个门店一个月的销售月报（Excel）。"""

    renderer_classes = [JSONRenderer, XlsxRenderer]

    @extend_schema(responses={(200, XLSX): OpenApiTypes.BINARY}, tags=["month-closes"])
    def get(self, request: Request, pk: int) -> FileResponse:
        """The file, made now; the download is logged."""
        close = close_get(user=request.user, pk=pk)
        handle, name = workbook_take(by=request.user, store=close.store, month=Period.containing("month", close.month))
        return FileResponse(handle, as_attachment=True, filename=name, content_type=XLSX)

    @extend_schema(request=None, responses={202: WorkbookJob}, tags=["month-closes"])
    def post(self, request: Request, pk: int) -> Response:
        """Ask for it as a job; see `jobs/{id}/` for progress and the result."""
        close = close_get(user=request.user, pk=pk)
        month = Period.containing("month", close.month)
        job = workbook_request(by=request.user, store_id=close.store_id, month=month)
        return Response(WorkbookJob(job).data, status=202)
