"""Background work over the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.jobs.models import Job
from dealership.jobs.selectors import is_fetchable, job_get, my_jobs
from dealership.jobs.services import job_cancel, job_download


class JobOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """State, progress and, when there is one, the address of the result file."""

    result_url = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "kind", "title", "state", "done", "total", "message", "result_name", "result_url",
            "created_at", "started_at", "finished_at",
        )  # fmt: skip

    def get_result_url(self, job: Job) -> str | None:
        return reverse("api-job-result", args=[job.pk]) if is_fetchable(job) else None


@extend_schema(tags=["jobs"])
class JobList(generics.ListAPIView):  # type: ignore[type-arg]
    """我的后台任务。"""

    serializer_class = JobOut

    def get_queryset(self) -> QuerySet[Job]:
        return my_jobs(user=self.request.user)


@extend_schema(tags=["jobs"], responses=JobOut)
class JobOne(APIView):
    """一个后台任务的进度与结果。"""

    def get(self, request: Request, pk: int) -> Response:
        return Response(JobOut(job_get(user=request.user, pk=pk)).data)


@extend_schema(tags=["jobs"], request=None, responses=JobOut)
class JobCancel(APIView):
    """取消：排队中的立即取消，进行中的在下一步停止。"""

    def post(self, request: Request, pk: int) -> Response:
        return Response(JobOut(job_cancel(by=request.user, job_id=pk)).data)


@extend_schema(tags=["jobs"], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
class JobResult(APIView):
    """结果文件；每次下载都重新核对权限并留痕。"""

    def get(self, request: Request, pk: int) -> Any:
        job = job_download(by=request.user, job_id=pk)
        stream = (Path(settings.MEDIA_ROOT) / job.result_file).open("rb")
        return FileResponse(stream, as_attachment=True, filename=job.result_name)
