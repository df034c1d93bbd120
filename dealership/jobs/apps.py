from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "dealership.jobs"
    verbose_name = "后台任务"
