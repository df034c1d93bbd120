"""`imports/`: a file is uploaded, looked at, confirmed or taken back; the work itself is a job."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core.api import CursorPages, created
from dealership.org.reach import require
from leads.api.base import Resource, taken
from leads.choices import ImportKind, RowVerdict
from leads.models import ImportBatch, ImportRow
from leads.selectors.choices import store_for
from leads.selectors.imports import act_of, import_get, import_list, rows_shown
from leads.services.imports import import_confirm, import_undo, import_upload

MOST_PROBLEMS = 200


class ImportIn(serializers.Serializer[Any]):
    """`multipart/form-data`."""

    store = serializers.IntegerField(required=False, default=None)
    kind = serializers.ChoiceField(choices=ImportKind.choices)
    file = serializers.FileField(allow_empty_file=True, max_length=500)


class ImportErrorOut(serializers.Serializer[Any]):
    """One cell that is wrong."""

    column = serializers.CharField()
    reason = serializers.CharField()


class ImportProblemOut(serializers.ModelSerializer[ImportRow]):
    """A row that is not taken as it stands; the number is that of the file."""

    errors = ImportErrorOut(many=True)
    verdict = serializers.ChoiceField(choices=RowVerdict.choices)

    class Meta:
        model = ImportRow
        fields = ["number", "verdict", "errors", "outcome"]


class ImportOut(serializers.ModelSerializer[ImportBatch]):
    """State and counts; the jobs tell progress and carry the result files."""

    notes = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ImportBatch
        fields = [
            "id", "version", "store", "kind", "state", "file_name", "message", "notes", "rows_good", "rows_duplicate",
            "rows_bad", "rows_made", "rows_undone", "rows_kept", "created_at", "confirmed_at", "undo_until",
            "undone_at", "check_job", "confirm_job", "undo_job",
        ]  # fmt: skip


class ImportOneOut(ImportOut):
    """With the first rows that are wrong or double."""

    problems = serializers.SerializerMethodField()

    class Meta(ImportOut.Meta):
        fields = [*ImportOut.Meta.fields, "problems"]

    @extend_schema_field(ImportProblemOut(many=True))
    def get_problems(self, batch: ImportBatch) -> list[dict[str, Any]]:
        rows = rows_shown(batch).exclude(verdict=RowVerdict.GOOD)[:MOST_PROBLEMS]
        return list(ImportProblemOut(rows, many=True).data)


def shown(request: Request, pk: int) -> Response:
    """The import as it is now."""
    return Response(ImportOneOut(import_get(user=request.user, pk=pk)).data)


def reached(request: Request, pk: int) -> ImportBatch:
    """The import within reach, and its act permitted."""
    batch = import_get(user=request.user, pk=pk)
    require(request.user, act_of(batch.kind), batch.store_id)
    return batch


class ImportList(Resource):
    """Imports within reach, newest first; POST uploads a file and asks for its check."""

    resource = "import_batch"
    parser_classes = [MultiPartParser, FormParser]

    @extend_schema(operation_id="imports_list", responses=ImportOut(many=True))
    def get(self, request: Request) -> Response:
        pages = CursorPages()
        page: Any = pages.paginate_queryset(import_list(user=request.user), request)
        return pages.get_paginated_response(ImportOut(page, many=True).data)

    @extend_schema(request={"multipart/form-data": ImportIn}, responses={201: ImportOut, 200: ImportOut})
    def post(self, request: Request) -> Response:
        told = taken(request, ImportIn)
        store, file = store_for(request.user, act_of(told["kind"]), told["store"]), told["file"]
        batch, is_new = import_upload(
            by=request.user, store=store, kind=told["kind"], name=file.name, content=file
        )  # fmt: skip
        return created(ImportOut(batch).data, replay=not is_new)


class ImportDetail(Resource):
    """One import."""

    @extend_schema(responses=ImportOneOut)
    def get(self, request: Request, pk: int) -> Response:
        return shown(request, pk)


class ImportConfirm(Resource):
    """Write the good rows."""

    @extend_schema(request=None, responses=ImportOneOut)
    def post(self, request: Request, pk: int) -> Response:
        reached(request, pk)
        import_confirm(by=request.user, batch_id=pk)
        return shown(request, pk)


class ImportUndo(Resource):
    """Take it back."""

    @extend_schema(request=None, responses=ImportOneOut)
    def post(self, request: Request, pk: int) -> Response:
        reached(request, pk)
        import_undo(by=request.user, batch_id=pk)
        return shown(request, pk)
