"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from dealership.org import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", api.MeView.as_view(), name="api-me"),
    path("stores/", api.StoreList.as_view(), name="api-store-list"),
    path("teams/", api.TeamList.as_view(), name="api-team-list"),
    path("users/", api.UserList.as_view(), name="api-user-list"),
]
