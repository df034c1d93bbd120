"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from dealership.jobs import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("jobs/", api.JobList.as_view(), name="api-job-list"),
    path("jobs/<int:pk>/", api.JobOne.as_view(), name="api-job-one"),
    path("jobs/<int:pk>/cancel/", api.JobCancel.as_view(), name="api-job-cancel"),
    path("jobs/<int:pk>/result/", api.JobResult.as_view(), name="api-job-result"),
]
