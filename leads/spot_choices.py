"""Words of spot checks (§1.3 F1, D7)."""

from django.db.models import TextChoices

from leads.choices import ProspectStatus


class SpotSubject(TextChoices):
    """The three tables and two cards a row is drawn from; a store's own names are the policies `register.*`."""

    VISITS = "visits", "来店（电）客户登记表"
    GRADES = "grades", "意向客户级别状况表"
    PROGRESS = "progress", "意向客户进度管控表"
    PROSPECT_CARD = "prospect_card", "意向客户管理卡"
    OWNER_CARD = "owner_card", "保有客户管理卡"


# How many rows of a register are drawn a week and person; 0 draws none.
SPOT_NUMBERS: dict[str, str] = {
    SpotSubject.VISITS: "spot_check.visits",
    SpotSubject.GRADES: "spot_check.per_person",
    SpotSubject.PROGRESS: "spot_check.progress",
    SpotSubject.PROSPECT_CARD: "spot_check.prospect_card",
    SpotSubject.OWNER_CARD: "spot_check.owner_card",
}
# What a call may not come before, in the words of the refusal.
SPOT_THINGS: dict[str, str] = {
    SpotSubject.VISITS: "这次来店（电）",
    SpotSubject.GRADES: "这条跟进",
    SpotSubject.PROGRESS: "客户在这张表上的登记",
    SpotSubject.PROSPECT_CARD: "抽查的这一周",
    SpotSubject.OWNER_CARD: "交车或回访登记",
}
# Moves that take a card out of the open ones of the progress table.
SPOT_MOVES = (ProspectStatus.ORDERED, ProspectStatus.LOST, ProspectStatus.DORMANT)


class SpotResult(TextChoices):
    """What the customer said about the row."""

    TRUE = "true", "属实"
    PARTLY = "partly", "部分属实"
    FALSE = "false", "不实"
    UNREACHED = "unreached", "未联系上"
