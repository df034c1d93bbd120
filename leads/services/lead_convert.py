"""建卡: a raw lead becomes a customer with a card, or joins the file that is there by now (§4.1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.services import check_version, service
from dealership.core.text import clean_text
from dealership.org.choices import Role
from dealership.org.models import Series
from dealership.org.reach import has_role
from leads.choices import AttemptOutcome, CardChannel, ContactChannel, LeadEvent
from leads.models import Lead
from leads.services import lead_state
from leads.services.customer import find_or_create, own_if_ownerless
from leads.services.lead_intake import tell_merged
from leads.services.lead_state import locked, write_attempt
from leads.services.prospect import card_create, live_card
from leads.services.returning import settle_owner


@service
def lead_convert(
    *,
    by: Any,
    lead_id: int,
    name: str,
    gender: str = "",
    grade: str | None = None,
    series: Series | None = None,
    next_follow_up_at: dt.datetime | None = None,
    channel: str = ContactChannel.PHONE,
    version: int | None = None,
) -> Lead:
    """CARDED: customer and card of the lead's owner, source kept (first touch), the first follow-up set (R-FU-1).

    When the number has meanwhile got a file with a live card or another owner, the lead joins it (MERGED) and that
    owner is told. Reaching the person is logged when nothing was logged before.
    """
    lead = locked(by, lead_id, "lead.work")
    check_version(lead, version)
    before = lead_state.move(lead, LeadEvent.CARD)
    owner, moment = lead.owner, periods.now()
    customer, _is_new = find_or_create(
        by=by, store=lead.store, phone=lead.phone, name=clean_text(name), gender=gender, owner=owner
    )
    own_if_ownerless(customer, owner)
    settle_owner(customer, owner, by=by)
    if lead.first_contact_at is None:
        write_attempt(lead, by=by, channel=channel, outcome=AttemptOutcome.REACHED, note="", at=moment)
    lead.customer, lead.processed_at = customer, moment
    lead.prospect = live_card(customer)
    if lead.prospect is not None or customer.owner_id != lead.owner_id:
        return _merged(lead, before, by=by, moment=moment)
    from_desk = has_role(lead.owner, [Role.DCC_AGENT], lead.store_id)
    lead.prospect = card_create(
        by=by, customer_id=customer.pk, grade=grade, source=lead.source, series=series or lead.series,
        card_channel=CardChannel.DCC if from_desk else CardChannel.OTHER, next_follow_up_at=next_follow_up_at,
    )  # fmt: skip
    lead_state.end_turn(lead, LeadEvent.CARD, at=moment)
    lead_state.save(lead, LeadEvent.CARD, before, at=moment, by=by, from_owner_id=lead.owner_id)
    record(by=by, action="lead.convert", target=lead, changes={"prospect": lead.prospect.pk})
    return lead


def _merged(lead: Lead, before: str, *, by: Any, moment: dt.datetime) -> Lead:
    """The file is there already: no second card; its owner goes on (R-OWN)."""
    lead.state = before
    lead_state.move(lead, LeadEvent.MERGE)
    lead_state.end_turn(lead, LeadEvent.MERGE, at=moment)
    lead_state.save(lead, LeadEvent.MERGE, before, at=moment, by=by, from_owner_id=lead.owner_id)
    tell_merged(lead, by)
    record(by=by, action="lead.merge", target=lead)
    return lead
