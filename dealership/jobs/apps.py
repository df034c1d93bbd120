from django.apps import AppConfig
from django.core.signals import request_finished
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "dealership.jobs"
    verbose_name = _("后台任务")

    def ready(self) -> None:
        """Kinds and plans are known in every process, not only in the worker: pages ask for work too."""
        autodiscover_modules("tasks")
        from dealership.jobs.health import refresh
        from dealership.jobs.services import jobs_end
        from dealership.org.leaving import register_ending

        register_ending(jobs_end)
        # Django's own signal: the banner of the shell costs no answer a statement.
        request_finished.connect(refresh, dispatch_uid="jobs.health.refresh")
