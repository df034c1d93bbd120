"""跟进质量: what in a month's follow-ups looks written rather than done (product.md §5.11).

Found, never judged: each finding opens its rows, and the manager's spot check says what was true.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.money import ratio
from dealership.core.periods import Period
from dealership.core.text import fold
from dealership.org.models import Store
from dealership.org.policy import policy
from leads.choices import OPEN_STATUSES, FollowUpOutcome, QualityIssue
from leads.models import FollowUp, SpotCheck

FULL = Decimal(100)


@dataclass(frozen=True)
class Contact:
    """The columns the findings look at."""

    pk: int
    person: int
    prospect: int
    at: dt.datetime
    outcome: str
    text: str
    before: str
    after: str
    is_open: bool

    @property
    def is_answered(self) -> bool:
        return self.outcome != FollowUpOutcome.NO_ANSWER


@dataclass
class Quality:
    """One person's month: how many contacts, which look wrong, and the score out of 100."""

    person: User | None
    contacts: int = 0
    found: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    checked: int = 0
    true: int = 0

    def count(self, issue: str) -> int:
        return len(self.found.get(issue, ()))

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        return [(issue.value, str(issue.label), self.count(issue)) for issue in QualityIssue]

    @property
    def truth_rate(self) -> Decimal | None:
        """Confirmed spot checks ÷ finished ones."""
        return ratio(self.true, self.checked)

    def score(self, weights: dict[str, int]) -> int | None:
        """100 less the weighted share of suspicious contacts; None without contacts."""
        if not self.contacts:
            return None
        lost = sum(Decimal(weights[issue]) * self.count(issue) / self.contacts for issue in QualityIssue.values)
        return max(int(FULL - lost + Decimal("0.5")), 0)


def contacts_of(*, user: Any, store: Store, period: Period) -> list[Contact]:
    """A store's contacts of a period within the reader's reach, in order; one statement."""
    rows = FollowUp.objects.visible_to(user).filter(store=store, **period.filter("done_at"))
    columns = rows.order_by("done_at", "id").values_list(
        "pk", "done_by_id", "prospect_id", "done_at", "outcome", "content", "grade_before", "grade_after",
        "prospect__status",
    )  # fmt: skip
    found: list[tuple[Any, ...]] = list(columns)
    return [Contact(*(*row[:-1], row[-1] in OPEN_STATUSES)) for row in found]


def quality_of(*, user: Any, store: Store, period: Period) -> list[Quality]:
    """Per person, most suspicious first; four statements whatever the number of rows."""
    contacts = contacts_of(user=user, store=store, period=period)
    rows: dict[int, Quality] = {}
    for contact in contacts:
        rows.setdefault(contact.person, Quality(None)).contacts += 1
    limits = policy("quality.limits", store)
    for issue, found in findings(contacts, limits).items():
        for contact in found:
            rows[contact.person].found[issue].add(contact.pk)
    for owner, result in _checked(user, store, period):
        row = rows.setdefault(owner, Quality(None))
        row.checked += 1
        row.true += result == "true"
    people = {person.pk: person for person in User.objects.filter(pk__in=rows)}
    for pk, row in rows.items():
        row.person = people[pk]
    weights = policy("quality.weights", store)
    return sorted(rows.values(), key=lambda row: (row.score(weights) or 0, row.person.pk if row.person else 0))


def _checked(user: Any, store: Store, period: Period) -> Iterable[tuple[int, str]]:
    rows = SpotCheck.objects.visible_to(user).filter(store=store, **period.filter("checked_at")).exclude(result="")
    return rows.exclude(result="unreached").values_list("owner_id", "result")


def findings(contacts: list[Contact], limits: dict[str, Any]) -> dict[str, list[Contact]]:
    """Issue → the contacts that show it."""
    return {
        QualityIssue.COPIED: _copied(contacts, int(limits["copies"])),
        QualityIssue.SHORT: _short(contacts, int(limits["shortest"])),
        QualityIssue.BURST: _bursts(contacts, limits),
        QualityIssue.NO_ANSWER: _endless(contacts, int(limits["no_answers"])),
        QualityIssue.STUCK: _stuck(contacts, int(limits["stuck"])),
    }


def _copied(contacts: list[Contact], copies: int) -> list[Contact]:
    """The same words by the same person so many times, whoever the customer is."""
    words = Counter((contact.person, fold(contact.text)) for contact in contacts if contact.is_answered)
    return [c for c in contacts if c.is_answered and words[c.person, fold(c.text)] >= copies]


def _short(contacts: list[Contact], shortest: int) -> list[Contact]:
    """Reached, but hardly a word about it (brought in by an import or written under an older rule)."""
    return [c for c in contacts if c.is_answered and len("".join(c.text.split())) < shortest]


def _bursts(contacts: list[Contact], limits: dict[str, Any]) -> list[Contact]:
    """So many contacts of one person within so many minutes at the day's end: made up for the report."""
    span, size = dt.timedelta(minutes=int(limits["burst_minutes"])), int(limits["burst"])
    begins = dt.time.fromisoformat(limits["burst_from"])
    late: dict[tuple[int, dt.date], list[Contact]] = defaultdict(list)
    for contact in contacts:
        moment = periods.local_time(contact.at)
        if moment.time() >= begins:
            late[contact.person, moment.date()].append(contact)
    found: dict[int, Contact] = {}
    for rows in late.values():
        for start in range(len(rows) - size + 1):
            window = rows[start : start + size]
            if window[-1].at - window[0].at <= span:
                found.update({contact.pk: contact for contact in window})
    return list(found.values())


def _endless(contacts: list[Contact], limit: int) -> list[Contact]:
    """The last so many contacts of an open card were all unanswered: nobody tries another way."""
    return [
        c for rows in _by_card(contacts) for c in _tail_without_answer(rows) if len(_tail_without_answer(rows)) >= limit
    ]


def _tail_without_answer(rows: list[Contact]) -> list[Contact]:
    tail: list[Contact] = []
    for contact in reversed(rows):
        if contact.is_answered:
            break
        tail.append(contact)
    return tail


def _stuck(contacts: list[Contact], limit: int) -> list[Contact]:
    """So many talks with an open customer and the grade never moved."""
    found: list[Contact] = []
    for rows in _by_card(contacts):
        answered = [contact for contact in rows if contact.is_answered]
        if len(answered) >= limit and all(contact.before == contact.after for contact in answered):
            found += answered
    return found


def _by_card(contacts: list[Contact]) -> Iterable[list[Contact]]:
    cards: dict[int, list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.is_open:
            cards[contact.prospect].append(contact)
    return cards.values()


def suspicious(*, user: Any, store: Store, period: Period, person_id: int, issue: str) -> list[FollowUp]:
    """The rows behind a number of the list, within the reader's reach."""
    found = findings(contacts_of(user=user, store=store, period=period), policy("quality.limits", store))
    ids = [contact.pk for contact in found.get(issue, []) if contact.person == person_id]
    rows = FollowUp.objects.visible_to(user).filter(pk__in=ids).select_related("customer", "done_by")
    return list(rows.order_by("-done_at", "-id"))
