"""Words of what the A card asks about the wish (domain.md §5.2)."""

from django.db.models import TextChoices


class CarUse(TextChoices):
    """What the car is wanted for (A card, §5.2)."""

    FAMILY = "family", "家用"
    COMMUTE = "commute", "上下班代步"
    BUSINESS = "business", "商务公务"
    HIRE = "hire", "营运"
    OTHER = "other", "其他"


class PaymentWish(TextChoices):
    """How the customer means to pay; what is agreed stands on the order."""

    FULL = "full", "全款"
    LOAN = "loan", "按揭"
    OPEN = "open", "还没定"
