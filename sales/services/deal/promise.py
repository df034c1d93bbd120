"""承诺交期: moving the promised delivery day of a submitted order, with the reason and both days kept (§4.3)."""

from __future__ import annotations

import datetime as dt

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import check_version, service
from sales.choices import DealStatus
from sales.models import PromiseChange
from sales.services.deal.draft import require_hand
from sales.services.state import lock_deal, require_state

PROMISED_STATES = (
    DealStatus.PRICE_APPROVAL, DealStatus.PENDING_DEPOSIT, DealStatus.ORDERED, DealStatus.ALLOCATED, DealStatus.PAID,
    DealStatus.INVOICED, DealStatus.READY,
)  # fmt: skip


@service
def deal_promise(
    *, by: User, deal_id: int, promised_on: dt.date, reason: str, version: int | None = None
) -> PromiseChange:
    """Move the promised day between submission and hand-over; a draft is changed by `deal_change`.

    The first promise stays on the deal. Refuses past days, the same day, and a change without its reason.
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.change")
    check_version(deal, version, promised_on=deal.promised_on)
    require_state(deal, *PROMISED_STATES)
    problems = {}
    if promised_on < periods.today():
        problems["promised_on"] = ["承诺交车日不能早于今天。"]
    elif promised_on == deal.promised_on:
        problems["promised_on"] = ["新的承诺交车日与原来相同，请选择其他日期。"]
    if len(reason.strip()) < 2:
        problems["reason"] = ["请写明调整承诺交期的原因。"]
    if problems:
        raise DomainError("promise_invalid", next(iter(problems.values()))[0], problems)
    row = PromiseChange.objects.create(
        deal=deal, store_id=deal.store_id, team_id=deal.team_id, owner_id=deal.owner_id, before=deal.promised_on,
        after=promised_on, reason=reason.strip()[:200], at=periods.now(), by=by,
    )  # fmt: skip
    deal.first_promised_on = deal.first_promised_on or promised_on
    deal.promised_on = promised_on
    deal.touch()
    deal.save()
    record(by=by, action="deal.promise", target=deal, changes={"promised_on": [str(row.before), str(row.after)]})
    return row
