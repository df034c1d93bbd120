"""Words and transition tables of stock, deals and money (domain.md §4.3–§4.5)."""

from django.db.models import TextChoices


class VehicleStatus(TextChoices):
    ON_ORDER = "on_order", "已订厂"
    IN_TRANSIT = "in_transit", "在途"
    IN_STOCK = "in_stock", "在库"
    LOCKED = "locked", "锁库"
    ALLOCATED = "allocated", "已配车"
    INVOICED = "invoiced", "已开票"
    DELIVERED = "delivered", "已出库"
    DAMAGED = "damaged", "质损"


# Units that stand in the store (在库台数, §3.6).
STOCK_STATUSES = (
    VehicleStatus.IN_STOCK,
    VehicleStatus.LOCKED,
    VehicleStatus.ALLOCATED,
    VehicleStatus.INVOICED,
    VehicleStatus.DAMAGED,
)
VEHICLE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    VehicleStatus.ON_ORDER: (VehicleStatus.IN_TRANSIT, VehicleStatus.IN_STOCK),
    VehicleStatus.IN_TRANSIT: (VehicleStatus.IN_STOCK,),
    VehicleStatus.IN_STOCK: (VehicleStatus.LOCKED, VehicleStatus.ALLOCATED, VehicleStatus.DAMAGED),
    VehicleStatus.LOCKED: (VehicleStatus.IN_STOCK, VehicleStatus.ALLOCATED),
    VehicleStatus.ALLOCATED: (VehicleStatus.IN_STOCK, VehicleStatus.INVOICED),
    VehicleStatus.INVOICED: (VehicleStatus.DELIVERED, VehicleStatus.ALLOCATED),
    VehicleStatus.DAMAGED: (VehicleStatus.IN_STOCK,),
    VehicleStatus.DELIVERED: (),
}


class VehicleUsage(TextChoices):
    STOCK = "stock", "商品车"
    DISPLAY = "display", "展车"
    DEMO = "demo", "试驾车"
    PRE_REGISTERED = "pre_registered", "提前上牌"


class CertificateStatus(TextChoices):
    """Where the factory certificate (合格证) is."""

    AT_FACTORY = "at_factory", "在厂"
    IN_TRANSIT = "in_transit", "在途"
    PLEDGED = "pledged", "质押银行"
    REDEEMED = "redeemed", "已赎"
    IN_STORE = "in_store", "在店"


class DealStatus(TextChoices):
    DRAFT = "draft", "草稿"
    PRICE_APPROVAL = "price_approval", "特价审批"
    PENDING_DEPOSIT = "pending_deposit", "待收定金/订金"
    ORDERED = "ordered", "已订"
    ALLOCATED = "allocated", "已配车"
    PAID = "paid", "款清"
    INVOICED = "invoiced", "已开票"
    READY = "ready", "待交车"
    DELIVERED = "delivered", "已交车"
    CLOSED = "closed", "归档"
    CANCEL_PENDING = "cancel_pending", "退订审批"
    CANCELLED = "cancelled", "已退订"
    VOID = "void", "作废"


ENDED_DEALS = (DealStatus.CANCELLED, DealStatus.VOID)
# Ordered and not yet handed over: 未交订单.
OPEN_ORDERS = (
    DealStatus.ORDERED,
    DealStatus.ALLOCATED,
    DealStatus.PAID,
    DealStatus.INVOICED,
    DealStatus.READY,
    DealStatus.CANCEL_PENDING,
)
DEAL_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "": (DealStatus.DRAFT,),
    DealStatus.DRAFT: (DealStatus.PENDING_DEPOSIT, DealStatus.PRICE_APPROVAL, DealStatus.VOID),
    DealStatus.PRICE_APPROVAL: (DealStatus.PENDING_DEPOSIT, DealStatus.DRAFT, DealStatus.VOID),
    DealStatus.PENDING_DEPOSIT: (DealStatus.ORDERED, DealStatus.DRAFT, DealStatus.VOID),
    DealStatus.ORDERED: (DealStatus.ALLOCATED, DealStatus.CANCEL_PENDING),
    DealStatus.ALLOCATED: (DealStatus.ORDERED, DealStatus.PAID, DealStatus.CANCEL_PENDING),
    DealStatus.PAID: (DealStatus.INVOICED, DealStatus.ALLOCATED, DealStatus.CANCEL_PENDING),
    # Back to paid only by a red-letter invoice.
    DealStatus.INVOICED: (DealStatus.READY, DealStatus.PAID),
    DealStatus.READY: (DealStatus.DELIVERED, DealStatus.PAID),
    DealStatus.DELIVERED: (DealStatus.CLOSED,),
    DealStatus.CANCEL_PENDING: (
        DealStatus.CANCELLED,
        DealStatus.ORDERED,
        DealStatus.ALLOCATED,
        DealStatus.PAID,
    ),
    DealStatus.CLOSED: (),
    DealStatus.CANCELLED: (),
    DealStatus.VOID: (),
}


