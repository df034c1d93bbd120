"""Pages of this app."""

from django.urls import path

from leads.views import bulk, calendar, customer, follow_up, owner, prospect, stand_in, visit

app_name = "leads"
urlpatterns = [
    path("visits/", visit.VisitList.as_view(), name="visit_list"),
    path("visits/new/", visit.VisitNew.as_view(), name="visit_new"),
    path("visits/lookup/", visit.VisitLookup.as_view(), name="visit_lookup"),
    path("visits/notify-owner/", visit.OwnerNotify.as_view(), name="owner_notify"),
    path("visits/<int:pk>/complete/", visit.VisitComplete.as_view(), name="visit_complete"),
    path("visits/<int:pk>/leave/", visit.VisitLeave.as_view(), name="visit_leave"),
    path("visits/<int:pk>/assign/", visit.VisitAssign.as_view(), name="visit_assign"),
    path("prospects/", prospect.ProspectList.as_view(), name="prospect_list"),
    path("calendar/", calendar.FollowUpCalendar.as_view(), name="calendar"),
    path("prospects/bulk/", bulk.ProspectBulk.as_view(), name="prospect_bulk"),
    path("prospects/board/", prospect.ProspectBoard.as_view(), name="prospect_board"),
    path("prospects/<int:pk>/", prospect.ProspectDetail.as_view(), name="prospect_detail"),
    path("prospects/<int:pk>/edit/", prospect.ProspectEdit.as_view(), name="prospect_edit"),
    path("prospects/<int:pk>/reassign/", prospect.ProspectReassign.as_view(), name="prospect_reassign"),
    path("prospects/<int:pk>/follow-up/", follow_up.FollowUpNew.as_view(), name="follow_up_new"),
    path("prospects/<int:pk>/no-answer/", follow_up.NoAnswer.as_view(), name="follow_up_no_answer"),
    path("stand-in/", stand_in.StandIn.as_view(), name="stand_in"),
    path("profiles/<int:pk>/", customer.CustomerDetail.as_view(), name="customer_detail"),
    path("profiles/<int:pk>/edit/", customer.CustomerEdit.as_view(), name="customer_edit"),
    path("profiles/<int:pk>/reveal/", customer.CustomerReveal.as_view(), name="customer_reveal"),
    path("profiles/<int:pk>/phones/new/", customer.PhoneAdd.as_view(), name="phone_add"),
    path("owners/", owner.OwnerList.as_view(), name="owner_list"),
    path("owners/<int:pk>/", owner.OwnerDetail.as_view(), name="owner_detail"),
]
