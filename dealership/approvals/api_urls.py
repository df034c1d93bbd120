"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from dealership.approvals import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("approvals/", api.ApprovalList.as_view(), name="api-approval-list"),
    path("approvals/<int:pk>/", api.ApprovalOne.as_view(), name="api-approval-one"),
    path("approvals/<int:pk>/decide/", api.ApprovalDecide.as_view(), name="api-approval-decide"),
]
