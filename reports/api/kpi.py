"""KPI definitions, figures and the rows they count."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.core.api import CursorPages
from dealership.org.models import Store
from reports.drilling import Drill, drill
from reports.figures import readable_kpis
from reports.forms import FigureForm
from reports.selectors.drill import shown

ASKED = [
    OpenApiParameter("period", str, description="2026-11-22、2026-11、2026Q4 或 2026；默认本月"),
    OpenApiParameter("store", int, description="门店；默认可查看的全部门店"),
    OpenApiParameter("person", int, description="人员"),
    OpenApiParameter("cut", str, description="细分：级别 H、来源编号或 none、库龄 31-60；只用于可以细分的指标"),
]
SIDE = OpenApiParameter("side", str, enum=["numerator", "denominator"], description="分子（默认）或分母的明细")


class KpiDefinition(serializers.Serializer):  # type: ignore[type-arg]
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    explanation = serializers.CharField()
    unit = serializers.CharField()
    grain = serializers.ChoiceField(choices=["day", "month", "now"])
    has_rows = serializers.BooleanField(source="is_rows")


class KpiValue(serializers.Serializer):  # type: ignore[type-arg]
    key = serializers.CharField()
    period = serializers.CharField()
    numerator = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    denominator = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    value = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)
    unit = serializers.CharField()
    part = serializers.CharField(help_text="细分项的名称；没有细分时为空")
    unknown = serializers.CharField(help_text="没有数字的原因；有数字时为空")


class KpiRow(serializers.Serializer):  # type: ignore[type-arg]
    """`sign` −1 rows are taken away; `kind` and `target_id` name the record."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    target_id = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    note = serializers.CharField()
    person = serializers.CharField()
    at = serializers.CharField(allow_null=True)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    sign = serializers.IntegerField()


class KpiRowPage(serializers.Serializer):  # type: ignore[type-arg]
    results = KpiRow(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


def _asked(request: Request) -> FigureForm:
    form = FigureForm(request.query_params, user=request.user)
    if not form.is_valid():
        raise ValidationError({name: list(texts) for name, texts in form.errors.items()})
    return form


class KpiList(APIView):
    """指标口径。"""

    @extend_schema(responses=KpiDefinition(many=True), tags=["kpis"])
    def get(self, request: Request) -> Response:
        """Definitions the reader may see."""
        stores = Store.objects.visible_to(request.user).values_list("pk", flat=True)
        return Response(KpiDefinition(readable_kpis(request.user, stores), many=True).data)


class KpiFigure(APIView):
    """一个指标的数值。"""

    @extend_schema(parameters=ASKED, responses=KpiValue, tags=["kpis"])
    def get(self, request: Request, key: str) -> Response:
        """The figure within the reader's reach, live: it always equals its rows (boards read stored facts)."""
        form = _asked(request)
        found = drill(reader=request.user, asked=form.asked(key))
        return Response(KpiValue(_value(found)).data)


def _value(found: Drill) -> dict[str, Any]:
    shown_figure = {name: getattr(found.figure, name) for name in ("numerator", "denominator", "value")}
    named = {"key": found.kpi.key, "period": found.period.code, "unit": found.kpi.unit}
    return {**named, "part": found.part, "unknown": found.unknown, **shown_figure}


class KpiRows(APIView):
    """指标的明细：恰好是被计数的那些记录。"""

    @extend_schema(parameters=[*ASKED, SIDE], responses=KpiRowPage, tags=["kpis"])
    def get(self, request: Request, key: str) -> Response:
        """Cursor pages; figures made of several sets of rows continue with the next set."""
        form = _asked(request)
        asked = form.cleaned_data
        found = drill(reader=request.user, asked=form.asked(key), denominator=asked["side"] == "denominator")
        return Response(_page(request, self, found, asked["section"] or 0))


def _page(request: Request, view: APIView, found: Drill, number: int) -> dict[str, Any]:
    if not found.sections:
        return {"results": [], "next": None, "previous": None}
    section = found.sections[min(number, len(found.sections) - 1)]
    pages = CursorPages()
    pages.ordering = section.ordering
    rows = pages.paginate_queryset(section.rows.order_by(*section.ordering), request, view) or []
    following = pages.get_next_link()
    if following is None and section.number + 1 < len(found.sections):
        query = request.query_params.copy()
        query.pop("cursor", None)
        query["section"] = str(section.number + 1)
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    lines = [shown(row, section.measure) for row in rows]
    results = [{**line.__dict__, "at": line.at.isoformat() if line.at else None} for line in lines]
    return {"results": KpiRow(results, many=True).data, "next": following, "previous": pages.get_previous_link()}
