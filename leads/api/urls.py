"""API addresses of this app, below /api/v1/."""

from django.urls import path

from leads.api import customer, prospect, visit

urlpatterns = [
    path("customers/", customer.CustomerList.as_view(), name="api-customers-list"),
    path("customers/lookup/", customer.CustomerLookup.as_view(), name="api-customers-lookup"),
    path("customers/<int:pk>/", customer.CustomerDetail.as_view(), name="api-customers-detail"),
    path("customers/<int:pk>/reveal/", customer.CustomerReveal.as_view(), name="api-customers-reveal"),
    path("customers/<int:pk>/timeline/", customer.CustomerTimeline.as_view(), name="api-customers-timeline"),
    path("visits/", visit.VisitList.as_view(), name="api-visits-list"),
    path("visits/<int:pk>/", visit.VisitDetail.as_view(), name="api-visits-detail"),
    path("visits/<int:pk>/complete/", visit.VisitComplete.as_view(), name="api-visits-complete"),
    path("visits/<int:pk>/leave/", visit.VisitLeave.as_view(), name="api-visits-leave"),
    path("visits/<int:pk>/assign/", visit.VisitAssign.as_view(), name="api-visits-assign"),
    path("prospects/", prospect.ProspectList.as_view(), name="api-prospects-list"),
    path("prospects/<int:pk>/", prospect.ProspectDetail.as_view(), name="api-prospects-detail"),
    path("prospects/<int:pk>/follow-ups/", prospect.FollowUpList.as_view(), name="api-prospects-follow-ups"),
    path("prospects/<int:pk>/transfer/", prospect.ProspectTransfer.as_view(), name="api-prospects-transfer"),
]
