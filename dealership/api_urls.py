"""The public API, version 1; each app owns its own list."""

from django.urls import include, path

from dealership.core.api_docs import docs, schema

urlpatterns = [
    path("schema/", schema, name="api-schema"),
    path("docs/", docs, name="api-docs"),
    path("", include("dealership.accounts.api_urls")),
    path("", include("dealership.org.api_urls")),
    path("", include("dealership.jobs.api_urls")),
    path("", include("dealership.approvals.api_urls")),
    path("", include("leads.api.urls")),
    path("", include("sales.api.urls")),
    path("", include("reviews.api.urls")),
    path("", include("reports.api.urls")),
]
