from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dealership.accounts"
    verbose_name = "账号"

    def ready(self) -> None:
        from dealership.accounts import schema  # noqa: F401  registers the scheme
