"""API addresses of this app, below /api/v1/."""

from django.urls import path

from leads.api import customer, drive, lead, prospect, visit

urlpatterns = [
    path("customers/", customer.CustomerList.as_view(), name="api-customers-list"),
    path("customers/lookup/", customer.CustomerLookup.as_view(), name="api-customers-lookup"),
    path("customers/<int:pk>/", customer.CustomerDetail.as_view(), name="api-customers-detail"),
    path("customers/<int:pk>/reveal/", customer.CustomerReveal.as_view(), name="api-customers-reveal"),
    path("customers/<int:pk>/timeline/", customer.CustomerTimeline.as_view(), name="api-customers-timeline"),
    path("leads/", lead.LeadList.as_view(), name="api-leads-list"),
    path("leads/<int:pk>/", lead.LeadDetail.as_view(), name="api-leads-detail"),
    path("leads/<int:pk>/attempts/", lead.LeadAttempts.as_view(), name="api-leads-attempts"),
    path("leads/<int:pk>/assign/", lead.LeadAssign.as_view(), name="api-leads-assign"),
    path("leads/<int:pk>/convert/", lead.LeadConvert.as_view(), name="api-leads-convert"),
    path("leads/<int:pk>/mark-invalid/", lead.LeadMarkInvalid.as_view(), name="api-leads-mark-invalid"),
    path("leads/<int:pk>/pick/", lead.LeadPick.as_view(), name="api-leads-pick"),
    path("leads/<int:pk>/transfer/", lead.LeadTransfer.as_view(), name="api-leads-transfer"),
    path("leads/<int:pk>/reveal/", lead.LeadReveal.as_view(), name="api-leads-reveal"),
    path("visits/", visit.VisitList.as_view(), name="api-visits-list"),
    path("visits/<int:pk>/", visit.VisitDetail.as_view(), name="api-visits-detail"),
    path("visits/<int:pk>/complete/", visit.VisitComplete.as_view(), name="api-visits-complete"),
    path("visits/<int:pk>/leave/", visit.VisitLeave.as_view(), name="api-visits-leave"),
    path("visits/<int:pk>/assign/", visit.VisitAssign.as_view(), name="api-visits-assign"),
    path("prospects/", prospect.ProspectList.as_view(), name="api-prospects-list"),
    path("prospects/<int:pk>/", prospect.ProspectDetail.as_view(), name="api-prospects-detail"),
    path("prospects/<int:pk>/follow-ups/", prospect.FollowUpList.as_view(), name="api-prospects-follow-ups"),
    path("prospects/<int:pk>/transfer/", prospect.ProspectTransfer.as_view(), name="api-prospects-transfer"),
    path("demo-cars/", drive.DemoCarList.as_view(), name="api-demo-cars-list"),
    path("test-drives/", drive.DriveList.as_view(), name="api-test-drives-list"),
    path("test-drives/<int:pk>/", drive.DriveDetail.as_view(), name="api-test-drives-detail"),
    path("test-drives/<int:pk>/licence/", drive.DriveLicence.as_view(), name="api-test-drives-licence"),
    path("test-drives/<int:pk>/agreement/", drive.DriveAgreement.as_view(), name="api-test-drives-agreement"),
    path("test-drives/<int:pk>/start/", drive.DriveStart.as_view(), name="api-test-drives-start"),
    path("test-drives/<int:pk>/finish/", drive.DriveFinish.as_view(), name="api-test-drives-finish"),
    path("test-drives/<int:pk>/move/", drive.DriveMove.as_view(), name="api-test-drives-move"),
    path("test-drives/<int:pk>/cancel/", drive.DriveCancel.as_view(), name="api-test-drives-cancel"),
    path("test-drives/<int:pk>/no-show/", drive.DriveNoShow.as_view(), name="api-test-drives-no-show"),
]
