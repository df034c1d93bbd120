"""Roles and the dictionaries' categories."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    SALES_CONSULTANT = "sales_consultant", _("销售顾问")
    TEAM_LEADER = "team_leader", _("销售主管")
    SHOWROOM_MANAGER = "showroom_manager", _("展厅经理")
    SALES_MANAGER = "sales_manager", _("销售经理")
    GENERAL_MANAGER = "general_manager", _("总经理")
    RECEPTIONIST = "receptionist", _("前台")
    DCC_AGENT = "dcc_agent", _("网销/DCC")
    SALES_ADMIN = "sales_admin", _("销售内勤")
    DELIVERY_SPECIALIST = "delivery_specialist", _("交付专员")
    CARE_AGENT = "care_agent", _("客服")
    MARKETING = "marketing", _("市场")
    CASHIER = "cashier", _("出纳")
    FINANCE = "finance", _("财务")
    GROUP_OFFICE = "group_office", _("集团")
    SYS_ADMIN = "sys_admin", _("系统管理员")


class DayKind(models.TextChoices):
    WORKDAY = "workday", _("工作日")
    MAKEUP = "makeup", _("调休上班")
    HOLIDAY = "holiday", _("节假日")
    CLOSED = "closed", _("门店休息")


class DutyKind(models.TextChoices):
    """What a person does on a day of the rota (排班)."""

    DUTY = "duty", _("值班")
    LATE = "late", _("晚班")
    REST = "rest", _("休息")
    LEAVE = "leave", _("请假")


class LeaveState(models.TextChoices):
    ASKED = "asked", _("待批准")
    APPROVED = "approved", _("已批准")
    REFUSED = "refused", _("未批准")
    WITHDRAWN = "withdrawn", _("已撤回")
