from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrgConfig(AppConfig):
    name = "dealership.org"
    verbose_name = _("组织")

    def ready(self) -> None:
        from dealership.audit import words
        from dealership.core.scoping import register_reach_provider
        from dealership.core.services import register_conflict
        from dealership.org.choices import Role
        from dealership.org.policy_labels import LABELS, PARTS
        from dealership.org.reach import reach_of

        words.learn(values={**{role.value: role.label for role in Role}, **LABELS}, parts=PARTS)
        register_reach_provider(reach_of)
        register_conflict(
            "org_membership_no_overlap", "role_twice", _("该同事在该门店已有相同岗位，任职期间不能重叠。")
        )
        register_conflict("org_store_code_key", "store_code_taken", _("该门店代码已被使用。"))
        register_conflict("org_store_name_key", "store_name_taken", _("已有同名门店。"))
        register_conflict("org_team_name", "team_name_taken", _("该门店已有同名小组。"))
        register_conflict("org_leadsource_code", "source_code_taken", _("该来源代码已存在。"))
        register_conflict(
            "org_policysetting_dated", "policy_day_taken", _("该范围在这一天已有取值，请换一个生效日期。")
        )