class DepositKind(TextChoices):
    """The legal word matters and is printed (R-PAY)."""

    EARNEST = "earnest", "定金"
    PREPAYMENT = "prepayment", "订金"


_STATUS_LABELS: dict[str, str] = dict(DealStatus.choices)
_AWAITED = {kind: f"待收{label}" for kind, label in DepositKind.choices}


def status_label(status: str, deposit_kind: str) -> str:
    """A deal's state in words: where a deposit is awaited, with the word the deal chose."""
    label = _STATUS_LABELS.get(status, status)
    return _AWAITED.get(deposit_kind, label) if status == DealStatus.PENDING_DEPOSIT else label


class PaymentMode(TextChoices):
    FULL = "full", "全款"
    LOAN = "loan", "按揭"


class LineKind(TextChoices):
    ACCESSORY = "accessory", "精品"
    INSURANCE = "insurance", "保险"
    REGISTRATION = "registration", "上牌"
    FINANCE = "finance", "金融服务"
    WARRANTY = "warranty", "延保"
    GIFT = "gift", "赠品"
    TAX = "tax", "代收购置税"


# Money collected for others is never revenue (R-PAY).
PASS_THROUGH_LINES = (LineKind.INSURANCE, LineKind.TAX)


class PaymentPurpose(TextChoices):
    DEPOSIT = "deposit", "定金/订金"
    DOWN_PAYMENT = "down_payment", "首付"
    BALANCE = "balance", "尾款"
    LOAN = "loan", "贷款放款"
    TAX = "tax", "代收购置税"
    INSURANCE = "insurance", "代收保费"
    REGISTRATION = "registration", "上牌费"
    ACCESSORY = "accessory", "精品款"
    TRADE_IN = "trade_in", "置换抵款"
    REFUND = "refund", "退款"


PASS_THROUGH_PURPOSES = (PaymentPurpose.TAX, PaymentPurpose.INSURANCE, PaymentPurpose.REGISTRATION)


class PaymentMethod(TextChoices):
    CASH = "cash", "现金"
    POS = "pos", "刷卡"
    TRANSFER = "transfer", "转账"
    WECHAT = "wechat", "微信"
    ALIPAY = "alipay", "支付宝"
    BANK_LOAN = "bank_loan", "银行放款"


class PaymentStatus(TextChoices):
    PENDING = "pending", "待到账"
    CLEARED = "cleared", "已到账"
    REJECTED = "rejected", "未到账"
    WITHDRAWN = "withdrawn", "已撤回"


# Entries that never became money.
DEAD_PAYMENTS = (PaymentStatus.REJECTED, PaymentStatus.WITHDRAWN)


class DayCloseState(TextChoices):
    """A count waits for the accountant, is confirmed or given back; a newer count replaces one that waited."""

    SUBMITTED = "submitted", "待确认"
    CONFIRMED = "confirmed", "已确认"
    RETURNED = "returned", "已退回"
    REPLACED = "replaced", "已重报"


class RefundStatus(TextChoices):
    REQUESTED = "requested", "待审批"
    APPROVED = "approved", "待退款"
    PAID = "paid", "已退款"
    REJECTED = "rejected", "未批准"


class CancelReason(TextChoices):
    LOAN_REFUSED = "loan_refused", "贷款未批"
    CAR_DELAYED = "car_delayed", "车源延误"
    BOUGHT_OTHER = "bought_other", "改买他牌"
    FAMILY = "family", "家庭变故"
    POLICY = "policy", "政策变化"
    PRICE = "price", "价格变动"
    OTHER = "other", "其他"


class DocumentKind(TextChoices):
    """Papers handed over with the car (R-DOC)."""

    CERTIFICATE = "certificate", "合格证"
    CONSISTENCY = "consistency", "一致性证书"
    MANUAL = "manual", "中文说明书"
    SERVICE_BOOK = "service_book", "保修保养手册"
    WARRANTY = "warranty", "三包凭证"
    INVOICE = "invoice", "购车发票"
    POLICY = "policy", "保险单"
    KEYS = "keys", "车钥匙"
    PDI = "pdi", "PDI检测单"
    TEMP_PLATE = "temp_plate", "临时牌照"


class DocumentState(TextChoices):
    MISSING = "missing", "未到"
    IN_STORE = "in_store", "在店"
    HANDED = "handed", "已交"
    NOT_APPLICABLE = "na", "不适用"


class TargetKind(TextChoices):
    ORDERS = "orders", "订单"
    DELIVERIES = "deliveries", "交车"
    SALES_AMOUNT = "sales_amount", "销售额"
    RECEIPTS = "receipts", "回款"
    NEW_CARDS = "new_cards", "建卡"


MONEY_TARGETS = (TargetKind.SALES_AMOUNT, TargetKind.RECEIPTS)
