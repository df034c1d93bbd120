"""Words and transition tables of facts and the month close (domain.md §4.8)."""

from django.db.models import TextChoices


class FillStatus(TextChoices):
    """A cell is STARTED before its facts are replaced and DONE in the transaction that replaces them."""

    STARTED = "started", "汇总中"
    DONE = "done", "已汇总"


class FactGrain(TextChoices):
    DAY = "day", "按日"
    MONTH = "month", "按月"
    NOW = "now", "时点"


class CloseState(TextChoices):
    SNAPSHOT = "snapshot", "已快照"
    CHECKING = "checking", "核对中"
    STORE_CONFIRMED = "store_confirmed", "门店已确认"
    CLOSED = "closed", "已关账"
    REOPENED = "reopened", "已重开"


CLOSE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "": (CloseState.SNAPSHOT,),
    CloseState.SNAPSHOT: (CloseState.CHECKING,),
    CloseState.CHECKING: (CloseState.STORE_CONFIRMED,),
    CloseState.STORE_CONFIRMED: (CloseState.CHECKING, CloseState.CLOSED),
    CloseState.CLOSED: (CloseState.REOPENED,),
    CloseState.REOPENED: (CloseState.STORE_CONFIRMED, CloseState.CLOSED),
}
CLOSE_TONE = {
    CloseState.SNAPSHOT: "secondary",
    CloseState.CHECKING: "yellow",
    CloseState.STORE_CONFIRMED: "azure",
    CloseState.CLOSED: "green",
    CloseState.REOPENED: "orange",
}


class CheckLevel(TextChoices):
    """A blocking check must be settled or explained before the store confirms; a warning is shown only."""

    BLOCKING = "blocking", "须处理或说明"
    WARNING = "warning", "提示"
