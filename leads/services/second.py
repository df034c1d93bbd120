"""二次追踪: the mandatory contact after a refusal, by the owner or by somebody else (R-REJ, R-FU-5)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dealership.audit.services import record
from dealership.core.errors import DomainError
from dealership.core.services import lock, service
from dealership.notices.services import notify
from dealership.org.reach import people_in, require, team_id_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import TaskKind
from leads.models import FollowUpTask, Prospect


@service
def second_assign(*, by: Any, prospect_id: int, person: Any) -> FollowUpTask:
    """Let another seller of the store make the second contact (manager). The owner stays, the credit is the caller's.

    Until it is done that person sees this one card and may log on it. Refused without an open second follow-up.
    """
    card = lock(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.reassign", card.store_id)
    if not people_in([card.store_id], SELLING_ROLES).filter(pk=person.pk).exists():
        text = "请选择本店在职的销售顾问。"
        raise DomainError("bad_owner", text, {"person": [text]})
    task = FollowUpTask.objects.open().select_for_update().filter(prospect=card, kind=TaskKind.SECOND).first()
    if task is None:
        raise DomainError("no_second", "该客户没有待完成的二次追踪，请刷新后再试。")
    task.owner, task.team_id = person, team_id_in(person, card.store_id)
    task.save(update_fields=["owner", "team"])
    if person.pk != by.pk:
        notify(
            to=[person], kind="second_follow_up", key=f"second:{task.pk}:{person.pk}",
            text="请您为同事的一位拒绝客户做二次追踪，结果登记在客户卡上。",
            url=reverse("leads:prospect_detail", args=[card.pk]),
        )  # fmt: skip
    record(by=by, action="follow_up.second_assign", target=card, changes={"to": person.pk})
    return task
