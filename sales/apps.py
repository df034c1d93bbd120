from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "sales"
    verbose_name = "销售"

    def ready(self) -> None:
        """Say what conflicts mean, and what decisions on our requests do."""
        from sales.wiring import register_all

        register_all()
