"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from dealership.jobs import health_views

app_name = "jobs"
urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health_views.health_page, name="health"),
    path("<int:pk>/retry/", health_views.retry, name="retry"),
]
