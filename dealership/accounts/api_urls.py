"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from dealership.accounts import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/token/", api.TokenView.as_view(), name="api-auth-token"),
]
