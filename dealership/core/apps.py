from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "dealership.core"

    def ready(self) -> None:
        from dealership.core import checks  # noqa: F401  registers the start-up checks
