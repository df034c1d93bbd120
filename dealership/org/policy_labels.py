"""Chinese names of the policy keys, for the settings pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

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
    "follow_up.default_time": _("默认跟进时间"),
    "follow_up.regrade_reason_levels": _("级别变动几级须说明原因"),
    "owner.protect_days": _("客户归属保护期（天）"),
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
    "target.day_weights": _("目标日权重"),
    "stock.age_bands": _("库龄分段（天）"),
    "care.schedule": _("交车后回访计划"),
    "kpi.retail_basis": _("零售口径"),
    "tax.vat_rate": _("增值税率"),
    "tax.margin_surcharge": _("附加税率"),
    "receivable.overdue_days": _("应收逾期天数"),
    "month.confirm_day": _("月结门店确认日"),
    "month.close_day": _("月结关账日"),
}


def label_of(key: str) -> str:
    """The name on the screen; a key without one shows itself."""
    return str(LABELS.get(key, key))
