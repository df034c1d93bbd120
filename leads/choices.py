"""Words and transition tables of customers (domain.md §2.2, §4.2)."""

import datetime as dt

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# What a list takes for the next step of cards that have none (lost, delivered): they come last.
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
# Minutes of the longest contact that is believed (a day at an event).
LONGEST_CONTACT = 600


class Gender(TextChoices):
    MALE = "male", "先生"
    FEMALE = "female", "女士"
    UNKNOWN = "", "未知"


class CustomerKind(TextChoices):
    PERSON = "person", "个人"
    COMPANY = "company", "单位"


class VisitChannel(TextChoices):
    WALK_IN = "walk_in", "来店"
    PHONE_IN = "phone_in", "来电"


class VisitPurpose(TextChoices):
    PURCHASE = "purchase", "看车购车"
    PAPERWORK = "paperwork", "办手续"
    DELIVERY = "delivery", "提车"
    CANCEL = "cancel", "退订"
    SERVICE = "service", "保养维修"
    OTHER = "other", "其他"


class VisitType(TextChoices):
    """Decided by the system (§3.1)."""

    FIRST_CAPTURED = "first_captured", "首次到店并留档"
    FIRST_CARDED = "first_carded", "已建卡首次到店"
    FIRST_UNCAPTURED = "first_uncaptured", "看车未留档"
    REPEAT = "repeat", "再次到店"
    NON_INTENT = "non_intent", "非意向客流"
    INCOMPLETE = "incomplete", "未完善"


FIRST_VISIT_TYPES = (VisitType.FIRST_CAPTURED, VisitType.FIRST_CARDED, VisitType.FIRST_UNCAPTURED)


class Grade(TextChoices):
    """Intention grade; the days behind a letter are policy (R-GRADE), not part of its name."""

    H = "H", "H级"
    A = "A", "A级"
    B = "B", "B级"
    C = "C", "C级"
    N = "N", "N级 新客户"
    O = "O", "O级 已订未交"  # noqa: E741  the trade's letter
    D = "D", "D级 已交车"
    T = "T", "T级 退订"


# Grades a person may choose, best first; O, D and T come from the deal.
OPEN_GRADES = (Grade.H, Grade.A, Grade.B, Grade.C, Grade.N)
OPEN_GRADE_CHOICES = [(grade.value, grade.label) for grade in OPEN_GRADES]
GRADE_RANK = {Grade.H: 4, Grade.A: 3, Grade.B: 2, Grade.C: 1, Grade.N: 0}
GRADE_TONE = {
    "H": "red",
    "A": "orange",
    "B": "yellow",
    "C": "azure",
    "N": "secondary",
    "O": "green",
    "D": "teal",
    "T": "dark",
}


class ProspectStatus(TextChoices):
    ACTIVE = "active", "跟进中"
    ORDERED = "ordered", "已订未交"
    DELIVERED = "delivered", "已交车"
    LOSS_PENDING = "loss_pending", "战败申请中"
    LOST = "lost", "战败"
    DORMANT_PENDING = "dormant_pending", "休眠申请中"
    DORMANT = "dormant", "休眠"
    OUT_OF_CONTROL = "out_of_control", "失控"


# "Open" in the month identity: still worked on, neither ordered nor ended.
OPEN_STATUSES = (
    ProspectStatus.ACTIVE,
    ProspectStatus.LOSS_PENDING,
    ProspectStatus.DORMANT_PENDING,
    ProspectStatus.OUT_OF_CONTROL,
)
# One live card per customer: open ones and an order that is not delivered yet.
LIVE_STATUSES = (*OPEN_STATUSES, ProspectStatus.ORDERED)

# What a person has to hand over before leaving: a resting card wakes again and needs somebody then.
HELD_STATUSES = (*LIVE_STATUSES, ProspectStatus.DORMANT)

PROSPECT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "": (ProspectStatus.ACTIVE,),
    ProspectStatus.ACTIVE: (
        ProspectStatus.ORDERED,
        ProspectStatus.LOSS_PENDING,
        ProspectStatus.DORMANT_PENDING,
        ProspectStatus.OUT_OF_CONTROL,
    ),
    ProspectStatus.ORDERED: (ProspectStatus.DELIVERED, ProspectStatus.ACTIVE, ProspectStatus.LOSS_PENDING),
    ProspectStatus.LOSS_PENDING: (ProspectStatus.LOST, ProspectStatus.ACTIVE),
    ProspectStatus.DORMANT_PENDING: (ProspectStatus.DORMANT, ProspectStatus.ACTIVE),
    ProspectStatus.DORMANT: (ProspectStatus.ACTIVE,),
    # A forgotten card is given up like any other: asked by one person, agreed by another.
    ProspectStatus.OUT_OF_CONTROL: (ProspectStatus.ACTIVE, ProspectStatus.LOSS_PENDING, ProspectStatus.ORDERED),
    ProspectStatus.LOST: (),
    ProspectStatus.DELIVERED: (),
}


