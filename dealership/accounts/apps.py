from django.apps import AppConfig
from django.db.models.signals import post_migrate  # noqa: TID251  one receiver of the framework is taken away
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "dealership.accounts"
    verbose_name = _("账号")

    def ready(self) -> None:
        from dealership.accounts import schema  # noqa: F401  registers the scheme

        # Who may do what stands in the role table; nobody asks for a permission per model, so none is made.
        post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
