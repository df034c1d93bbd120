from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dealership.accounts"
    verbose_name = "账号"
