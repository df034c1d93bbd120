"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from dealership.org import api, rota_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", api.MeView.as_view(), name="api-me"),
    path("stores/", api.StoreList.as_view(), name="api-store-list"),
    path("teams/", api.TeamList.as_view(), name="api-team-list"),
    path("users/", api.UserList.as_view(), name="api-user-list"),
    path("duties/", rota_api.DutyList.as_view(), name="api-duties-list"),
    path("leave-requests/", rota_api.LeaveList.as_view(), name="api-leave-list"),
    path("leave-requests/<int:pk>/decide/", rota_api.LeaveDecide.as_view(), name="api-leave-decide"),
    path("leave-requests/<int:pk>/withdraw/", rota_api.LeaveWithdraw.as_view(), name="api-leave-withdraw"),
]
