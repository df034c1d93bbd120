from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "dealership.approvals"
    verbose_name = _("审批")

    def ready(self) -> None:
        from dealership.core.services import register_conflict

        text = _("已有一份同样的申请在等审批，不能重复提交；请等审批结果出来后再申请。")
        register_conflict("approvals_approval_one_pending", "already_asked", text)
