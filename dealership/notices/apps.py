from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "dealership.notices"
    verbose_name = _("通知")

    def ready(self) -> None:
        from dealership.notices.services import notify
        from dealership.org.telling import register_teller

        register_teller(notify)
