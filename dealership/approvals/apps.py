from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "dealership.approvals"
    verbose_name = "审批"
