"""`leads/`: raw leads, their attempts, assignment, pool, conversion."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import created, idempotency_key
from dealership.org.models import Store
from dealership.org.reach import require
from leads.api import lead_shapes as shapes
from leads.api.base import Resource, listed, taken
from leads.api.serializers import RevealOut
from leads.filters import LeadFilter
from leads.models import Lead
from leads.selectors.choices import seller_chosen, series_chosen, source_chosen, store_for
from leads.selectors.lead import (
    DEFAULT_ORDERING,
    ORDERINGS,
    attempt_found,
    attempts_of,
    lead_found,
    lead_get,
    lead_list,
    lead_shown_to,
)
from leads.services.lead import lead_attempt_log, lead_mark_invalid, lead_reveal
from leads.services.lead_assign import lead_assign, lead_pick
from leads.services.lead_convert import lead_convert
from leads.services.lead_intake import LeadRow, Outcome, Taken, lead_create
from leads.services.lead_transfer import lead_transfer_ask


def shown(request: Request, pk: int) -> Response:
    """The lead as it is now."""
    return Response(shapes.LeadOut(lead_get(user=request.user, lead_id=pk)).data)


def reached(request: Request, pk: int, act: str) -> Lead:
    """The lead within reach, and the act permitted."""
    lead = lead_get(user=request.user, lead_id=pk)
    require(request.user, act, lead.store_id)
    return lead


def left(request: Request, pk: int) -> Response:
    """The lead after an act, empty when it left the caller's reach by it."""
    return shown(request, pk) if lead_shown_to(user=request.user, lead_id=pk) else Response(status=204)


class LeadList(Resource):
    """Leads within reach; `state`, `source`, `owner`, `overdue`, `waiting`."""

    resource = "lead"

    @extend_schema(operation_id="leads_list", responses=shapes.LeadOut(many=True))
    def get(self, request: Request) -> Response:
        rows = lead_list(user=request.user)
        return listed(
            request, rows, filters=LeadFilter, orderings=ORDERINGS, default=DEFAULT_ORDERING, shape=shapes.LeadOut
        )

    @extend_schema(request=shapes.LeadIn, responses={201: shapes.LeadTakenOut})
    def post(self, request: Request) -> Response:
        facts = taken(request, shapes.LeadIn)
        store = store_for(request.user, "lead.create", facts.pop("store"))
        owner = seller_chosen(store, facts.pop("owner"), "owner")
        row, answers = told(facts, store), list[Taken]()

        def create() -> Lead:
            answers.append(lead_create(by=request.user, store=store, row=row, owner=owner))
            return lead_found(lead_id=answers[0].lead_id)

        lead, replay = once(
            by=request.user, action="lead.create", key=idempotency_key(request), create=create,
            find=lambda pk: lead_found(lead_id=pk),
        )  # fmt: skip
        outcome = answers[0].outcome if answers else Outcome.REPLAYED
        replay = replay or outcome == Outcome.REPLAYED
        return created(answer(request, lead, outcome), replay=replay)


def told(facts: dict[str, Any], store: Store) -> LeadRow:
    """The row of the service; ids are looked up within the store (A05)."""
    facts["source"] = source_chosen(store, facts["source"])
    facts["series"] = series_chosen(store, facts["series"])
    return LeadRow(**facts)


def answer(request: Request, lead: Lead, outcome: Outcome) -> dict[str, Any]:
    """What became of the number, also for somebody who may not see the lead."""
    seen = lead_shown_to(user=request.user, lead_id=lead.pk)
    return {
        "id": lead.pk if seen else None,
        "outcome": outcome.value,
        "state": lead.state,
        "owner_name": lead.owner.name if lead.owner else "",
        "is_elsewhere": lead.is_elsewhere,
    }


class LeadDetail(Resource):
    """One lead."""

    @extend_schema(responses=shapes.LeadOut)
    def get(self, request: Request, pk: int) -> Response:
        return shown(request, pk)


class LeadAttempts(Resource):
    """Tries to reach the person."""

    @extend_schema(responses=shapes.AttemptOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        rows = attempts_of(lead=lead_get(user=request.user, lead_id=pk))
        return Response(shapes.AttemptOut(rows[:200], many=True).data)

    @extend_schema(request=shapes.AttemptIn, responses={201: shapes.AttemptOut})
    def post(self, request: Request, pk: int) -> Response:
        reached(request, pk, "lead.work")
        facts = taken(request, shapes.AttemptIn)
        row, replay = once(
            by=request.user, action="lead.attempt", key=idempotency_key(request),
            create=lambda: lead_attempt_log(by=request.user, lead_id=pk, **facts),
            find=lambda row_id: attempt_found(attempt_id=row_id),
        )  # fmt: skip
        return created(shapes.AttemptOut(row).data, replay=replay)


class LeadAssign(Resource):
    """Give a lead to a person by hand."""

    @extend_schema(request=shapes.LeadAssignIn, responses=shapes.LeadOut)
    def post(self, request: Request, pk: int) -> Response:
        lead = reached(request, pk, "lead.assign")
        asked = taken(request, shapes.LeadAssignIn)
        asked["new_owner"] = seller_chosen(lead.store, asked["new_owner"], "new_owner")
        lead_assign(by=request.user, lead_id=pk, **asked)
        return left(request, pk)


class LeadTransfer(Resource):
    """Ask to give a lead to a colleague."""

    @extend_schema(request=shapes.LeadAssignIn, responses=shapes.LeadOut)
    def post(self, request: Request, pk: int) -> Response:
        lead = reached(request, pk, "lead.work")
        asked = taken(request, shapes.LeadAssignIn)
        asked["new_owner"] = seller_chosen(lead.store, asked["new_owner"], "new_owner")
        lead_transfer_ask(by=request.user, lead_id=pk, **asked)
        return shown(request, pk)


class LeadConvert(Resource):
    """建卡: the lead becomes a card, or joins the file that is there by now."""

    @extend_schema(request=shapes.LeadConvertIn, responses=shapes.LeadOut)
    def post(self, request: Request, pk: int) -> Response:
        lead = reached(request, pk, "lead.work")
        facts = taken(request, shapes.LeadConvertIn)
        facts["series"] = series_chosen(lead.store, facts["series"])
        lead_convert(by=request.user, lead_id=pk, **facts)
        return shown(request, pk)


class LeadMarkInvalid(Resource):
    """非意向."""

    @extend_schema(request=shapes.LeadInvalidIn, responses=shapes.LeadOut)
    def post(self, request: Request, pk: int) -> Response:
        reached(request, pk, "lead.work")
        lead_mark_invalid(by=request.user, lead_id=pk, **taken(request, shapes.LeadInvalidIn))
        return shown(request, pk)


class LeadPick(Resource):
    """领取 from the pool."""

    @extend_schema(request=None, responses=shapes.LeadOut)
    def post(self, request: Request, pk: int) -> Response:
        lead_pick(by=request.user, lead_id=pk)
        return shown(request, pk)


class LeadReveal(Resource):
    """The plain number, logged."""

    @extend_schema(request=shapes.LeadRevealIn, responses=RevealOut)
    def post(self, request: Request, pk: int) -> Response:
        reached(request, pk, "customer.reveal")
        reason = taken(request, shapes.LeadRevealIn)["reason"]
        plain = lead_reveal(by=request.user, lead_id=pk, reason=reason, ip=request.META.get("REMOTE_ADDR"))
        return Response({"field": "phone", "value": plain})
