"""`visits/`: the register, completing, leaving, assigning."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import created, idempotency_key
from dealership.org.models import Store
from dealership.org.reach import require
from leads.api import serializers as shapes
from leads.api.base import Resource, listed, taken
from leads.filters import VisitFilter
from leads.models import Visit
from leads.selectors.choices import seller_chosen, source_chosen, store_for
from leads.selectors.visit import ORDERING, visit_get, visit_list, visit_registered
from leads.services.customer import owner_notify
from leads.services.visit import visit_assign, visit_complete, visit_leave, visit_register

ORDERINGS = {"-visited_at": ORDERING, "visited_at": ("visited_at", "id")}


def told(facts: dict[str, Any], store: Store) -> dict[str, Any]:
    """The arguments of the service; ids are looked up within the store (A05)."""
    person = facts.pop("customer", None) or {}
    looked_up = {
        "series_ids": facts.pop("models"),
        "source": source_chosen(store, facts.pop("source")),
        "received_by": seller_chosen(store, facts.pop("received_by")),
    }
    return {**facts, **looked_up, **{name: person.get(name, "") for name in ("name", "phone", "gender")}}


def answer(visit: Visit) -> dict[str, Any]:
    """What a registered visit is: also to the person who received a colleague's customer."""
    return {
        "id": visit.pk,
        "visit_type": visit.visit_type,
        "customer": visit.customer_id,
        "prospect": visit.prospect_id,
        "owner_name": visit.owner.name if visit.owner else "",
    }


class VisitList(Resource):
    """The register."""

    resource = "visit"

    @extend_schema(operation_id="visits_list", responses=shapes.VisitOut(many=True))
    def get(self, request: Request) -> Response:
        rows = visit_list(user=request.user)
        return listed(
            request, rows, filters=VisitFilter, orderings=ORDERINGS, default="-visited_at", shape=shapes.VisitOut
        )

    @extend_schema(request=shapes.VisitIn, responses={201: shapes.VisitOut})
    def post(self, request: Request) -> Response:
        facts = taken(request, shapes.VisitIn)
        store = store_for(request.user, "visit.register", facts.pop("store"))
        arguments = told(facts, store)
        visit, replay = once(
            by=request.user, action="visit.register", key=idempotency_key(request),
            create=lambda: visit_register(by=request.user, store=store, **arguments),
            find=lambda pk: visit_registered(user=request.user, visit_id=pk),
        )  # fmt: skip
        return created(answer(visit), replay=replay)


class VisitDetail(Resource):
    """One visit."""

    @extend_schema(responses=shapes.VisitOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shapes.VisitOut(visit_get(user=request.user, visit_id=pk)).data)


class VisitComplete(Resource):
    """Finish an arrival."""

    @extend_schema(request=shapes.VisitCompleteIn, responses=shapes.VisitOut)
    def post(self, request: Request, pk: int) -> Response:
        visit = visit_get(user=request.user, visit_id=pk)
        require(request.user, "visit.complete", visit.store_id)
        facts = taken(request, shapes.VisitCompleteIn)
        version = facts.pop("version", None)
        saved = visit_complete(by=request.user, visit_id=pk, version=version, **told(facts, visit.store))
        return Response(answer(saved))


class VisitLeave(Resource):
    """Note when the party left."""

    @extend_schema(request=shapes.VisitLeaveIn, responses=shapes.VisitOut)
    def post(self, request: Request, pk: int) -> Response:
        require(request.user, "visit.leave", visit_get(user=request.user, visit_id=pk).store_id)
        visit_leave(by=request.user, visit_id=pk, left_at=taken(request, shapes.VisitLeaveIn)["left_at"])
        return Response(shapes.VisitOut(visit_get(user=request.user, visit_id=pk)).data)


class VisitAssign(Resource):
    """Give an arrival to a seller."""

    @extend_schema(request=shapes.VisitAssignIn, responses=shapes.VisitOut)
    def post(self, request: Request, pk: int) -> Response:
        visit = visit_get(user=request.user, visit_id=pk)
        require(request.user, "visit.assign", visit.store_id)
        person = seller_chosen(visit.store, taken(request, shapes.VisitAssignIn)["received_by"])
        visit_assign(by=request.user, visit_id=pk, received_by=person)
        return Response(shapes.VisitOut(visit_get(user=request.user, visit_id=pk)).data)


class OwnerNotify(Resource):
    """通知归属顾问：同事正在接待其客户，每位客户每天一次。"""

    @extend_schema(request=shapes.NotifyIn, responses=shapes.NotifiedOut)
    def post(self, request: Request) -> Response:
        require(request.user, "visit.register")
        asked = taken(request, shapes.NotifyIn)
        store = store_for(request.user, "visit.register", asked["store"])
        return Response({"owner_name": owner_notify(by=request.user, store=store, phone=asked["phone"])})
