from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "dealership.org"
    verbose_name = "组织"

    def ready(self) -> None:
        from dealership.core.scoping import register_reach_provider
        from dealership.core.services import register_conflict
        from dealership.org.reach import reach_of

        register_reach_provider(reach_of)
        register_conflict("org_membership_no_overlap", "role_twice", "该同事在该门店已有相同岗位，任职期间不能重叠。")
        register_conflict("org_team_name", "team_name_taken", "该门店已有同名小组。")
        register_conflict("org_leadsource_code", "source_code_taken", "该来源代码已存在。")
        register_conflict("org_policysetting_dated", "policy_day_taken", "该范围在这一天已有取值，请换一个生效日期。")
