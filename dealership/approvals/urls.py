"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from dealership.approvals import views

app_name = "approvals"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.queue, name="list"),
    path("delegation/", views.delegation, name="delegation"),
    path("delegation/<int:pk>/end/", views.delegation_over, name="delegation_end"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/subject/", views.subject, name="subject"),
    path("<int:pk>/decide/", views.answer, name="decide"),
]
