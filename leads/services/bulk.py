"""批量操作: many cards, each by the very service a single card goes through, so that no rule is passed by.

A preview does the work and takes it back, which is why it knows every refusal the real run would meet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dealership.core.errors import DomainError
from leads.models import Prospect
from leads.selectors.prospect import prospect_list
from leads.services.loss import dormancy_apply, loss_apply
from leads.services.prospect import prospect_reassign
from leads.services.reschedule import follow_up_reschedule

# More is no longer a choice a person looked at.
MOST = 100
Act = Callable[[int], Any]


@dataclass(frozen=True)
class Outcome:
    """What happened (or would happen) to one card: `message` is empty when it went through.

    `version` is the card's before the act: what a preview showed.
    """

    prospect_id: int
    name: str
    grade: str
    owner: str
    version: int
    message: str

    @property
    def is_done(self) -> bool:
        return not self.message


def reassigning(*, by: Any, new_owner: Any, reason: str) -> Act:
    """Each card to `new_owner` (R-OWN)."""
    return lambda pk: prospect_reassign(by=by, prospect_id=pk, new_owner=new_owner, reason=reason)


def rescheduling(*, by: Any, day: dt.date, reason: str) -> Act:
    """Each card's next contact to `day` (R-FU-1)."""
    return lambda pk: follow_up_reschedule(by=by, prospect_id=pk, day=day, reason=reason)


def losing(*, by: Any, **claim: Any) -> Act:
    """An application for loss of each card, with the same words (§4.2): every guard and the second person stay."""
    return lambda pk: loss_apply(by=by, prospect_id=pk, **claim)


def resting(*, by: Any, **claim: Any) -> Act:
    """An application for dormancy of each card, with the same words and wake date (§4.2): likewise."""
    return lambda pk: dormancy_apply(by=by, prospect_id=pk, **claim)


# The acts by name: what the page and the API run.
ACTS: dict[str, Callable[..., Act]] = {
    "reschedule": rescheduling,
    "reassign": reassigning,
    "lose": losing,
    "rest": resting,
}


def act_of(*, by: Any, name: str, told: Mapping[str, Any]) -> Act:
    """The act of this name with what was told."""
    return ACTS[name](by=by, **told)


def bulk_run(
    *, by: Any, ids: Sequence[int], act: Act, rehearse: bool, seen: Mapping[int, int] | None = None
) -> list[Outcome]:
    """Do the act card by card, each in its own transaction; refusals of one do not stop the others.

    With `rehearse` everything is taken back at the end and nobody is told. Cards out of reach are left out. `seen` are
    the versions a preview showed: a card somebody changed since is refused, nobody's work is written over unseen.
    """
    seen = seen or {}
    if not ids:
        raise DomainError("nothing_chosen", "请先勾选要处理的客户。")
    if len(ids) > MOST:
        raise DomainError("too_many", f"一次最多处理 {MOST} 位客户，请缩小筛选范围后分批处理。")
    cards = list(prospect_list(user=by).filter(pk__in=set(ids)).order_by("next_follow_up_at", "id"))
    with _rehearsal() if rehearse else _for_real():
        return [
            Outcome(
                card.pk, card.customer.display_name, card.grade, str(card.owner), card.version,
                _refusal(act, card.pk, seen.get(card.pk)),
            )
            for card in cards
        ]  # fmt: skip


def _refusal(act: Act, pk: int, seen: int | None) -> str:
    if seen is not None and not Prospect.objects.filter(pk=pk, version=seen).exists():
        return "预览之后这位客户有了新的变化，未执行，请核对后再处理。"
    try:
        act(pk)
    except DomainError as error:
        return error.message
    return ""


@contextmanager
def _rehearsal() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _for_real() -> Iterator[None]:
    yield
