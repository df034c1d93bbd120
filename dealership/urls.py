"""All addresses of the product; each app owns its own list."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="today"), name="home"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
