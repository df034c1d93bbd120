"""All addresses of the product; each app owns its own list."""

from django.urls import include, path
from django.views.generic import RedirectView

from dealership.jobs.health_views import healthz
from dealership.org.views.search import find
from reports.views.today import today

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="today", http_method_names=["get", "head"]), name="home"),
    path("today/", today, name="today"),
    path("search/", find, name="search"),
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("dealership.accounts.sign_in_urls")),
    path("me/", include("dealership.accounts.urls")),
    path("settings/", include("dealership.org.urls")),
    path("rota/", include("dealership.org.rota_urls")),
    path("notices/", include("dealership.notices.urls")),
    path("jobs/", include("dealership.jobs.urls")),
    path("approvals/", include("dealership.approvals.urls")),
    path("customers/", include("leads.urls")),
    path("sales/", include("sales.urls")),
    path("reviews/", include("reviews.urls")),
    path("reports/", include("reports.urls")),
    path("api/v1/", include("dealership.api_urls")),
]

handler404 = "dealership.core.views.page_not_found"
handler500 = "dealership.core.views.server_error"
