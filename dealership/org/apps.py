from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "dealership.org"
    verbose_name = "组织"

    def ready(self) -> None:
        from dealership.core.scoping import register_reach_provider
        from dealership.org.reach import reach_of

        register_reach_provider(reach_of)
