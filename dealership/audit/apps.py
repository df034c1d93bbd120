from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "dealership.audit"
    verbose_name = "审计"
