"""`customers/`: look-up, read, change, reveal, timeline."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core import periods
from dealership.core.api import created
from dealership.org.reach import require
from leads.api import serializers as shapes
from leads.api.base import Resource, listed, taken
from leads.filters import CustomerFilter
from leads.selectors.choices import store_for
from leads.selectors.customer import customer_attended, customer_get, customer_list, customer_lookup
from leads.selectors.timeline import customer_timeline
from leads.services.customer import customer_change, customer_reveal, phone_add

ORDERINGS = {"-id": ("-id",), "id": ("id",)}


class CustomerList(Resource):
    """Customers within reach."""

    resource = "customer"

    @extend_schema(operation_id="customers_list", responses=shapes.CustomerOut(many=True))
    def get(self, request: Request) -> Response:
        rows = customer_list(user=request.user)
        return listed(
            request, rows, filters=CustomerFilter, orderings=ORDERINGS, default="-id", shape=shapes.CustomerOut
        )


class CustomerLookup(Resource):
    """Whose number is this: new, mine, a colleague's, or only in another store."""

    @extend_schema(
        parameters=[OpenApiParameter("phone", str, required=True), OpenApiParameter("store", int)],
        responses=shapes.LookupOut,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params.get("store", "")
        store = store_for(request.user, "visit.register", int(asked) if asked.isdecimal() else None)
        found = customer_lookup(user=request.user, store=store, phone=request.query_params.get("phone", ""))
        contact = found.last_contact_at
        return Response(
            {
                "exists": found.exists,
                "state": found.state.value,
                "owner_name": found.owner_name,
                "masked_phone": found.masked_phone,
                "last_contact_on": periods.local_date(contact).isoformat() if contact else None,
                "prospect": found.prospect.pk if found.prospect else None,
            }
        )


class CustomerDetail(Resource):
    """One customer."""

    @extend_schema(responses=shapes.CustomerOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shapes.CustomerOut(customer_get(user=request.user, customer_id=pk)).data)

    @extend_schema(request=shapes.CustomerPatch, responses=shapes.CustomerOut)
    def patch(self, request: Request, pk: int) -> Response:
        require(request.user, "customer.change", customer_get(user=request.user, customer_id=pk).store_id)
        details = taken(request, shapes.CustomerPatch, partial=True)
        customer_change(by=request.user, customer_id=pk, version=details.pop("version", None), details=details)
        return self.get(request, pk)


class CustomerReveal(Resource):
    """The plain value of a masked field; logged."""

    @extend_schema(request=shapes.RevealIn, responses=shapes.RevealOut)
    def post(self, request: Request, pk: int) -> Response:
        require(request.user, "customer.reveal", customer_attended(user=request.user, customer_id=pk).store_id)
        asked = taken(request, shapes.RevealIn)
        address = request.META.get("REMOTE_ADDR")
        value = customer_reveal(by=request.user, customer_id=pk, ip=address, **asked)
        return Response({"field": asked["field"], "value": value})


class CustomerPhones(Resource):
    """Add a further number; answers the customer, numbers masked."""

    @extend_schema(request=shapes.PhoneIn, responses={201: shapes.CustomerOut})
    def post(self, request: Request, pk: int) -> Response:
        require(request.user, "customer.change", customer_get(user=request.user, customer_id=pk).store_id)
        phone_add(by=request.user, customer_id=pk, **taken(request, shapes.PhoneIn))
        return created(shapes.CustomerOut(customer_get(user=request.user, customer_id=pk)).data, replay=False)


class CustomerTimeline(Resource):
    """Everything that happened with a customer, newest first."""

    @extend_schema(responses=shapes.TimelineOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        customer = customer_get(user=request.user, customer_id=pk)
        entries = customer_timeline(user=request.user, customer_id=customer.pk)
        return Response({"results": shapes.TimelineOut(entries, many=True).data})
