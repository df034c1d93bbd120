"""Reads of applications for loss and dormancy, of what rests and of what is out of control."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from dealership.approvals.selectors import decided_by, to_decide
from dealership.core.errors import NotFound
from dealership.org.models import Store
from leads.choices import FollowUpOutcome, ProspectStatus, TaskKind
from leads.loss_choices import CallBackResult, LossKind, LossState
from leads.models import FollowUp, FollowUpTask, LossApplication, LossCallBack, Prospect, StatusChange
from leads.selectors.customer import primary_phones
from leads.selectors.prospect import prospect_rows

# Lists by clock (the most urgent first) or by day.
ORDERINGS: dict[str, tuple[str, ...]] = {"-applied_at": ("-applied_at", "-id"), "due_at": ("due_at", "id")}
DEFAULT_ORDERING = "-applied_at"
DORMANT_ORDER = ("wake_on", "id")
LOST_SIGHT_ORDER = ("next_follow_up_at", "id")


def loss_seen(*, user: Any) -> QuerySet[LossApplication]:
    """Applications within reach, those this person may answer (a stand-in), and those they answered."""
    mine = Q(pk__in=LossApplication.objects.visible_to(user).values("pk"))
    for requests in (to_decide(user=user), decided_by(user=user)):
        mine |= Q(approval_id__in=requests.filter(kind__startswith="prospect.").order_by().values("pk"))
    return LossApplication.objects.filter(mine)


def loss_list(*, user: Any) -> QuerySet[LossApplication]:
    """Applications within reach with what a row shows."""
    return with_names(LossApplication.objects.visible_to(user))


def with_names(rows: QuerySet[LossApplication]) -> QuerySet[LossApplication]:
    """What a row shows, in one statement and one for the phones."""
    rows = rows.select_related(
        "customer", "owner", "applied_by", "decided_by", "new_owner", "approval", "store", "prospect__series",
        "second_follow_up__done_by", "cancellation__by",
    )  # fmt: skip
    return rows.prefetch_related(primary_phones())


def loss_get(*, user: Any, application_id: int) -> LossApplication:
    """One application; 404 otherwise."""
    row = with_names(loss_seen(user=user)).filter(pk=application_id).first()
    if row is None:
        raise NotFound
    return row


def calls_waiting(*, user: Any) -> QuerySet[LossApplication]:
    """Sampled applications that wait for a call and that this person may make, the most urgent first."""
    rows = LossApplication.objects.to_call(user).pending()
    heard = LossCallBack.objects.filter(application=OuterRef("pk")).exclude(result=CallBackResult.NO_ANSWER)
    return with_names(rows.exclude(Q(owner=user) | Q(applied_by=user)).exclude(Exists(heard)))


def call_get(*, user: Any, application_id: int) -> LossApplication:
    """A sampled application for the person who calls; 404 otherwise."""
    row = with_names(LossApplication.objects.to_call(user)).filter(pk=application_id).first()
    if row is None:
        raise NotFound
    return row


def calls_of(application: LossApplication) -> list[LossCallBack]:
    """The attempts to hear it from the customer, newest first."""
    rows = LossCallBack.objects.filter(application=application).select_related("called_by")
    return list(rows.order_by("-called_at", "-id"))


def last_application_of(card: Prospect) -> LossApplication | None:
    """The latest application of a card the reader reaches: it waits, or its answer says what to do next."""
    rows = LossApplication.objects.filter(prospect=card).select_related("applied_by", "decided_by")
    return rows.order_by("-applied_at", "-id").first()


def open_second_of(card: Prospect) -> FollowUpTask | None:
    """The card's open second follow-up."""
    tasks = FollowUpTask.objects.open().filter(prospect=card, kind=TaskKind.SECOND)
    return tasks.select_related("owner").first()


def manager_contacts(application: LossApplication) -> list[FollowUp]:
    """Contacts of somebody else than the owner before the application, newest first."""
    rows = FollowUp.objects.filter(prospect_id=application.prospect_id, done_at__lte=application.applied_at)
    rows = rows.exclude(done_by_id=application.owner_id).select_related("done_by")
    return list(rows.order_by("-done_at", "-id")[:5])


def dormant_list(*, user: Any) -> QuerySet[LossApplication]:
    """Cards at rest, by wake date: the agreed applications that still hold."""
    rows = LossApplication.objects.visible_to(user).filter(
        kind=LossKind.DORMANCY, state=LossState.AGREED, woken_at=None, prospect__status=ProspectStatus.DORMANT
    )
    return with_names(rows).select_related("prospect__owner")


def out_of_control_list(*, user: Any) -> QuerySet[Prospect]:
    """失控客户: with `since` and the contact that was due, the longest forgotten first."""
    moved = StatusChange.objects.filter(prospect=OuterRef("pk"), to_status=ProspectStatus.OUT_OF_CONTROL)
    since, why = (Subquery(moved.order_by("-at", "-id").values(name)[:1]) for name in ("at", "reason"))
    rows = prospect_rows(user=user).filter(status=ProspectStatus.OUT_OF_CONTROL, next_follow_up_at__isnull=False)
    return rows.annotate(since=since, why=why)


def due_to_wake(*, store_id: int, day: Any, after: int, size: int) -> list[int]:
    """Ids of cards of a store whose rest is over, by id (the clock serves all stores)."""
    rows = LossApplication.objects.filter(
        store_id=store_id, kind=LossKind.DORMANCY, state=LossState.AGREED, woken_at=None, wake_on__lte=day,
        prospect__status=ProspectStatus.DORMANT, prospect_id__gt=after,
    )  # fmt: skip
    return list(rows.order_by("prospect_id").values_list("prospect_id", flat=True)[:size])


def forgotten(*, store_id: int, late: Q, failed: int, after: int, size: int) -> list[int]:
    """Ids of active cards of a store past their grade's limit or with too many failed contacts in a row, by id."""
    calls = FollowUp.objects.filter(
        store_id=store_id, outcome=FollowUpOutcome.NO_ANSWER, prospect__status=ProspectStatus.ACTIVE
    )
    silent = _unanswered(calls, "prospect").order_by().values("prospect_id").annotate(n=Count("pk"))
    rows = Prospect.objects.filter(
        late | Q(pk__in=silent.filter(n__gte=failed).values("prospect_id")),
        store_id=store_id, status=ProspectStatus.ACTIVE, pk__gt=after,
    )  # fmt: skip
    return list(rows.order_by("pk").values_list("pk", flat=True)[:size])


def failed_contacts(card: Prospect) -> int:
    """Unanswered contacts in a row: since the customer was last reached and since the card last moved."""
    return _unanswered(FollowUp.objects.filter(prospect=card, outcome=FollowUpOutcome.NO_ANSWER), "prospect").count()


def _unanswered(calls: QuerySet[FollowUp], card: str) -> QuerySet[FollowUp]:
    moved = StatusChange.objects.filter(prospect=OuterRef(card)).order_by("-at", "-id").values("at")[:1]
    reached = Q(done_at__gt=F(f"{card}__last_contact_at")) | Q(**{f"{card}__last_contact_at": None})
    return calls.filter(reached, done_at__gt=Subquery(moved))


def stores_at_work() -> list[int]:
    """Stores in business: the clock serves all, no reader is involved."""
    return list(Store.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True))