# Waiting for somebody's answer: contacts are noted, but nothing becomes due.
PENDING_STATUSES = (ProspectStatus.LOSS_PENDING, ProspectStatus.DORMANT_PENDING)


class CardChannel(TextChoices):
    SHOWROOM = "showroom", "展厅建卡"
    DCC = "dcc", "DCC建卡"
    OTHER = "other", "其他建卡"


class LeadState(TextChoices):
    """A raw lead on its way to a card (§4.1)."""

    NEW = "new", "待分配"
    ASSIGNED = "assigned", "待处理"
    CARDED = "carded", "已建卡"
    INVALID = "invalid", "非意向"
    MERGED = "merged", "已有档案"
    RECYCLED = "recycled", "已回收"
    TRANSFER_PENDING = "transfer_pending", "转移申请中"


# In the public pool: nobody's, may be picked. Held: somebody works on it. Open: not processed yet.
POOL_STATES = (LeadState.NEW, LeadState.RECYCLED)
HELD_STATES = (LeadState.ASSIGNED, LeadState.TRANSFER_PENDING)
OPEN_LEAD_STATES = (*POOL_STATES, *HELD_STATES)


class LeadEvent(TextChoices):
    """What happens to a lead; the first two open it or leave it where it is."""

    TAKE_IN = "take_in", "收到线索"
    REPEAT = "repeat", "再次留资"
    ASSIGN = "assign", "分配"
    PICK = "pick", "领取"
    CARD = "card", "建卡"
    INVALIDATE = "invalidate", "判为非意向"
    MERGE = "merge", "并入已有档案"
    RECYCLE = "recycle", "回收"
    ASK_TRANSFER = "ask_transfer", "申请转移"
    APPROVE_TRANSFER = "approve_transfer", "同意转移"
    REJECT_TRANSFER = "reject_transfer", "拒绝转移"


# event → state before → state after. What is not here is refused.
LEAD_TRANSITIONS: dict[str, dict[str, str]] = {
    LeadEvent.TAKE_IN: {"": LeadState.NEW},
    LeadEvent.ASSIGN: dict.fromkeys((*POOL_STATES, LeadState.ASSIGNED), LeadState.ASSIGNED),
    LeadEvent.PICK: dict.fromkeys(POOL_STATES, LeadState.ASSIGNED),
    LeadEvent.CARD: {LeadState.ASSIGNED: LeadState.CARDED},
    LeadEvent.INVALIDATE: {LeadState.ASSIGNED: LeadState.INVALID},
    LeadEvent.MERGE: {"": LeadState.MERGED, LeadState.ASSIGNED: LeadState.MERGED},
    LeadEvent.RECYCLE: {LeadState.ASSIGNED: LeadState.RECYCLED},
    LeadEvent.ASK_TRANSFER: {LeadState.ASSIGNED: LeadState.TRANSFER_PENDING},
    LeadEvent.APPROVE_TRANSFER: {LeadState.TRANSFER_PENDING: LeadState.ASSIGNED},
    LeadEvent.REJECT_TRANSFER: {LeadState.TRANSFER_PENDING: LeadState.ASSIGNED},
}


class LeadInvalidReason(TextChoices):
    """Why a lead is not one (非意向)."""

    WRONG_NUMBER = "wrong_number", "空错号"
    NO_ANSWER = "no_answer", "多次无人接听"
    NO_INTENT = "no_intent", "无购车意向"
    BOUGHT_OURS = "bought_ours", "已购本品"
    BOUGHT_OTHER = "bought_other", "已购竞品"
    OTHER_PROVINCE = "other_province", "省外"
    OTHER_CITY = "other_city", "本省其他地区"
    OTHER = "other", "其他"


class AttemptOutcome(TextChoices):
    """How trying to reach a lead ended."""

    REACHED = "reached", "打通了"
    NO_ANSWER = "no_answer", "未接通"
    WRONG_NUMBER = "wrong_number", "空错号"
    REFUSED = "refused", "无意向"


class AssignedHow(TextChoices):
    """How a lead came to its owner."""

    AUTO = "auto", "自动分配"
    MANUAL = "manual", "经理分配"
    PICK = "pick", "公共池领取"
    OWN = "own", "自己录入"
    TRANSFER = "transfer", "转移"


class PurchaseKind(TextChoices):
    FIRST = "first", "首购"
    REPLACE = "replace", "换购"
    ADDITIONAL = "additional", "增购"


class QuotaStatus(TextChoices):
    """Licence quota of lottery cities."""

    HAVE = "have", "有指标"
    LOTTERY = "lottery", "摇号中"
    NOT_NEEDED = "not_needed", "无需"


class ContactChannel(TextChoices):
    PHONE = "phone", "电话"
    WECHAT = "wechat", "微信"
    IN_STORE = "in_store", "到店面谈"
    OUTSIDE = "outside", "上门/外拓"
    SMS = "sms", "短信"


class FollowUpOutcome(TextChoices):
    REACHED = "reached", "已联系"
    APPOINTMENT = "appointment", "约定到店"
    NO_ANSWER = "no_answer", "未接通"
    THINKING = "thinking", "考虑中"
    REFUSED = "refused", "拒绝"
    NOT_NOW = "not_now", "暂不买"
    BOUGHT_ELSEWHERE = "bought_elsewhere", "已购他牌"


