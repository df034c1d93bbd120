from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "dealership.notices"
    verbose_name = "通知"
