"""The audit trail in words: `prospect.change` is read as 意向客户 · 修改. Codes without words show themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core import periods

NOUNS = {
    "prospect": gettext_lazy("意向客户"),
    "customer": gettext_lazy("客户资料"),
    "follow_up": gettext_lazy("跟进"),
    "visit": gettext_lazy("来店登记"),
    "lead": gettext_lazy("线索"),
    "loss": gettext_lazy("战败休眠"),
    "spot_check": gettext_lazy("表卡抽查"),
    "strategy": gettext_lazy("策略卡"),
    "month_review": gettext_lazy("月评卡"),
    "register_day": gettext_lazy("登记表签字"),
    "drive": gettext_lazy("试驾"),
    "demo_car": gettext_lazy("试驾车"),
    "evaluation": gettext_lazy("意向评估"),
    "nurture": gettext_lazy("培育池"),
    "campaign": gettext_lazy("活动"),
    "import": gettext_lazy("导入"),
    "handover": gettext_lazy("客户交接"),
    "deal": gettext_lazy("订单"),
    "payment": gettext_lazy("收款"),
    "refund": gettext_lazy("退款"),
    "day_close": gettext_lazy("日结"),
    "vehicle": gettext_lazy("车辆"),
    "price": gettext_lazy("价格"),
    "catalogue": gettext_lazy("车型目录"),
    "series": gettext_lazy("车系"),
    "configuration": gettext_lazy("配置"),
    "colour": gettext_lazy("颜色"),
    "target": gettext_lazy("目标"),
    "review": gettext_lazy("日报"),
    "month": gettext_lazy("月结"),
    "workbook": gettext_lazy("销售月报"),
    "job": gettext_lazy("后台任务"),
    "approval": gettext_lazy("审批"),
    "delegation": gettext_lazy("审批代理"),
    "duty": gettext_lazy("排班"),
    "leave": gettext_lazy("请假"),
    "user": gettext_lazy("账号"),
    "membership": gettext_lazy("岗位"),
    "token": gettext_lazy("API 令牌"),
    "session": gettext_lazy("登录"),
    "store": gettext_lazy("门店"),
    "team": gettext_lazy("小组"),
    "source": gettext_lazy("客户来源"),
    "policy": gettext_lazy("业务策略"),
    "calendar": gettext_lazy("工作日历"),
    "saved_view": gettext_lazy("常用筛选"),
}
VERBS = {
    "create": gettext_lazy("新建"), "change": gettext_lazy("修改"), "save": gettext_lazy("保存"),
    "set": gettext_lazy("设定"), "add": gettext_lazy("新增"), "remove": gettext_lazy("移除"),
    "withdraw": gettext_lazy("撤回"), "end": gettext_lazy("结束"), "log": gettext_lazy("登记"),
    "register": gettext_lazy("登记"), "record": gettext_lazy("登记结果"), "reassign": gettext_lazy("转给他人"),
    "wake": gettext_lazy("唤醒"), "share": gettext_lazy("业绩分成"), "out_of_control": gettext_lazy("判为失控"),
    "ordered": gettext_lazy("下订"), "order_cancelled": gettext_lazy("退订"), "delivered": gettext_lazy("交车"),
    "claim": gettext_lazy("申请撞单裁定"), "claim_rejected": gettext_lazy("撞单申请未通过"),
    "transfer": gettext_lazy("申请转移"), "transfer_ask": gettext_lazy("申请转移"),
    "reschedule": gettext_lazy("改期"), "second_assign": gettext_lazy("安排二次追踪"),
    "merge": gettext_lazy("合并"), "leave": gettext_lazy("离店"), "complete": gettext_lazy("完善"),
    "assign": gettext_lazy("分配"), "attempt": gettext_lazy("联系"), "take_in": gettext_lazy("收到"),
    "recycle": gettext_lazy("回收"), "pick": gettext_lazy("领取"), "invalid": gettext_lazy("判为非意向"),
    "convert": gettext_lazy("建卡"), "assignee": gettext_lazy("分配设置"),
    "loss_apply": gettext_lazy("申请战败"), "dormancy_apply": gettext_lazy("申请休眠"),
    "loss_agree": gettext_lazy("同意战败"), "dormancy_agree": gettext_lazy("同意休眠"),
    "loss_rejected": gettext_lazy("驳回战败"), "dormancy_rejected": gettext_lazy("驳回休眠"),
    "loss_reassigned": gettext_lazy("驳回战败并转人"), "dormancy_reassigned": gettext_lazy("驳回休眠并转人"),
    "call_back": gettext_lazy("回访"), "call_back_ask": gettext_lazy("要求先回访"),
    "owner_after_loss": gettext_lazy("改归属"),
    "owner_notify": gettext_lazy("通知归属顾问"), "phone_add": gettext_lazy("新增号码"),
    "phone_mark": gettext_lazy("标记号码"), "sign": gettext_lazy("签字"), "confirm": gettext_lazy("确认"),
    "book": gettext_lazy("预约"), "move": gettext_lazy("改约"), "licence": gettext_lazy("查验驾驶证"),
    "agreement": gettext_lazy("签协议"), "ride": gettext_lazy("改为试乘"), "out": gettext_lazy("出发"),
    "finished": gettext_lazy("还车"), "cancelled": gettext_lazy("取消"), "no_show": gettext_lazy("未赴约"),
    "overtime": gettext_lazy("超时提醒"), "invite": gettext_lazy("邀请"), "mark": gettext_lazy("答复与到场"),
    "upload": gettext_lazy("上传"), "undo": gettext_lazy("撤销"), "do": gettext_lazy("执行"),
    "submit": gettext_lazy("提交"), "void": gettext_lazy("作废"), "recall": gettext_lazy("撤回审批"),
    "allocate": gettext_lazy("配车"), "release_vehicle": gettext_lazy("退配"),
    "release_unpaid": gettext_lazy("逾期未付释放车辆"), "promise": gettext_lazy("调整承诺交期"),
    "pdi": gettext_lazy("PDI 检测"), "loan_approved": gettext_lazy("贷款批复"), "invoice": gettext_lazy("开票"),
    "invoice_red": gettext_lazy("红冲"), "handler": gettext_lazy("更换经办人"), "exception": gettext_lazy("特批"),
    "document": gettext_lazy("随车资料"), "deliver": gettext_lazy("交车"), "close": gettext_lazy("关闭"),
    "cancel_request": gettext_lazy("申请退订"), "request": gettext_lazy("申请"), "pay": gettext_lazy("付款"),
    "clear": gettext_lazy("确认到账"), "reverse": gettext_lazy("冲销"), "reject": gettext_lazy("退回"),
    "reconcile": gettext_lazy("对账"), "return": gettext_lazy("退回"), "arrive": gettext_lazy("入库"),
    "lock": gettext_lazy("锁定"), "lock_expired": gettext_lazy("锁定到期"), "release": gettext_lazy("释放"),
    "damage": gettext_lazy("登记损伤"), "repair": gettext_lazy("修复"), "acknowledge": gettext_lazy("确认"),
    "write": gettext_lazy("填写"), "open": gettext_lazy("生成"), "comment": gettext_lazy("点评"),
    "midnight": gettext_lazy("日终处理"), "snapshot": gettext_lazy("冻结数据"), "recheck": gettext_lazy("重新检查"),
    "reopen_request": gettext_lazy("申请重开"), "reopen": gettext_lazy("重开"), "retry": gettext_lazy("重试"),
    "download": gettext_lazy("下载"), "escalate": gettext_lazy("升级"), "ask": gettext_lazy("申请"),
    "decide": gettext_lazy("审批"), "approved": gettext_lazy("同意"), "rejected": gettext_lazy("拒绝"),
    "withdrawn": gettext_lazy("撤回"), "hand_over": gettext_lazy("安排替岗"), "copy_week": gettext_lazy("照上周排"),
    "activate": gettext_lazy("启用"), "deactivate": gettext_lazy("停用"), "revoke": gettext_lazy("停用"),
    "reset_password": gettext_lazy("重设密码"), "reset_second_factor": gettext_lazy("重设两步验证"),
    "sign_out_everywhere": gettext_lazy("退出全部设备"),
}  # fmt: skip
# Names of what was changed, where a reader needs them in words.
FACTS = {
    "reason": gettext_lazy("原因"), "grade": gettext_lazy("级别"), "outcome": gettext_lazy("结果"),
    "result": gettext_lazy("结果"), "kind": gettext_lazy("类型"), "state": gettext_lazy("状态"),
    "status": gettext_lazy("状态"), "days": gettext_lazy("天数"), "minutes": gettext_lazy("分钟"),
    "since": gettext_lazy("自"), "day": gettext_lazy("日期"), "month": gettext_lazy("月份"),
    "answer": gettext_lazy("答复"), "attended": gettext_lazy("到场"), "count": gettext_lazy("数量"),
    "invited": gettext_lazy("邀请"), "made": gettext_lazy("新增"), "good": gettext_lazy("可导入"),
    "bad": gettext_lazy("有错误"), "duplicate": gettext_lazy("重复"), "name": gettext_lazy("名称"),
    "amount": gettext_lazy("金额"), "fields": gettext_lazy("改动项"), "parties": gettext_lazy("组数"),
    "number": gettext_lazy("编号"), "bytes": gettext_lazy("字节"), "share": gettext_lazy("比例"),
    "file": gettext_lazy("文件"), "username": gettext_lazy("用户名"), "role": gettext_lazy("岗位"),
    "level": gettext_lazy("层级"),
    "revision": gettext_lazy("第几次"), "reconciled": gettext_lazy("已对账"), "user": gettext_lazy("人员编号"),
    "from": gettext_lazy("原"), "to": gettext_lazy("转给"), "method": gettext_lazy("方式"),
    "score": gettext_lazy("得分"),
    "verdict": gettext_lazy("结论"), "points": gettext_lazy("分值"),
    "prospect": gettext_lazy("卡片编号"), "frozen": gettext_lazy("冻结"), "locked": gettext_lazy("锁定"),
    "missed": gettext_lazy("缺交"), "until": gettext_lazy("至"), "car": gettext_lazy("试驾车编号"),
    "created": gettext_lazy("新增"), "told": gettext_lazy("已通知"), "kept": gettext_lazy("保留"),
    "undone": gettext_lazy("已撤销"), "first_day": gettext_lazy("从"), "last_day": gettext_lazy("至"),
    "version": gettext_lazy("版本"), "replacement": gettext_lazy("替岗人编号"), "digest": gettext_lazy("校验码"),
    "explained": gettext_lazy("已说明"), "arrived_on": gettext_lazy("入库日期"), "authority": gettext_lazy("权限"),
    "back": gettext_lazy("还车时间"), "cards": gettext_lazy("客户卡"), "channel": gettext_lazy("方式"),
    "class": gettext_lazy("准驾车型"), "code": gettext_lazy("代码"), "concession": gettext_lazy("让价"),
    "deal_price": gettext_lazy("成交价"), "delegate": gettext_lazy("代理人编号"), "exception": gettext_lazy("特批"),
    "first": gettext_lazy("首日"), "handler": gettext_lazy("经办人编号"), "into": gettext_lazy("并入"),
    "is_active": gettext_lazy("启用"), "is_invalid": gettext_lazy("号码无效"), "is_shared": gettext_lazy("共享"),
    "key": gettext_lazy("项目"), "value": gettext_lazy("取值"), "effective_from": gettext_lazy("生效日期"),
    "leads": gettext_lazy("线索"), "line": gettext_lazy("明细"), "loan": gettext_lazy("贷款"),
    "msrp": gettext_lazy("指导价"), "note": gettext_lazy("备注"), "page": gettext_lazy("页面"),
    "phone": gettext_lazy("号码"), "plate": gettext_lazy("车牌"), "promised_on": gettext_lazy("承诺交期"),
    "purpose": gettext_lazy("来意"), "receipt_no": gettext_lazy("收据号"), "received_by": gettext_lazy("收款人"),
    "type": gettext_lazy("类型"), "vin": gettext_lazy("车架号"), "week": gettext_lazy("周"),
    "with": gettext_lazy("分成人编号"), "open": gettext_lazy("未完成"), "of": gettext_lazy("原单"),
    "wechat": gettext_lazy("微信"), "address": gettext_lazy("地址"),
}  # fmt: skip
# Codes of choices that are noted as values.
VALUES: dict[str, Any] = {
    "leads": gettext_lazy("线索"), "customers": gettext_lazy("意向客户"), "coming": gettext_lazy("会来"),
    "declined": gettext_lazy("不来"), "waiting": gettext_lazy("待答复"), "loss": gettext_lazy("战败"),
    "dormancy": gettext_lazy("休眠"), "pending": gettext_lazy("待审批"), "approved": gettext_lazy("已同意"),
    "rejected": gettext_lazy("已驳回"), "confirmed": gettext_lazy("已确认"), "submitted": gettext_lazy("已提交"),
    "price": gettext_lazy("价格"), "competitor": gettext_lazy("买竞品"), "product": gettext_lazy("产品不符"),
    "supply": gettext_lazy("车源/交期"), "same_brand": gettext_lazy("同品牌他店"), "funds": gettext_lazy("贷款/资金"),
    "quota": gettext_lazy("指标/摇号"), "not_buying": gettext_lazy("暂不买"), "attitude": gettext_lazy("服务态度"),
    "unreachable": gettext_lazy("联系不上"), "reached": gettext_lazy("已联系"), "no_answer": gettext_lazy("未接通"),
    "appointment": gettext_lazy("约定到店"), "thinking": gettext_lazy("考虑中"), "refused": gettext_lazy("拒绝"),
    "not_now": gettext_lazy("暂不买"), "bought_elsewhere": gettext_lazy("已购他牌"), "true": gettext_lazy("属实"),
    "partly": gettext_lazy("部分属实"), "false": gettext_lazy("不实"), "unreached": gettext_lazy("未联系上"),
    "duty": gettext_lazy("值班"), "late": gettext_lazy("晚班"), "rest": gettext_lazy("休息"),
    "leave": gettext_lazy("请假"), "paper": gettext_lazy("纸质"), "below": gettext_lazy("未达标"),
    "meets": gettext_lazy("达标"), "open": gettext_lazy("待补充"), "drawn": gettext_lazy("屏幕签名"),
}  # fmt: skip
# What is asked for and decided, between a noun and its verb: `prospect.loss.ask`.
MATTERS = {
    "loss": gettext_lazy("战败"), "dormancy": gettext_lazy("休眠"), "claim": gettext_lazy("撞单"),
    "transfer": gettext_lazy("客户转移"),
}  # fmt: skip
NOUNS_OF_KINDS = {
    "deal_price": gettext_lazy("特价"),
    "deal_cancel": gettext_lazy("退订"),
    "deal_red": gettext_lazy("红冲"),
}
# Names inside a value that is a table; told by the apps above.
PARTS: dict[str, Any] = {}
OBJECTS = {
    "testdrive": "drive", "democar": "demo_car", "importbatch": "import", "campaigninvite": "campaign",
    "followup": "follow_up", "lossapplication": "loss", "losscallback": "loss", "registerday": "register_day",
    "strategycard": "strategy", "monthreviewcard": "month_review", "spotcheck": "spot_check", "dayclose": "day_close",
    "monthclose": "month", "dutyday": "duty", "leaverequest": "leave", "leadsource": "source", "priceentry": "price",
    "savedview": "saved_view", "apitoken": "token", "policysetting": "policy", "calendarday": "calendar",
    "followuptask": "follow_up", "prospectevaluation": "evaluation", "leadassignee": "lead", "reviewcomment": "review",
}  # fmt: skip


def action_words(action: str) -> str:
    """`drive.overtime` → 试驾 · 超时提醒; what is not known stays a code."""
    noun, _dot, verb = action.partition(".")
    matter, dot, last = verb.partition(".")
    names: dict[str, Any] = {**NOUNS, **NOUNS_OF_KINDS}
    if noun in names and verb in VERBS:
        return f"{names[noun]} · {VERBS[verb]}"
    if dot and noun in names and matter in MATTERS and last in VERBS:
        return f"{names[noun]} · {MATTERS[matter]}{VERBS[last]}"
    return action


def learn(*, values: dict[str, Any], parts: dict[str, Any]) -> None:
    """Words for codes that only an app above knows; called when it is ready."""
    for code, text in values.items():
        VALUES.setdefault(code, text)
    PARTS.update(parts)


def field_words(name: str) -> str:
    """The name of a column somebody looked at in plain text."""
    return str(FACTS.get(name, name))


def object_words(label: str) -> str:
    """`leads.testdrive` → 试驾."""
    model = label.rpartition(".")[2]
    return str(NOUNS.get(OBJECTS.get(model, model), label))


def change_words(changes: dict[str, Any]) -> list[tuple[str, str]]:
    """What was noted of a change, name and value; what is empty says nothing."""
    return [
        (str(FACTS.get(name, name)), _value(value)) for name, value in changes.items() if value not in (None, "", [])
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return "、".join(f"{PARTS.get(name, name)} {_value(part)}" for name, part in value.items())
    if isinstance(value, list):
        return " → ".join("—" if item in (None, "") else _value(item) for item in value)
    text = str(VALUES.get(value, value)) if isinstance(value, str) else str(value)
    if len(text) > 19 and text[4:5] == "-" and "T" not in text[:10] and ":" in text:
        try:
            return f"{periods.local_time(dt.datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"
        except ValueError:
            return text
    return text