REJECTIONS = (FollowUpOutcome.REFUSED, FollowUpOutcome.NOT_NOW, FollowUpOutcome.BOUGHT_ELSEWHERE)


class TaskKind(TextChoices):
    FIRST = "first", "首次回访"
    REGULAR = "regular", "跟进"
    SECOND = "second", "二次追踪"
    THANKS = "thanks", "到店致谢"


class DriveKind(TextChoices):
    """A customer without a licence may ride along; only a drive counts as a valid test drive."""

    DRIVE = "drive", "试驾"
    RIDE = "ride", "试乘"


class DriveStatus(TextChoices):
    BOOKED = "booked", "已预约"
    OUT = "out", "试驾中"
    FINISHED = "finished", "已完成"
    CANCELLED = "cancelled", "已取消"
    NO_SHOW = "no_show", "未赴约"


# States that hold their car: in these no two drives of one car overlap (exclusion constraint).
HOLDING_DRIVES = (DriveStatus.BOOKED, DriveStatus.OUT)
DRIVE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "": (DriveStatus.BOOKED,),
    DriveStatus.BOOKED: (DriveStatus.OUT, DriveStatus.CANCELLED, DriveStatus.NO_SHOW),
    DriveStatus.OUT: (DriveStatus.FINISHED,),
    DriveStatus.FINISHED: (),
    DriveStatus.CANCELLED: (),
    DriveStatus.NO_SHOW: (),
}
DRIVE_TONE = {"booked": "azure", "out": "orange", "finished": "green", "cancelled": "secondary", "no_show": "red"}


class LicenceClass(TextChoices):
    """Classes that allow a passenger car of the showroom."""

    C1 = "C1", "C1"
    C2 = "C2", "C2（自动挡）"
    B1 = "B1", "B1"
    B2 = "B2", "B2"
    A1 = "A1", "A1"
    A2 = "A2", "A2"
    A3 = "A3", "A3"
    C5 = "C5", "C5（残疾人专用）"


class AgreementKind(TextChoices):
    DRAWN = "drawn", "屏幕签名"
    PAPER = "paper", "已签纸质协议"


class DriveAspect(TextChoices):
    """What the customer gives one to five stars for."""

    POWER = "power", "动力"
    HANDLING = "handling", "操控"
    COMFORT = "comfort", "舒适"
    SPACE = "space", "空间"
    QUIET = "quiet", "静音"
    SERVICE = "service", "讲解服务"


# The wording of the agreement that was signed; raised when its clauses change.
AGREEMENT_VERSION = "2026-11"


class CareKind(TextChoices):
    D7 = "d7", "7日回访"
    D30 = "d30", "30日关怀"
    D90 = "d90", "3个月首保提醒"


class CareResult(TextChoices):
    SATISFIED = "satisfied", "满意"
    NEUTRAL = "neutral", "一般"
    UNSATISFIED = "unsatisfied", "不满意"
    NO_ANSWER = "no_answer", "未接"
    WRONG_NUMBER = "wrong_number", "空号"
    DECLINED = "declined", "拒访"


class LookupState(TextChoices):
    """What a phone number typed at the door turns out to be (R-OWN)."""

    NEW = "new", "新客户"
    MINE = "mine", "我的客户"
    OTHERS = "others", "同事的客户"
    ELSEWHERE = "elsewhere", "集团其他门店已有档案"


class ClaimWish(TextChoices):
    """What somebody who serves a colleague's customer asks for (R-OWN)."""

    TAKE = "take", "接手"
    SHARE = "share", "分成（各 50%）"


class QualityIssue(TextChoices):
    """What in a month's follow-ups looks written rather than done (product.md §5.11)."""

    COPIED = "copied", "内容雷同"
    SHORT = "short", "内容过短"
    BURST = "burst", "收工前突击"
    NO_ANSWER = "no_answer", "一直未接通"
    STUCK = "stuck", "级别长期不变"


class ImportKind(TextChoices):
    LEADS = "leads", _("线索")
    CUSTOMERS = "customers", _("意向客户")


class ImportState(TextChoices):
    """An import on its way: nothing is written before it is confirmed (I01)."""

    UPLOADED = "uploaded", _("检查中")
    CHECKED = "checked", _("待确认")
    CONFIRMED = "confirmed", _("已导入")
    UNDONE = "undone", _("已撤销")
    FAILED = "failed", _("未导入")


# A file in one of these states is not taken a second time (I02).
HELD_IMPORTS = (ImportState.UPLOADED, ImportState.CHECKED, ImportState.CONFIRMED)
IMPORT_TONE = {"uploaded": "azure", "checked": "orange", "confirmed": "green", "undone": "secondary", "failed": "red"}


class RowVerdict(TextChoices):
    GOOD = "good", _("可导入")
    DUPLICATE = "duplicate", _("重复")
    BAD = "bad", _("有错误")
