"""Words of the evaluation model (domain.md §1.10 O1) and the nurture pool (O2). The numbers are points, 0 to 5."""

from django.db.models import IntegerChoices, TextChoices

MOST_POINTS = 5


class Urgency(IntegerChoices):
    NONE = 0, "没有需求"
    BROWSING = 1, "随便看看"
    IDEA = 2, "有换车想法"
    SOON = 3, "近期要用车"
    STRONG = 4, "急着用车"
    MUST = 5, "非买不可"


class PurchaseTime(IntegerChoices):
    YEARS = 0, "一年以后"
    YEAR = 1, "半年到一年"
    HALF_YEAR = 2, "三到六个月"
    QUARTER = 3, "一到三个月"
    MONTH = 4, "一个月内"
    WEEK = 5, "一周内"


class Cycle(IntegerChoices):
    """How far the customer has come in choosing."""

    START = 0, "刚开始了解"
    READING = 1, "网上看过"
    SEEN = 2, "到店看过车"
    DRIVEN = 3, "试驾过"
    COMPARING = 4, "最后两款比较"
    PRICE = 5, "只差谈价"


class DecisionMaker(IntegerChoices):
    """How close the person we talk to is to the decision."""

    UNKNOWN = 0, "不知道谁决定"
    ASKING = 1, "替别人打听"
    ADVISER = 2, "家人参谋"
    USER = 3, "用车人"
    SHARED = 4, "共同决定"
    DECIDES = 5, "本人决定"


class Budget(IntegerChoices):
    NONE = 0, "没有预算"
    FAR = 1, "差得多"
    SHORT = 2, "差三万左右"
    NEAR = 3, "差一万左右"
    LOAN = 4, "贷款可行"
    ENOUGH = 5, "预算充足"


# In the order of the form; the names are those of the columns and of the weights in policy.
ITEMS: dict[str, type[IntegerChoices]] = {
    "urgency": Urgency,
    "purchase_time": PurchaseTime,
    "cycle": Cycle,
    "decision_maker": DecisionMaker,
    "budget": Budget,
}
LABELS = {
    "urgency": "需求紧迫度",
    "purchase_time": "选购时间",
    "cycle": "选购周期",
    "decision_maker": "客户负责人",
    "budget": "选购预算",
}
# The five questions as they are asked.
QUESTIONS = {
    "urgency": "客户多急着用车？",
    "purchase_time": "打算什么时候买？",
    "cycle": "选车走到哪一步？",
    "decision_maker": "对话的人能不能拍板？",
    "budget": "预算够不够？",
}


class Verdict(TextChoices):
    """What the points say against the threshold; open while answers are missing that could decide it."""

    MEETS = "meets", "达标"
    BELOW = "below", "未达标"
    OPEN = "open", "待补充"


class NurtureEnd(TextChoices):
    """Why a customer left the nurture pool."""

    MET = "met", "重新评估达标"
    RETURNED = "returned", "退回顾问"
    ENDED = "ended", "客户卡已结束"
