"""`test-drives/` and `demo-cars/`: book, check the licence, sign, start, finish, cancel."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import VersionField, created, idempotency_key
from dealership.core.errors import DomainError
from dealership.org.reach import require
from leads.api.base import Resource, listed, taken
from leads.api.serializers import CleanText, CustomerBrief, NamedOut, PersonOut
from leads.choices import AgreementKind, DriveAspect, DriveKind, LicenceClass
from leads.filters import DemoCarFilter, DriveFilter
from leads.models import DemoCar, TestDrive
from leads.selectors.drive import CAR_ORDERING, companions_in, demo_car_list, drive_get, drive_list
from leads.selectors.prospect import prospect_get
from leads.services.drive import drive_book, drive_cancel, drive_move, drive_no_show
from leads.services.drive_run import drive_check_licence, drive_finish, drive_sign, drive_start

ORDERINGS = {"-created_at": ("-created_at", "-id"), "created_at": ("created_at", "id")}
CAR_ORDERINGS = {"-is_active": CAR_ORDERING, "id": ("id",)}


class DemoCarOut(serializers.ModelSerializer[DemoCar]):
    """A demo car."""

    series = NamedOut()

    class Meta:
        model = DemoCar
        fields = [
            "id", "version", "store", "series", "description", "plate", "vin_tail", "colour", "insured_until",
            "is_active", "note",
        ]  # fmt: skip


class DriveOut(serializers.ModelSerializer[TestDrive]):
    """A test drive; of the licence only what is kept, of the signature only that it was given."""

    customer = CustomerBrief()
    owner = PersonOut()
    series = NamedOut()
    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True)
    is_valid = serializers.BooleanField(read_only=True)

    class Meta:
        model = TestDrive
        fields = [
            "id", "version", "store", "prospect", "customer", "owner", "car", "series", "kind", "status", "starts_at",
            "ends_at", "note", "licence_class", "licence_valid_until", "licence_checked_at", "licence_checked_by",
            "agreement_kind", "agreement_signed_at", "agreement_version", "accompanied_by", "route", "out_at",
            "odometer_out", "finished_at", "odometer_back", "stars", "feedback", "is_valid",
        ]  # fmt: skip


class DriveTimeIn(serializers.Serializer[Any]):
    """A time of a car."""

    car = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(min_value=10, max_value=480, required=False, allow_null=True, default=None)


class DriveIn(DriveTimeIn):
    """A booking for the customer of a card."""

    prospect = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=DriveKind.choices, default=DriveKind.DRIVE)
    note = CleanText(max_length=200, required=False, default="")


class DriveMoveIn(DriveTimeIn):
    """Another time or car."""

    version = VersionField(required=False)


class LicenceIn(serializers.Serializer[Any]):
    """What was read from the licence: never its number."""

    licence_class = serializers.ChoiceField(choices=LicenceClass.choices)
    valid_until = serializers.DateField()


class LicenceCheckIn(LicenceIn):
    version = VersionField(required=False)


class AgreementIn(serializers.Serializer[Any]):
    """`drawn` with strokes `[[[x, y], …], …]` within 600 × 300, or `paper` with where it is kept."""

    kind = serializers.ChoiceField(choices=AgreementKind.choices)
    signature = serializers.JSONField(required=False, allow_null=True, default=None)
    note = CleanText(max_length=200, required=False, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the service."""
        if attrs["kind"] == AgreementKind.PAPER:
            return {"strokes": None, "paper_note": attrs["note"], **_version(attrs)}
        return {"strokes": attrs["signature"] or [], "paper_note": "", **_version(attrs)}


def _version(attrs: dict[str, Any]) -> dict[str, Any]:
    return {"version": attrs["version"]} if "version" in attrs else {}


class AgreementSignIn(AgreementIn):
    version = VersionField(required=False)


class DriveStartIn(serializers.Serializer[Any]):
    """Out; licence and agreement may be told here or before."""

    version = VersionField(required=False)
    odometer_out = serializers.IntegerField(min_value=0, max_value=999_999)
    route = CleanText(max_length=60, required=False, default="")
    accompanied_by = serializers.IntegerField(required=False, allow_null=True, default=None)
    licence = LicenceIn(required=False)
    agreement = AgreementIn(required=False)


class DriveFinishIn(serializers.Serializer[Any]):
    """Back, with what the customer said."""

    version = VersionField(required=False)
    odometer_back = serializers.IntegerField(min_value=0, max_value=999_999)
    odometer_out = serializers.IntegerField(min_value=0, max_value=999_999, required=False)
    finished_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    stars = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=5), required=False, default=dict
    )
    feedback = CleanText(max_length=500, required=False, default="")

    def validate_stars(self, stars: dict[str, int]) -> dict[str, int]:
        """Only the aspects that exist."""
        if set(stars) - set(DriveAspect.values):
            raise serializers.ValidationError(f"评分项只能是：{'、'.join(DriveAspect.values)}。")
        return stars


