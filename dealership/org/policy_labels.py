"""Chinese names of the policy keys, for the settings pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from dealership.org.choices import Role

LABELS = {
    "grade.N": _("N 级跟进规则（天）"),
    "grade.H": _("H 级跟进规则（天）"),
    "grade.A": _("A 级跟进规则（天）"),
    "grade.B": _("B 级跟进规则（天）"),
    "grade.C": _("C 级跟进规则（天）"),
    "grade.O": _("O 级跟进规则（天）"),
    "follow_up.min_length": _("跟进内容最少字数"),
    "follow_up.repeat_window": _("与最近几次跟进比较是否重复"),
    "follow_up.no_answer_resets": _("未接通可连续顺延次数"),
    "follow_up.second_days": _("拒绝后二次跟进期限（天）"),
    "follow_up.regrade_after_days": _("级别多少天未变提示重新判级"),
    "follow_up.thanks_hours": _("离店后致谢时限（小时）"),
    "follow_up.first_call_hours": _("首次到店离店后首次回访时限（小时）"),
    "follow_up.default_time": _("默认跟进时间"),
    "follow_up.regrade_reason_levels": _("级别变动几级须说明原因"),
    "loss.decide_hours": _("战败、休眠申请审批时限（小时）"),
    "loss.sample_share": _("战败确认回访抽查比例"),
    "loss.call_attempts": _("战败回访未接通几次后可审批"),
    "loss.unreachable": _("“联系不上”须满足的未接通次数与天数"),
    "loss.after_cancel_days": _("退订后几天内可直接申请战败"),
    "campaign.effect_days": _("活动结束后几天内的订单计入活动"),
    "dormancy.max_days": _("休眠最长天数"),
    "out_of_control.failed_contacts": _("连续未接通几次转失控"),
    "owner.protect_days": _("客户归属保护期（天）"),
    "evaluation.weights": _("意向评估权重"),
    "evaluation.threshold": _("意向评估达标线（满分100）"),
    "test_drive.opens_at": _("试驾最早开始时间"),
    "test_drive.closes_at": _("试驾最晚结束时间"),
    "test_drive.slot_minutes": _("试驾时段长度（分钟）"),
    "test_drive.max_minutes": _("单次试驾最长（分钟）"),
    "test_drive.grace_minutes": _("试驾超时几分钟后提醒"),
    "test_drive.ahead_days": _("试驾最多提前几天预约"),
    "test_drive.max_km": _("单次试驾里程上限（公里）"),
    "showroom.hours": _("展厅营业时间"),
    "lead.first_response_minutes": _("线索首次响应时限（营业分钟）"),
    "lead.recycle_factor": _("超过几倍时限回收到公共池"),
    "lead.default_weights": _("线索自动分配默认权重"),
    "lead.open_cap": _("每人未处理线索上限"),
    "lead.no_answer_attempts": _("判“多次无人接听”至少拨打次数"),
    "lead.no_answer_days": _("判“多次无人接听”至少跨几天"),
    "lead.pick_daily": _("公共池每人每日领取上限"),
    "lead.cool_off_days": _("回收后原顾问不得领回的天数"),
    "handover.per_day": _("交接后每人每天新增跟进上限"),
    "handover.undo_hours": _("交接可撤回小时数"),
    "report.daily_due": _("日报提交截止"),
    "report.evening_due": _("晚报提交截止"),
    "report.comment_due": _("次日点评截止"),
    "report.missed_after_hours": _("超过几小时算缺交"),
    "report.late_shift_hours": _("晚班日报顺延（小时）"),
    "report.opens_at": _("日报开放时间"),
    "discount.level_1_extra": _("展厅经理加让额度（元）"),
    "discount.level_2_extra": _("销售经理加让额度（元）"),
    "discount.level_1_accessory": _("展厅经理精品折扣下限"),
    "discount.level_2_accessory": _("销售经理精品折扣下限"),
    "discount.approval_valid_days": _("优惠审批有效天数"),
    "approval.deadline": _("审批当日截止"),
    "deposit.earnest_share": _("定金占车价上限"),
    "refund.sales_manager_limit": _("销售经理退款审批限额（元）"),
    "lock.hours": _("锁车时长（小时）"),
    "allocation.unpaid_days": _("配车后未付款自动释放（天）"),
    "target.day_weights": _("目标日权重"),
    "stock.age_bands": _("库龄分段（天）"),
    "care.schedule": _("交车后回访计划"),
    "quality.limits": _("跟进质量判定"),
    "quality.weights": _("跟进质量扣分"),
    "spot_check.per_person": _("每人每周抽查：级别状况表（跟进条数）"),
    "spot_check.visits": _("每人每周抽查：来店(电)登记条数"),
    "spot_check.progress": _("每人每周抽查：进度管控表客户数"),
    "spot_check.prospect_card": _("每人每周抽查：意向客户卡张数"),
    "spot_check.owner_card": _("每人每周抽查：保有客户卡张数"),
    "register.visits": _("登记表名称"),
    "register.grades": _("级别状况表名称"),
    "register.progress": _("进度管控表名称"),
    "register.activity": _("营业日报表名称"),
    "register.prospect_card": _("意向客户卡名称"),
    "register.owner_card": _("保有客户卡名称"),
    "register.source_letters": _("来源在级别表上的代号"),
    "kpi.retail_basis": _("零售口径"),
    "kpi.min_prospects": _("人均意向客户低于多少时提醒"),
    "tax.vat_rate": _("增值税率"),
    "tax.purchase": _("车辆购置税"),
    "tax.margin_surcharge": _("附加税率"),
    "receivable.overdue_days": _("应收逾期天数"),
    "month.confirm_day": _("月结门店确认日"),
    "price.drop_flag": _("报价低于上次多少须标记（元）"),
    "deposit.default": _("默认定金（元）"),
    "job.result_days": _("结果文件保留天数"),
    "import.max_rows": _("导入文件最多行数"),
    "import.undo_hours": _("导入后可撤销的小时数"),
    "import.keep_days": _("导入明细保留天数"),
    "month.close_day": _("月结关账日"),
}


# Headings of the overview, in its order; a policy stands under the first prefix its key begins with.
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("级别与跟进"), ("grade.", "follow_up.", "out_of_control.", "evaluation.", "showroom.")),
    (_("战败、休眠与归属"), ("loss.", "dormancy.", "owner.", "handover.")),
    (_("线索与活动"), ("lead.", "campaign.", "import.")),
    (_("试乘试驾"), ("test_drive.",)),
    (_("日报与质量"), ("report.", "quality.", "spot_check.")),
    (_("价格与审批"), ("discount.", "approval.", "price.", "refund.")),
    (_("定金、配车与库存"), ("deposit.", "lock.", "allocation.", "stock.", "receivable.")),
    (_("目标与指标"), ("target.", "kpi.", "tax.")),
    (_("交车后关怀"), ("care.",)),
    (_("表卡名称"), ("register.",)),
    (_("月结与系统"), ("",)),
)
# Shares of one, shown in per cent.
SHARES = frozenset({
    "loss.sample_share", "deposit.earnest_share", "discount.level_1_accessory", "discount.level_2_accessory",
    "tax.vat_rate", "tax.margin_surcharge", "tax.purchase.rate", "tax.purchase.nev_share",
})  # fmt: skip
SHARE_HELP = _("填小数，例如 0.20 表示 20%")
# Parts of policies that are tables: the name of a field or column.
PARTS = {
    "interval": _("跟进间隔（天）"),
    "first": _("首次跟进（几天内）"),
    "out_of_control": _("失控（几天未跟进）"),
    "horizon": _("预计购车时间"),
    "H": _("H 级"),
    "A": _("A 级"),
    "B": _("B 级"),
    "C": _("C 级"),
    "N": _("N 级"),
    "lost": _("战败客户"),
    "urgency": _("需求紧迫度"),
    "purchase_time": _("选购时间"),
    "cycle": _("选购周期"),
    "decision_maker": _("客户负责人"),
    "budget": _("选购预算"),
    "rate": _("税率"),
    "nev_share": _("新能源减征比例"),
    "nev_cap": _("新能源每辆最多减征（元）"),
    "weekday": _("周一至周四"),
    "friday": _("周五"),
    "saturday": _("周六"),
    "sunday": _("周日"),
    "makeup": _("调休上班日"),
    "golden": _("劳动节、国庆假期"),
    "festival": _("其他法定假日"),
    "closed": _("春节及门店休息日"),
    "month_end_factor": _("月末冲量系数"),
    "month_end_days": _("月末冲量天数"),
    "kind": _("回访类型"),
    "days": _("交车后几天"),
    "full": _("全款（天）"),
    "loan": _("按揭（天）"),
    "value": _("取值"),
    "open": _("开门"),
    "close": _("打烊"),
    "attempts": _("未接通次数"),
    "loss.unreachable.days": _("分布天数"),
    "copies": _("雷同几条起算"),
    "shortest": _("最少字数"),
    "burst": _("突击几条起算"),
    "burst_minutes": _("突击时长（分钟）"),
    "burst_from": _("几点后算收工前"),
    "no_answers": _("连续未接通几次"),
    "stuck": _("级别不变几次"),
    "copied": _("内容雷同扣分"),
    "short": _("内容过短扣分"),
    "quality.weights.burst": _("收工前突击扣分"),
    "no_answer": _("连续未接通扣分"),
    "quality.weights.stuck": _("级别不变扣分"),
    "referral": _("转介绍"),
    "base": _("基盘客户"),
    "insider": _("内部介绍"),
    "staff": _("员工购车"),
    "autoshow": _("车展"),
    "*": _("其他来源"),
}
# Policies, or columns of policies, that are one of a few words.
CHOICES = {
    "kpi.retail_basis": (("handover", _("按交车日")), ("invoice", _("按开票日"))),
    "care.schedule.kind": (("d7", _("7日回访")), ("d30", _("30日关怀")), ("d90", _("3个月首保提醒"))),
}
ASCENDING = frozenset({"stock.age_bands"})
# Tables of shares: at least one counts. Single numbers with an end.
WEIGHED = frozenset({"evaluation.weights"})
AT_MOST = {"evaluation.threshold": 100}
MOST_ROWS = 12
# The largest whole number a policy may hold: days, minutes, rows.
LARGEST = 1_000_000


def part_label(name: str, key: str = "") -> str:
    """The name of a part of a table, of this policy's own when it has one; one without a name shows itself."""
    roles: dict[str, Any] = {role.value: role.label for role in Role}
    return str(PARTS.get(f"{key}.{name}") or PARTS.get(name) or roles.get(name, name))


def shown(key: str, value: Any, name: str = "") -> str:
    """A policy value as a sentence: `跟进间隔（天）2 · 首次跟进（几天内）1`, `30 / 60 / 90`."""
    if isinstance(value, dict):
        return " · ".join(f"{part_label(part, key)} {shown(key, inner, part)}" for part, inner in value.items())
    if isinstance(value, list):
        return " / ".join(shown(key, item) for item in value)
    full = f"{key}.{name}" if name else key
    if full in SHARES:
        return f"{(Decimal(value) * 100).normalize():f}%"
    choices = dict(CHOICES.get(full, ()))
    return str(choices.get(value, value))


def group_of(key: str) -> Any:
    """The heading a policy stands under."""
    return next(title for title, prefixes in GROUPS if key.startswith(prefixes))


def label_of(key: str) -> str:
    """The name on the screen; a key without one shows itself."""
    return str(LABELS.get(key, key))
