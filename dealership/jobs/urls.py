"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from dealership.jobs import health_views, views

app_name = "jobs"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.job_list, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/cancel/", views.cancel, name="cancel"),
    path("<int:pk>/download/", views.download, name="download"),
    path("health/", health_views.health_page, name="health"),
    path("<int:pk>/retry/", health_views.retry, name="retry"),
]
