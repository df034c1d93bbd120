"""Words of campaigns (活动)."""

from django.db.models import TextChoices


class CampaignKind(TextChoices):
    """What a store does to bring customers in."""

    SHOW = "show", "展示会/车展"
    EVENT = "event", "店头活动"
    OUTSIDE = "outside", "外拓/巡展"
    ONLINE = "online", "线上投放"
    GROUP_BUY = "group_buy", "团购"
    OTHER = "other", "其他"


class InviteAnswer(TextChoices):
    """What an invited customer said."""

    WAITING = "waiting", "待答复"
    COMING = "coming", "会来"
    DECLINED = "declined", "不来"
