"""The catalogue over the API: model lines, trim levels, colours and dated prices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import VersionField, created, idempotency_key
from dealership.core.errors import NotFound
from dealership.org.models import Series
from sales.api.base import Reached, shown, told, version_of
from sales.api.serializers import Money, Words
from sales.models import Colour, Configuration, PriceEntry
from sales.selectors.catalogue import price_entries, seen_of, series_seen
from sales.services import catalogue as services

BODIES = Series._meta.get_field("body").flatchoices


class SeriesOut(serializers.ModelSerializer[Series]):
    class Meta:
        model = Series
        fields = ["id", "version", "brand", "name", "body", "is_nev", "is_active"]


class ConfigurationOut(serializers.ModelSerializer[Configuration]):
    class Meta:
        model = Configuration
        fields = ["id", "version", "series", "name", "code", "is_active"]


class ColourOut(serializers.ModelSerializer[Colour]):
    class Meta:
        model = Colour
        fields = ["id", "version", "brand", "name", "is_active"]


class PriceOut(serializers.ModelSerializer[PriceEntry]):
    class Meta:
        model = PriceEntry
        fields = ["id", "configuration", "effective_from", "msrp", "consultant_authority"]


class SeriesIn(serializers.Serializer[Any]):
    brand_id = serializers.IntegerField()
    name = Words(max_length=40)
    body = serializers.ChoiceField(choices=BODIES, required=False)
    is_nev = serializers.BooleanField(required=False)


class ConfigurationIn(serializers.Serializer[Any]):
    series = serializers.IntegerField()
    name = Words(max_length=60)
    code = Words(max_length=20, required=False)


class ColourIn(serializers.Serializer[Any]):
    brand_id = serializers.IntegerField()
    name = Words(max_length=20)


class SeriesChange(serializers.Serializer[Any]):
    version = VersionField()
    name = Words(max_length=40)
    body = serializers.ChoiceField(choices=BODIES)
    is_nev = serializers.BooleanField()
    is_active = serializers.BooleanField()


class ConfigurationChange(serializers.Serializer[Any]):
    version = VersionField()
    name = Words(max_length=60)
    code = Words(max_length=20, allow_blank=True)
    is_active = serializers.BooleanField()


class ColourChange(serializers.Serializer[Any]):
    version = VersionField()
    name = Words(max_length=20)
    is_active = serializers.BooleanField()


class PriceIn(serializers.Serializer[Any]):
    configuration = serializers.IntegerField()
    effective_from = serializers.DateField()
    msrp = Money()
    consultant_authority = Money()


class _Rows(Reached, generics.ListAPIView[Any]):
    """A list of one kind, and a new row of it."""

    resource = "catalogue"
    filter_backends = ()
    model: Any = None
    body: Any = None
    add: Callable[..., Any]

    def get_queryset(self) -> QuerySet[Any]:
        return seen_of(self.model, user=self.request.user)

    def post(self, request: Request) -> Response:
        data = told(self.body, request)
        row, again = once(
            by=request.user, action=f"catalogue.{self.model.__name__.lower()}", key=idempotency_key(request),
            create=lambda: type(self).add(request.user, data), find=lambda pk: _one(self.model, request.user, pk),
        )  # fmt: skip
        return created(shown(self.get_serializer_class(), row, request).data, replay=again)


def _one(model: Any, user: Any, pk: int) -> Any:
    row = seen_of(model, user=user).filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


class _Row(Reached):
    """One row; PATCH renames it or takes it off sale."""

    resource = "catalogue"
    model: Any = None
    out: Any = None
    body: Any = None
    change: Callable[..., Any]

    def get(self, request: Request, pk: int) -> Response:
        return shown(self.out, _one(self.model, request.user, pk), request)

    def patch(self, request: Request, pk: int) -> Response:
        _one(self.model, request.user, pk)
        data = told(self.body, request, partial=True)
        version = version_of(data)
        return shown(self.out, type(self).change(request.user, pk, version, data), request)


def _configuration_add(by: Any, data: dict[str, Any]) -> Configuration:
    series = series_seen(user=by).filter(pk=data.pop("series")).first()
    if series is None:
        raise NotFound
    return services.configuration_add(by=by, series=series, **data)


class SeriesList(_Rows):
    """车系。"""

    model, serializer_class, body = Series, SeriesOut, SeriesIn
    add = staticmethod(lambda by, data: services.series_add(by=by, **data))

    @extend_schema(tags=["catalogue"], request=SeriesIn, responses={201: SeriesOut})
    def post(self, request: Request) -> Response:
        return super().post(request)


class ConfigurationList(_Rows):
    """配置。"""

    model, serializer_class, body = Configuration, ConfigurationOut, ConfigurationIn
    add = staticmethod(_configuration_add)

    @extend_schema(tags=["catalogue"], request=ConfigurationIn, responses={201: ConfigurationOut})
    def post(self, request: Request) -> Response:
        return super().post(request)


class ColourList(_Rows):
    """外观颜色。"""

    model, serializer_class, body = Colour, ColourOut, ColourIn
    add = staticmethod(lambda by, data: services.colour_add(by=by, **data))

    @extend_schema(tags=["catalogue"], request=ColourIn, responses={201: ColourOut})
    def post(self, request: Request) -> Response:
        return super().post(request)


@extend_schema(tags=["catalogue"], request=SeriesChange, responses=SeriesOut)
class SeriesOne(_Row):
    """一个车系：改名、更正、停售。"""

    model, out, body = Series, SeriesOut, SeriesChange
    change = staticmethod(
        lambda by, pk, version, data: services.series_change(by=by, series_id=pk, version=version, changes=data)
    )


@extend_schema(tags=["catalogue"], request=ConfigurationChange, responses=ConfigurationOut)
class ConfigurationOne(_Row):
    """一个配置：改名、停售。"""

    model, out, body = Configuration, ConfigurationOut, ConfigurationChange
    change = staticmethod(
        lambda by, pk, version, data: services.configuration_change(
            by=by, configuration_id=pk, version=version, changes=data
        )
    )


@extend_schema(tags=["catalogue"], request=ColourChange, responses=ColourOut)
class ColourOne(_Row):
    """一种颜色：改名、停订。"""

    model, out, body = Colour, ColourOut, ColourChange
    change = staticmethod(
        lambda by, pk, version, data: services.colour_change(by=by, colour_id=pk, version=version, changes=data)
    )


@extend_schema(tags=["catalogue"])
class PriceList(Reached, generics.ListAPIView[PriceEntry]):
    """价格表（含历史与未生效）；POST 登记新的生效价格。"""

    resource = "catalogue"
    serializer_class = PriceOut
    filter_backends = ()

    def get_queryset(self) -> QuerySet[PriceEntry]:
        return price_entries(user=self.request.user)

    @extend_schema(request=PriceIn, responses={201: PriceOut})
    def post(self, request: Request) -> Response:
        data = told(PriceIn, request)
        row, again = once(
            by=request.user, action="price.set", key=idempotency_key(request),
            create=lambda: services.price_set(by=request.user, configuration_id=data.pop("configuration"), **data),
            find=lambda pk: price_entries(user=request.user).get(pk=pk),
        )  # fmt: skip
        return created(shown(PriceOut, row, request).data, replay=again)


@extend_schema(tags=["catalogue"], request=None, responses={204: None})
class PriceWithdraw(Reached):
    """撤回未生效且未用过的价格。"""

    resource = "catalogue"

    def post(self, request: Request, pk: int) -> Response:
        services.price_withdraw(by=request.user, price_id=pk)
        return Response(status=204)