class DriveCancelIn(serializers.Serializer[Any]):
    """Why a booking is given up."""

    version = VersionField(required=False)
    reason = CleanText(max_length=200, required=True, allow_blank=False)


class DriveNoShowIn(serializers.Serializer[Any]):
    version = VersionField(required=False)


class DemoCarList(Resource):
    """Demo cars within reach."""

    resource = "demo_car"

    @extend_schema(operation_id="demo_cars_list", responses=DemoCarOut(many=True))
    def get(self, request: Request) -> Response:
        rows = demo_car_list(user=request.user)
        return listed(
            request, rows, filters=DemoCarFilter, orderings=CAR_ORDERINGS, default="-is_active", shape=DemoCarOut
        )


class DriveList(Resource):
    """Test drives within reach."""

    resource = "test_drive"

    @extend_schema(operation_id="test_drives_list", responses=DriveOut(many=True))
    def get(self, request: Request) -> Response:
        rows = drive_list(user=request.user)
        return listed(request, rows, filters=DriveFilter, orderings=ORDERINGS, default="-created_at", shape=DriveOut)

    @extend_schema(request=DriveIn, responses={201: DriveOut})
    def post(self, request: Request) -> Response:
        require(request.user, "drive.book")
        told = taken(request, DriveIn)
        card = prospect_get(user=request.user, prospect_id=told.pop("prospect"))
        drive, replay = once(
            by=request.user, action="drive.book", key=idempotency_key(request),
            create=lambda: drive_book(by=request.user, prospect_id=card.pk, car_id=told.pop("car"), **told),
            find=lambda pk: drive_get(user=request.user, drive_id=pk),
        )  # fmt: skip
        return created(DriveOut(drive_get(user=request.user, drive_id=drive.pk)).data, replay=replay)


class DriveDetail(Resource):
    """One test drive."""

    @extend_schema(responses=DriveOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(DriveOut(drive_get(user=request.user, drive_id=pk)).data)


class DriveAct(Resource):
    """One act on a drive within reach: input, service, the drive as it is now."""

    act = "drive.run"
    shape: Any = DriveNoShowIn
    service: Any = None

    def post(self, request: Request, pk: int) -> Response:
        drive = drive_get(user=request.user, drive_id=pk)
        require(request.user, self.act, drive.store_id)
        self.call(request, drive, taken(request, self.shape))
        return Response(DriveOut(drive_get(user=request.user, drive_id=pk)).data)

    def call(self, request: Request, drive: TestDrive, told: dict[str, Any]) -> None:
        """Most services take the input as it is."""
        type(self).service(by=request.user, drive_id=drive.pk, **told)


@extend_schema(request=LicenceCheckIn, responses=DriveOut)
class DriveLicence(DriveAct):
    """Check the licence."""

    shape, service = LicenceCheckIn, drive_check_licence


@extend_schema(request=AgreementSignIn, responses=DriveOut)
class DriveAgreement(DriveAct):
    """Sign the agreement."""

    shape, service = AgreementSignIn, drive_sign


@extend_schema(request=DriveStartIn, responses=DriveOut)
class DriveStart(DriveAct):
    """Out."""

    shape = DriveStartIn

    def call(self, request: Request, drive: TestDrive, told: dict[str, Any]) -> None:
        person = told.pop("accompanied_by")
        companion = companions_in(drive.store_id).filter(pk=person).first() if person else None
        if person and companion is None:
            text = "陪同人请选择本店在职的销售人员。"
            raise DomainError("bad_companion", text, {"accompanied_by": [text]})
        drive_start(by=request.user, drive_id=drive.pk, accompanied_by=companion, **told)


@extend_schema(request=DriveFinishIn, responses=DriveOut)
class DriveFinish(DriveAct):
    """Back."""

    shape, service = DriveFinishIn, drive_finish


@extend_schema(request=DriveMoveIn, responses=DriveOut)
class DriveMove(DriveAct):
    """Another time or car."""

    act, shape = "drive.book", DriveMoveIn

    def call(self, request: Request, drive: TestDrive, told: dict[str, Any]) -> None:
        drive_move(by=request.user, drive_id=drive.pk, car_id=told.pop("car"), **told)


@extend_schema(request=DriveCancelIn, responses=DriveOut)
class DriveCancel(DriveAct):
    """Give up a booking."""

    act, shape, service = "drive.book", DriveCancelIn, drive_cancel


@extend_schema(request=DriveNoShowIn, responses=DriveOut)
class DriveNoShow(DriveAct):
    """The customer did not come."""

    act, service = "drive.book", drive_no_show
