from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "dealership.accounts"
    verbose_name = _("账号")

    def ready(self) -> None:
        from dealership.accounts import schema  # noqa: F401  registers the scheme
