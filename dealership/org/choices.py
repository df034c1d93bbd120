"""Roles and the dictionaries' categories."""

from django.db import models


class Role(models.TextChoices):
    SALES_CONSULTANT = "sales_consultant", "销售顾问"
    TEAM_LEADER = "team_leader", "销售主管"
    SHOWROOM_MANAGER = "showroom_manager", "展厅经理"
    SALES_MANAGER = "sales_manager", "销售经理"
    GENERAL_MANAGER = "general_manager", "总经理"
    RECEPTIONIST = "receptionist", "前台"
    DCC_AGENT = "dcc_agent", "网销/DCC"
    SALES_ADMIN = "sales_admin", "销售内勤"
    DELIVERY_SPECIALIST = "delivery_specialist", "交付专员"
    CARE_AGENT = "care_agent", "客服"
    MARKETING = "marketing", "市场"
    CASHIER = "cashier", "出纳"
    FINANCE = "finance", "财务"
    GROUP_OFFICE = "group_office", "集团"
    SYS_ADMIN = "sys_admin", "系统管理员"


class DayKind(models.TextChoices):
    WORKDAY = "workday", "工作日"
    MAKEUP = "makeup", "调休上班"
    HOLIDAY = "holiday", "节假日"
    CLOSED = "closed", "门店休息"


class DutyKind(models.TextChoices):
    """What a person does on a day of the rota (排班)."""

    DUTY = "duty", "值班"
    LATE = "late", "晚班"
    REST = "rest", "休息"
    LEAVE = "leave", "请假"


class LeaveState(models.TextChoices):
    ASKED = "asked", "待批准"
    APPROVED = "approved", "已批准"
    REFUSED = "refused", "未批准"
    WITHDRAWN = "withdrawn", "已撤回"
