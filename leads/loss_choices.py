"""Words of losses, dormancy and call-backs (domain.md §4.2, §6.2)."""

from django.db.models import TextChoices


class LossKind(TextChoices):
    LOSS = "loss", "战败"
    DORMANCY = "dormancy", "休眠"


class LossState(TextChoices):
    PENDING = "pending", "待审批"
    AGREED = "agreed", "已同意"
    REJECTED = "rejected", "已驳回"
    REASSIGNED = "reassigned", "已转其他顾问"
    WITHDRAWN = "withdrawn", "已撤回"


class LossDecision(TextChoices):
    """The three outcomes of an application (§4.2)."""

    AGREE = "agree", "同意"
    REJECT = "reject", "驳回，继续跟进"
    REASSIGN = "reassign", "转给其他顾问"


class LossReason(TextChoices):
    """Why a customer was not won (domain.md §6.2, §1.10 O10)."""

    PRICE = "price", "价格"
    COMPETITOR = "competitor", "买竞品"
    PRODUCT = "product", "产品不符"
    SUPPLY = "supply", "车源/交期"
    SAME_BRAND = "same_brand", "同品牌他店"
    FUNDS = "funds", "贷款/资金"
    QUOTA = "quota", "指标/摇号"
    NOT_BUYING = "not_buying", "暂不买"
    ATTITUDE = "attitude", "服务态度（态度生硬）"
    UNREACHABLE = "unreachable", "联系不上"


# Bought elsewhere: what, at which price and where must be told.
BOUGHT_REASONS = (LossReason.COMPETITOR, LossReason.SAME_BRAND)
# Reasons only the seller can vouch for (subjective_loss_share).
SUBJECTIVE_REASONS = (LossReason.NOT_BUYING, LossReason.UNREACHABLE)


class CallBackResult(TextChoices):
    """What a customer told somebody else than the seller (战败确认回访)."""

    CONFIRMED = "confirmed", "属实"
    DIFFERENT = "different", "与申请不符"
    INTERESTED = "interested", "仍有购车意向"
    NO_ANSWER = "no_answer", "未接通"
    WRONG_NUMBER = "wrong_number", "空号错号"
    DECLINED = "declined", "拒访"
