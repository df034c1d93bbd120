"""批量操作 and 改约: previews change nothing, each row has its own answer, no rule is passed by."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for
from leads.models import FollowUpTask, OwnerChange, Prospect
from leads.services.bulk import MOST, bulk_run, reassigning, rescheduling
from leads.services.reschedule import follow_up_reschedule
from leads.tests.builders import make_follow_up, make_prospect

pytestmark = pytest.mark.django_db
NOON = "2026-11-10 12:00+08:00"
DAY = dt.date(2026, 11, 12)


def owners(*cards: Prospect) -> list[int]:
    return [Prospect.objects.get(pk=card.pk).owner_id for card in cards]


def test_a_preview_says_what_would_happen_and_changes_nothing(
    store: Any, consultant: Any, colleague: Any, manager: Any
) -> None:
    one, two = make_prospect(consultant, store), make_prospect(colleague, store)
    act = reassigning(by=manager, new_owner=colleague, reason="平衡客户数量")
    told = Notice.objects.count()
    seen = bulk_run(by=manager, ids=[one.pk, two.pk], act=act, rehearse=True)
    assert {row.prospect_id: row.message for row in seen} == {one.pk: "", two.pk: "该客户已归属此顾问。"}
    assert owners(one, two) == [consultant.pk, colleague.pk]
    assert (OwnerChange.objects.count(), Notice.objects.count()) == (0, told)
    done = bulk_run(by=manager, ids=[one.pk, two.pk], act=act, rehearse=False)
    assert [row.message for row in done] == [row.message for row in seen]
    assert owners(one, two) == [colleague.pk, colleague.pk]


def test_cards_out_of_reach_are_left_out(store: Any, other_store: Any, consultant: Any, colleague: Any) -> None:
    mine = make_prospect(consultant, store, grade="C")
    theirs = make_prospect(colleague, store, grade="C")
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    foreign = make_prospect(stranger, other_store, grade="C")
    act = rescheduling(by=consultant, day=periods.today() + dt.timedelta(days=1), reason="客户改时间")
    make_follow_up(consultant, mine)
    outcomes = bulk_run(by=consultant, ids=[mine.pk, theirs.pk, foreign.pk], act=act, rehearse=False)
    assert [(row.prospect_id, row.message) for row in outcomes] == [(mine.pk, "")]


@pytest.mark.parametrize(("ids", "sentence"), [([], "请先勾选要处理的客户"), (range(MOST + 1), "一次最多处理")])
def test_nothing_or_too_much_is_refused(consultant: Any, ids: Any, sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        bulk_run(by=consultant, ids=list(ids), act=lambda pk: None, rehearse=True)


def test_r_fu_1_a_contact_is_moved_within_the_interval_and_keeps_its_first_date(
    store: Any, consultant: Any, freeze: Any
) -> None:
    freeze(NOON)
    card = make_prospect(consultant, store, grade="B")
    make_follow_up(consultant, card)
    first = FollowUpTask.objects.open().get(prospect=card).due_at
    follow_up_reschedule(by=consultant, prospect_id=card.pk, day=DAY, reason="客户本周出差回来")
    task = FollowUpTask.objects.open().get(prospect=card)
    card.refresh_from_db()
    assert task.original_due_at == first
    assert task.due_at == card.next_follow_up_at == periods.at(DAY, "18:00")


@pytest.mark.parametrize(
    "asked",
    [
        (dt.date(2026, 11, 9), "客户改时间", "不能早于今天"),
        (dt.date(2026, 11, 13), "客户改时间", "最迟 11-12 周四"),
        (DAY, " ", "请填写改约原因"),
    ],
)
def test_r_fu_1_other_days_are_refused(
    store: Any, consultant: Any, freeze: Any, asked: tuple[dt.date, str, str]
) -> None:
    day, reason, sentence = asked
    freeze(NOON)
    card = make_prospect(consultant, store, grade="H")
    make_follow_up(consultant, card)
    before = FollowUpTask.objects.open().get(prospect=card).due_at
    with pytest.raises(DomainError, match=sentence):
        follow_up_reschedule(by=consultant, prospect_id=card.pk, day=day, reason=reason)
    assert FollowUpTask.objects.open().get(prospect=card).due_at == before


def test_r_rej_neither_an_overdue_contact_nor_the_second_follow_up_is_moved(
    store: Any, consultant: Any, freeze: Any
) -> None:
    freeze(NOON)
    late, refused = make_prospect(consultant, store, grade="H"), make_prospect(consultant, store, grade="H")
    make_follow_up(consultant, late)
    make_follow_up(consultant, refused, outcome="refused")
    follow_up_reschedule(by=consultant, prospect_id=refused.pk, day=DAY, reason="客户改时间")
    second = FollowUpTask.objects.open().get(prospect=refused, kind="second")
    assert second.due_at == second.original_due_at
    freeze("2026-11-14 12:00+08:00")
    with pytest.raises(DomainError, match="已逾期，请先联系客户"):
        follow_up_reschedule(by=consultant, prospect_id=late.pk, day=dt.date(2026, 11, 15), reason="客户改时间")


def test_the_pages_tick_preview_and_do(store: Any, consultant: Any, colleague: Any, manager: Any) -> None:
    card = make_prospect(consultant, store, grade="A")
    client, address = client_for(manager), "/customers/prospects/bulk/?grade=A"
    form = {"id": [card.pk, "x", "²"], "act": "reassign", "new_owner": colleague.pk, "reason": "平衡客户数量"}
    assert f'value="{card.pk}"' in client.get(address).content.decode()
    assert client.post(address, {**form, "reason": ""}).status_code == 422
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "预览：尚未执行" in preview
    assert owners(card) == [consultant.pk]
    assert "批量操作结果" in client.post(address, {**form, "step": "do"}).content.decode()
    assert owners(card) == [colleague.pk]
    mine = client_for(colleague)
    assert "转给其他顾问" not in mine.get(address).content.decode()
    assert mine.post(address, form).status_code == 422


def test_what_changed_after_the_preview_is_left_out(store: Any, consultant: Any, colleague: Any, manager: Any) -> None:
    """A colleague's later word is not written over: the row says so, the others go through."""
    one, two = make_prospect(consultant, store, grade="A"), make_prospect(consultant, store, grade="A")
    client, address = client_for(manager), "/customers/prospects/bulk/?grade=A"
    form = {"id": [one.pk, two.pk], "act": "reassign", "new_owner": colleague.pk, "reason": "平衡客户数量"}
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    seen = re.findall(r'name="seen" value="(\d+:\d+)"', preview)
    assert len(seen) == 2
    make_follow_up(consultant, one)
    page = client.post(address, {**form, "step": "do", "seen": [*seen, "x:1", "1"]}).content.decode()
    assert page.count("预览之后这位客户有了新的变化") == 1
    assert owners(one, two) == [consultant.pk, colleague.pk]
